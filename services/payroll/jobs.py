"""The clock's door of payroll: one job per company and day."""

from __future__ import annotations

from collections.abc import Sequence

from chassis.jobs import Job, JobContext, Jobs
from services.payroll.commands.checklists import RunDay
from services.payroll.handlers import daily
from services.payroll.handlers.people import DAILY

LEASE_S = 120

jobs = Jobs("payroll")


@jobs.queue(DAILY, lease_s=LEASE_S, batch=20)
async def run_days(batch: Sequence[Job], context: JobContext) -> None:
    """All of a day in one commit with the end of its job, which leaves the next day's."""
    async with context.finishing(batch) as unit:
        await daily.run_days([RunDay(daily.cause_of(job.company, unit.now)) for job in batch], unit)
