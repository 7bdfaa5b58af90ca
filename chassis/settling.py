"""Commands that say how something shall stand, not by how much it changes: asked for twice, they do the same.

They need no idempotency key and no kept answer, and they may come as often as somebody reads: each is one transaction.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

from chassis.database import Database, UnitOfWork

C = TypeVar("C")
T = TypeVar("T")


async def settle(database: Database, company: str, handler: Callable[[C, UnitOfWork], Awaitable[T]], command: C) -> T:
    """Run one such command for a company and commit. What the handler raises writes nothing."""
    async with database.unit([company], points="door") as unit:
        return await handler(command, unit)
