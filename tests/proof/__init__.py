"""The proof: break the running system in every way we know, then let a checker say what became of each request.

    python -m tests.proof --chapter kills --short

`docs/proof.md` tells what was found. A run is the same again with its seed.
"""
