"""The rows of background work: added in the commit that asks for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import asyncpg
import orjson

APPEND = """
insert into job as j (company, queue, key, payload, run_at)
select x.company, x.queue, x.key, x.payload, coalesce(x.run_at, now())
from unnest($1::text[], $2::text[], $3::text[], $4::bytea[], $5::timestamptz[]) x(company, queue, key, payload, run_at)
on conflict (company, queue, key) do update set payload = excluded.payload, run_at = least(j.run_at, excluded.run_at),
    lease = null, leased_until = null,
    attempts = case when j.run_at = 'infinity' then 0 when j.lease is not null then j.attempts - 1 else j.attempts end
where j.leased_until is not null or j.run_at > excluded.run_at or j.payload <> excluded.payload
"""
"""Work that waits is done once, with what was asked last and at the earlier time; what was buried is tried anew. Work
that runs loses its lease and is done once more: its attempt may have read the world as it was before this commit, and
does not count. Work that rests, because another department was away, rests no longer."""


@dataclass(frozen=True, slots=True)
class NewJob:
    """Work to do after the commit; a second one with the same queue, company and key is the same work."""

    queue: str
    company: str
    key: str
    payload: Mapping[str, object]
    run_at: datetime | None


async def append_jobs(connection: asyncpg.Connection, jobs: Sequence[NewJob]) -> None:
    """Write all jobs of a transaction in one statement, in a fixed order."""
    latest = {(job.company, job.queue, job.key): job for job in jobs}
    ordered = [latest[place] for place in sorted(latest)]
    await connection.execute(
        APPEND,
        [j.company for j in ordered],
        [j.queue for j in ordered],
        [j.key for j in ordered],
        [orjson.dumps(j.payload, default=str) for j in ordered],
        [j.run_at for j in ordered],
    )
