"""The rows of background work: added in the commit that asks for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import asyncpg
import orjson

APPEND = """
insert into job (company, queue, key, payload, run_at)
select x.company, x.queue, x.key, x.payload, coalesce(x.run_at, now())
from unnest($1::text[], $2::text[], $3::text[], $4::bytea[], $5::timestamptz[]) x(company, queue, key, payload, run_at)
on conflict (company, queue, key) do nothing
"""


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
    ordered = sorted(jobs, key=lambda job: (job.company, job.queue, job.key))
    await connection.execute(
        APPEND,
        [j.company for j in ordered],
        [j.queue for j in ordered],
        [j.key for j in ordered],
        [orjson.dumps(j.payload, default=str) for j in ordered],
        [j.run_at for j in ordered],
    )
