"""Which bytes rows speak of, of all companies at once; and what was done with those that none speaks of."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

import asyncpg

REFERENCED = """
select x.sha256 from unnest($1::bytea[]) as x(sha256)
where exists (select from document_content c where c.sha256 = x.sha256 offset 0)
    or exists (select from document_version v where v.sha256 = x.sha256 offset 0)
"""
"""A source has no bytes of its own: they are those of a version of its document."""
# Whoever has bytes on file told so in the same commit: these are all of them. From one company to the next, by index.
COMPANIES = """
with recursive told(company) as ((select min(company) from outbox_sequence)
    union all select (select min(s.company) from outbox_sequence s where s.company > t.company) from told t
    where t.company is not null)
select company from told where company is not null
"""
ADD_STEPS = """
insert into file_step (sha256, at, step, written_at, actor)
select x.sha256, now(), x.step, x.written_at, $4 from unnest($1::bytea[], $2::text[], $3::timestamptz[])
    as x(sha256, step, written_at) on conflict do nothing
"""
PLACE = "select after from sweep_place where part = $1"
SET_PLACE = """
insert into sweep_place (part, after) values ($1, $2) on conflict (part) do update set after = excluded.after
"""
KEPT = "kept"

Step = tuple[bytes, str, datetime]
"""SHA-256, what is done, and when the bytes were put where they are."""


async def companies(operator: asyncpg.Connection | asyncpg.Pool) -> list[str]:
    """Every company that has anything on file, as the operator sees it."""
    return [company for (company,) in await operator.fetch(COMPANIES)]


async def referenced(connection: asyncpg.Connection, hashes: Collection[bytes]) -> set[bytes]:
    """Those of these bytes that rows of the transaction's companies speak of."""
    return {sha256 for (sha256,) in await connection.fetch(REFERENCED, list(hashes))}


async def add_steps(connection: asyncpg.Connection, steps: Sequence[Step], actor: str) -> None:
    """Write down what is about to be done."""
    await connection.execute(ADD_STEPS, *zip(*sorted(steps), strict=True), actor)


async def place(connection: asyncpg.Connection) -> str:
    """Behind which hash a sweep goes on; empty at its beginning."""
    return await connection.fetchval(PLACE, KEPT) or ""


async def set_place(connection: asyncpg.Connection, after: str) -> None:
    """So far the sweep has come."""
    await connection.execute(SET_PLACE, KEPT, after)
