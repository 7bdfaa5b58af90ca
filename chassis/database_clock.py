"""The database's time between two looks at it: what has expired is decided by one clock, at no cost per request."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from datetime import UTC, datetime

from chassis.database import Database
from chassis.telemetry import logger, safe_text

FRESH_S = 15.0
"""A sample is good this long: a steady clock (this process's monotonic one) carries it on meanwhile."""


class DatabaseClock:
    """Database time, sampled now and then. Before the first sample this process's own clock stands in."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._ahead_s = time.time() - time.monotonic()
        self._until = 0.0
        self._sampled = False
        self._looking: asyncio.Task[None] | None = None

    def seconds(self) -> float:
        """Database time in seconds since 1970."""
        return time.monotonic() + self._ahead_s

    def now(self) -> datetime:
        """Database time as a moment in UTC."""
        return datetime.fromtimestamp(self.seconds(), UTC)

    async def fresh(self) -> None:
        """Look at the database's clock when the last look is old; only the very first look is waited for."""
        if time.monotonic() < self._until:
            return
        if self._looking is None:
            self._looking = asyncio.create_task(self._look())
        if not self._sampled:
            with suppress(TimeoutError):
                async with asyncio.timeout(2):
                    await asyncio.shield(self._looking)

    async def _look(self) -> None:
        try:
            held = await self._database.take()
            broken = True
            try:
                began = time.monotonic()
                at = await held.fetchval("select extract(epoch from clock_timestamp())::float8")
                broken = False
            finally:
                await self._database.give_back(held, broken=broken)
            self._ahead_s = at - (began + time.monotonic()) / 2
            self._sampled = True
        except Exception as error:
            logger.warning("the database's time is not known", action="retry", error=safe_text(error))
        finally:
            self._until = time.monotonic() + (FRESH_S if self._sampled else 1.0)
            self._looking = None
