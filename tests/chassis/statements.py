"""Counts the statements that a database connection is asked to run."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from asyncpg.connection import LoggedQuery

from chassis.database import Database


@dataclass(slots=True)
class Counted:
    """What ran while counting."""

    queries: list[str] = field(default_factory=list)

    @property
    def statements(self) -> int:
        """Round trips, BEGIN and COMMIT included."""
        return len(self.queries)


@asynccontextmanager
async def counting_statements(database: Database) -> AsyncIterator[Counted]:
    """Count on one connection of a database that nobody else uses meanwhile."""
    counted = Counted()

    def log(query: LoggedQuery) -> None:
        counted.queries.append(query.query)

    held = await database.take()
    held.add_query_logger(log)
    await database.give_back(held)  # the connection given back last is taken next
    try:
        yield counted
    finally:
        held.remove_query_logger(log)
