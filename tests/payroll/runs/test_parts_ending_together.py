"""Parts end while the run is being looked at: nobody waits for somebody who waits for them."""

from __future__ import annotations

import asyncio

import asyncpg
import pytest

from chassis.ids import UUID, new_id
from chassis.jobs import Job, JobContext
from services.payroll.commands.pay import CalculatePart
from services.payroll.handlers.pay_runs import FINISH
from services.payroll.jobs import jobs_of
from services.payroll.store import pay_runs
from tests.payroll.runs.bureau import Bureau
from tests.support.eventually import eventually

WAITING = "select count(*) from pg_locks where not granted"


async def _end_part(bureau: Bureau, run: str, part: int, *, before_commit: asyncio.Event | None = None) -> None:
    command = CalculatePart("acme", UUID(run), 1, part)
    async with bureau.office.database.unit(["acme"]) as unit:
        loaded = await bureau.desk.paying.load(command, unit.raw)
        assert loaded is not None
        result = bureau.desk.paying.calculate(command, loaded)
        unit.now = await unit.raw.fetchval("select now()")
        await bureau.desk.paying.keep(command, result, loaded.part.month, unit)
        if before_commit is not None:
            await before_commit.wait()


async def test_a_part_that_ends_while_the_run_is_looked_at_does_not_lock_it_out(
    bureau: Bureau, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The look at the run waits for the part's lock on it; the part, at its commit, asks for another look."""
    monkeypatch.setattr(pay_runs, "PART_PEOPLE", 1)
    await bureau.hire("Anna", "Boris")
    for name in ("Anna", "Boris"):
        await bureau.agree(name, "3000.00")
    run = await bureau.start("2024-01")
    await _end_part(bureau, run, 0)
    lease = new_id()
    ((number, key, at),) = await bureau.office.rows(
        "update job set lease = $1 where queue = $2 returning id, key, at", lease, FINISH
    )
    ended = asyncio.Event()
    part = asyncio.create_task(_end_part(bureau, run, 1, before_commit=ended))
    await eventually(
        lambda: bureau.office.rows("select count(*) from pg_locks where relation = 'payslip'::regclass"),
        lambda rows: rows[0][0] > 0,
        what="the second part is written, and not committed",
    )
    pool = await asyncpg.create_pool(bureau.office.urls.relay_url, min_size=0, max_size=1)
    job = Job(number, "acme", FINISH, key, {"run": run, "attempt": 1}, 1, at)
    context = JobContext(bureau.office.database, pool, bureau.office.metrics, lease, [job])
    look = asyncio.ensure_future(jobs_of(bureau.desk).queues[FINISH].work([job], context))
    await eventually(
        lambda: bureau.office.rows(WAITING), lambda rows: rows[0][0] > 0, what="the look waits for the part"
    )
    ended.set()
    await asyncio.gather(part, look)
    await pool.close()
    assert await bureau.office.rows("select count(*), count(done_at) from pay_run_part") == [(2, 2)]
    assert (await bureau.worked(run))["people"] == 2
