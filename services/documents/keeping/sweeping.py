"""A sweep of the store: what no row speaks of is set aside, and what nobody asked for since leaves for good.

A row speaks of bytes only after they were kept, and keeping them makes them new: what was put there longer ago than the
sweep's age is in no upload and no rendering that is under way. Two safeguards stand behind that. What is set aside can
still be read, and it lies there for the same age once more; a row that speaks of it by then brings it back. So what a
sweep that was stopped in the midst of a step did is set right by the next one, and nothing is lost on the way.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from chassis.faults import hit
from chassis.telemetry import logger
from services.documents.keeping.contents import Contents, Found
from services.documents.store import sweeping as store

if TYPE_CHECKING:
    from chassis.jobs import TurnContext

CHUNK = 500
CHUNKS = 200
"""In one turn: a store of a million files is gone through in ten turns, and each begins where the last one ended."""
COMPANIES_AT_ONCE = 1_000
ACTOR = "system:sweep"
NAME = "sweep-files"


class Sweep:
    """One turn."""

    def __init__(self, contents: Contents, age_s: float, context: TurnContext, chunk: int = CHUNK) -> None:
        self._contents = contents
        self._age = timedelta(seconds=age_s)
        self._context = context
        self._chunk = chunk

    async def run(self) -> None:
        """Look at what was set aside, then go on with what is kept. Raises StoreAway.

        A database that speaks of nothing says nothing about a store either, which may not even be there yet.
        """
        if not await store.companies(self._context.operator):
            return
        async with self._context.unit([], nobody=True) as unit:
            until, after = unit.now - self._age, await store.place(unit.raw)
        await self._aside(until)
        for _ in range(CHUNKS):
            found = await asyncio.to_thread(self._contents.list_kept, after, self._chunk)
            await self._set_aside([each for each in found if each.at < until], until)
            after = found[-1].digest if len(found) == self._chunk else ""
            async with self._context.unit([], nobody=True) as unit:
                await store.set_place(unit.raw, after)
            if not after:
                break

    async def _aside(self, until: datetime) -> None:
        after = ""
        while found := await asyncio.to_thread(self._contents.list_aside, after, self._chunk):
            after = found[-1].digest
            known = await self._referenced(found)
            back = [each for each in found if each.digest in known]
            gone = [each for each in found if each.digest not in known and each.at < until]
            await self._write_down(back, "brought-back")
            await self._write_down(gone, "removed")
            for each in back:
                await asyncio.to_thread(self._contents.bring_back, each.digest)
            for each in gone:
                await asyncio.to_thread(self._contents.drop, each.digest)

    async def _set_aside(self, old: Sequence[Found], until: datetime) -> None:
        known = await self._referenced(old) if old else set()
        unknown = [each for each in old if each.digest not in known]
        await self._write_down(unknown, "set-aside")
        for each in unknown:
            await asyncio.to_thread(self._contents.set_aside, each.digest, until)

    async def _referenced(self, found: Sequence[Found]) -> set[str]:
        """Of whose bytes any row of any company speaks."""
        companies = await store.companies(self._context.operator)
        hashes = [bytes.fromhex(each.digest) for each in found]
        known: set[bytes] = set()
        for n in range(0, len(companies), COMPANIES_AT_ONCE):
            async with self._context.unit(companies[n : n + COMPANIES_AT_ONCE]) as unit:
                known |= await store.referenced(unit.raw, hashes)
        return {sha256.hex() for sha256 in known}

    async def _write_down(self, found: Sequence[Found], step: str) -> None:
        """First, so that nothing leaves of which nobody knows."""
        if not found:
            return
        steps = [(bytes.fromhex(each.digest), step, each.at) for each in found]
        async with self._context.unit([], nobody=True) as unit:
            await store.add_steps(unit.raw, steps, ACTOR)
        hit("turn.committed")
        self._context.metrics.jobs(NAME, step, len(found))
        logger.info("files that no row speaks of", action="sweep", step=step, files=len(found))
