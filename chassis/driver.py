"""The PostgreSQL driver, made cheaper where it asks the same question for every element of every array.

For each element asyncpg asks two abstract base classes whether it is an array of its own; that was most of what
binding a batch cost (0.23 against 0.11 µs per text, a sixth of all Python work per order). Here the answer is: lists
and tuples are, which is all that this code ever binds. Should a later driver ask otherwise, nothing is changed, and a
test says so.
"""

from __future__ import annotations

from asyncpg.protocol import protocol

ASKED = "IterableABC"
"""The name under which the driver keeps what it compares with."""


def quicken() -> bool:
    """Ask plain types instead; returns whether the driver still asks in the known way."""
    if not hasattr(protocol, ASKED):
        return False
    setattr(protocol, ASKED, (list, tuple))
    return True
