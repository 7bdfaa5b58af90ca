"""The gateway: the front offices' single entry. Accepts their events, tells what became of them, passes on the rest."""
