"""Load as many front offices make it: open loop, at a fixed rate, every intent and every answer written down."""
