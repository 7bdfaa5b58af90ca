"""Which companies a service knows: events of others wait, commands for others are refused."""

from __future__ import annotations

from collections.abc import Iterable

import asyncpg

LEARN = "insert into known_company (company) select unnest($1::text[]) on conflict do nothing"
KNOWN = "select company from known_company where company = any($1::text[])"


async def learn(connection: asyncpg.Connection, companies: Iterable[str]) -> None:
    """Remember companies for ever, in the caller's transaction."""
    await connection.execute(LEARN, sorted(set(companies)))


async def known(connection: asyncpg.Connection, companies: Iterable[str]) -> frozenset[str]:
    """Those of these companies that this service knows."""
    rows = await connection.fetch(KNOWN, sorted(set(companies)))
    return frozenset(row["company"] for row in rows)
