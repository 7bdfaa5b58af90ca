"""What fault runs have found, as named cases with their seeds: each is run again by the short form.

A case says what happened, in a sentence, and provokes it; the chapter `regressions` runs them all in one house.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from tests.proof.house import House


@dataclass(frozen=True, slots=True)
class Case:
    """One bug that was found and mended.

    name: for the report. found_by: chapter and seed of the run that found it. what: what went wrong.
    provoke: the faults, while a load goes on. still_s: how long nothing may move afterwards.
    """

    name: str
    found_by: str
    what: str
    provoke: Callable[[House], Awaitable[None]]
    still_s: float = 60.0


async def _kill_the_renderer(house: House) -> None:
    """Several times, so that one of the kills falls into a batch of papers."""
    for _ in range(3):
        await asyncio.sleep(1.0)
        fault = house.note("kill", "documents")
        await house.stack.kill("documents")
        fault.end()
        await house.stack.restart("documents")


CASES = (
    Case(
        "papers-of-a-killed-renderer",
        "kills, short, seed 20261123",
        "Jobs that a killed worker had taken waited as long as an attempt may take (three minutes); now their "
        "lease is short and renewed while the worker lives.",
        _kill_the_renderer,
        still_s=30.0,
    ),
)
