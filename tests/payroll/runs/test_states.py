"""What a run's states allow: nobody to pay, and two who calculate at once."""

from __future__ import annotations

import asyncio
from typing import Any

from chassis.cause import Cause
from chassis.ids import UUID, new_id
from services.payroll.commands.pay import CalculateAgain
from tests.payroll.office import person
from tests.payroll.runs.bureau import APPROVER, AT, OFFICER, Bureau, no, said, sent
from tests.support.eventually import eventually


async def away(bureau: Bureau, *names: str) -> None:
    """These people are on leave without pay for all of January."""
    async with bureau.client() as client:
        await said(client, f"{AT}/leave/types", leave_type="UNPAID", name="Without pay", paid=False, limited=False)
        asked = [
            await said(
                client, f"{AT}/employees/{person(name)}/leave/requests", leave_type="UNPAID", first="2024-01-01",
                last="2024-01-31",
            )
            for name in names
        ]  # fmt: skip
    async with bureau.client(actor="user:rita") as other:
        for each in asked:
            await said(other, f"{AT}/leave/requests/{each['request']}/decision", decision="approved")


async def test_a_run_in_which_nobody_is_paid_is_paid_without_a_file(bureau: Bureau) -> None:
    """P5, P17: a file without a payment is none in ISO 20022: it is refused, and the run goes on without."""
    await bureau.hire("Anna", "Boris")
    for name in ("Anna", "Boris"):
        await bureau.agree(name, "3000.00")
    await away(bureau, "Anna", "Boris")
    run = await bureau.paid("2024-01")
    assert run["totals"]["payments"] == 0
    at = f"{AT}/pay-runs/{run['run']}"
    async with bureau.client() as client:
        assert await no(client, f"{at}/pay-file", execution_on="2024-01-31") == (409, "nobody-to-pay", None)
        await said(client, f"{at}/payment", paid_on="2024-01-31")
        await said(client, f"{at}/posting")
    assert await bureau.state(run["run"]) == "posted"
    await bureau.paid("2024-02")


async def test_who_calculates_at_the_same_moment_in_another_process_hears_that_the_run_is_busy(bureau: Bureau) -> None:
    """P5: the second waits for the first and is told by name, not by a constraint of the database."""
    await bureau.hire("Anna")
    await bureau.agree("Anna", "3000.00")
    run = (await bureau.calculated("2024-01"))["run"]

    async def second() -> tuple[int, Any]:
        async with bureau.client(actor="user:rita") as client:
            answer = await sent(client, f"{AT}/pay-runs/{run}/calculation")
            return answer.status_code, answer.json().get("type")

    async with bureau.office.database.unit(["acme"]) as unit:
        unit.now = await unit.raw.fetchval("select now()")
        cause = Cause(UUID(str(new_id())), "acme", "first", OFFICER, None, None, unit.now)
        await bureau.desk.running.repeat([CalculateAgain(cause, UUID(run))], unit)
        task = asyncio.create_task(second())
        await eventually(lambda: waiting(bureau), lambda found: found == [(1,)], what="the second waits for the lock")
    assert await task == (409, "/problems/run-busy")
    assert (await bureau.worked(run))["attempt"] == 2
    assert (await bureau.approve(run, APPROVER)).status_code == 200


async def waiting(bureau: Bureau) -> Any:
    """How many wait for a row of this database."""
    return await bureau.office.rows(
        "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"
    )
