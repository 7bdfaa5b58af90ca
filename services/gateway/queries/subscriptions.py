"""Named cursors, as they are kept."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

import asyncpg

from services.gateway.commands import SubscriptionName

COLUMNS = "select name, topic, type, subject, place, turn, opened_at, moved_at from subscription"
ONE = f"{COLUMNS} where company = $1 and client = $2 and name = $3 and closed_at is null"
ALL = f"{COLUMNS} where company = $1 and client = $2 and closed_at is null order by name"


class Subscription(NamedTuple):
    """A named cursor."""

    name: str
    topic: str
    type: str | None
    subject: str | None
    place: str
    turn: int
    opened_at: datetime
    moved_at: datetime


async def subscription(connection: asyncpg.Connection, of: SubscriptionName) -> Subscription | None:
    """The one of this name."""
    row = await connection.fetchrow(ONE, *of)
    return None if row is None else Subscription(*row)


async def subscriptions(connection: asyncpg.Connection, company: str, client: str) -> list[Subscription]:
    """All that a client has in a company."""
    return [Subscription(*row) for row in await connection.fetch(ALL, company, client)]
