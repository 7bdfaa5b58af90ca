"""What a chapter is: one kind of fault, run against a house under load, and what the checker said."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

from tests.proof.run import LENGTHS, Length, Run
from tests.proof.verdict import Verdict

__all__ = ["LENGTHS", "Chapter", "Length"]


@dataclass(frozen=True, slots=True)
class Chapter:
    """One chapter of the proof.

    name: how it is called on the command line. fault: what is done to the system, in a few words.
    about: a sentence for the report. run: does it, and gives a verdict per part.
    seconds: how long it takes about, per length; a length that is missing is not part of that run.
    """

    name: str
    fault: str
    about: str
    run: Callable[[Run], Awaitable[Sequence[Verdict]]]
    seconds: Mapping[Length, float]
