"""Mutants of the system: a line of it is spoilt, and the proof must turn red."""
