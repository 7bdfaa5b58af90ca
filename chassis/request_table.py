"""The answers of accepted HTTP commands, each under its key: claimed before the work, stored in the commit of it."""

from __future__ import annotations

from collections.abc import Sequence

import asyncpg

CLAIM = """
select pg_try_advisory_xact_lock(hashtextextended(x.company || chr(31) || x.scope || chr(31) || x.key, 7203)) as locked,
       r.hash, r.status, r.body, k.company is not null as known, now() as now
from unnest($1::text[], $2::text[], $3::text[]) with ordinality as x(company, scope, key, n)
left join lateral (select q.hash, q.status, q.body from request q
    where q.company = x.company and q.scope = x.scope and q.key = x.key offset 0) r on true
left join lateral (select c.company from known_company c where c.company = x.company offset 0) k on true
order by x.n
"""

LOOK = """
select r.hash, r.status, r.body from unnest($1::text[], $2::text[], $3::text[]) as x(company, scope, key)
cross join lateral (select q.hash, q.status, q.body from request q
    where q.company = x.company and q.scope = x.scope and q.key = x.key offset 0) r
"""

STORE = """
insert into request (company, scope, key, hash, status, body)
select * from unnest($1::text[], $2::text[], $3::text[], $4::bytea[], $5::int[], $6::bytea[])
on conflict do nothing
"""

Place = tuple[str, str, str]
"""Company, scope and key."""


async def claim(connection: asyncpg.Connection, places: Sequence[Place]) -> list[asyncpg.Record]:
    """Lock the places until the transaction ends, and look at them: locked, hash, status, body, known, now; in order.

    One statement, so it looks with a snapshot from before its locks: what somebody commits in between is not seen.
    """
    return list(await connection.fetch(CLAIM, *map(list, zip(*places, strict=True))))


async def look(connection: asyncpg.Connection, places: Sequence[Place]) -> list[asyncpg.Record]:
    """The answers that stand at these places by now: hash, status, body; none for a place that is free."""
    return list(await connection.fetch(LOOK, *map(list, zip(*places, strict=True))))


async def store(connection: asyncpg.Connection, answers: Sequence[tuple[Place, bytes, int, bytes]]) -> int:
    """Add answers, each with its place, the hash of what was asked, status and body; how many places were free."""
    places, hashes, statuses, bodies = zip(*answers, strict=True)
    tag = await connection.execute(STORE, *map(list, zip(*places, strict=True)), hashes, statuses, bodies)
    return int(tag.rpartition(" ")[2])
