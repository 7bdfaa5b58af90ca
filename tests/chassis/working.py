"""Helpers for tests of background jobs: ask for work, note that it was done, look at what is left."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from chassis.database import UnitOfWork
from chassis.ids import new_id
from chassis.jobs import Job, JobContext
from tests.chassis.toy import Toy
from tests.support.eventually import eventually


async def ask(toy: Toy, *keys: str, queue: str = "render", company: str = "acme") -> None:
    async with toy.database.unit([company]) as unit:
        for key in keys:
            unit.enqueue(queue, company, {"paper": key}, key=key)


async def note(unit_context: JobContext, jobs: Sequence[Job]) -> None:
    """Finish jobs with a row each."""
    async with unit_context.finishing(jobs) as unit:
        await put_down(unit, jobs)


async def put_down(unit: UnitOfWork, jobs: Sequence[Job]) -> None:
    """A row for each job."""
    await unit.raw.execute(
        "insert into noted (company, topic, key, sequence, event_id, reference) "
        "select c, 'job', k, 1, e, 'done' from unnest($1::text[], $2::text[], $3::uuid[]) x(c, k, e)",
        [job.company for job in jobs],
        [job.key for job in jobs],
        [new_id() for _ in jobs],
    )


async def done(toy: Toy) -> list[str]:
    return [row[0] for row in await toy.rows("select key from noted order by key")]


async def waiting(toy: Toy) -> list[tuple[str, int, str | None]]:
    rows = await toy.rows("select key, attempts, error from job order by key")
    return [(row[0], row[1], row[2]) for row in rows]


@asynccontextmanager
async def all_done(toy: Toy, *keys: str) -> AsyncIterator[None]:
    yield
    await eventually(lambda: done(toy), lambda found: found == sorted(keys), what=f"{keys} are done", every_s=0.02)
