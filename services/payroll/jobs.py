"""The clock's door of payroll: one job per company and day; a run's parts, one by one; papers put on file."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable, Sequence

from chassis.database import Database
from chassis.ids import UUID
from chassis.jobs import Job, JobContext, Jobs
from services.payroll.commands.checklists import RunDay
from services.payroll.commands.pay import CalculatePart, KeepPapers
from services.payroll.commands.people import FileAgreement
from services.payroll.filing import FilingCabinet
from services.payroll.handlers import daily
from services.payroll.handlers.days import DAILY
from services.payroll.handlers.erasing import ERASE
from services.payroll.handlers.leave import LeaveLedger
from services.payroll.handlers.pay_runs import CALCULATE, FILE, FINISH, keep_papers
from services.payroll.handlers.people import AGREEMENTS
from services.payroll.pay_desk import PayDesk
from services.payroll.store import agreements, payslips
from services.payroll.translate.papers import agreement_paper, paper

LEASE_S = 120
"""A part takes a second; on a machine that is busy with orders it may take long."""
FILING_LEASE_S = 1_800
PAPERS = 200
"""As many as documents takes in one call."""


def jobs_of(desk: PayDesk | None, cabinet: Callable[[Database], FilingCabinet] | None = None) -> Jobs:
    """What payroll does when nobody waits for it; without a master key it calculates nothing, without documents'
    address it files nothing (the jobs wait).
    """
    jobs = Jobs("payroll")
    leave = LeaveLedger(None) if desk is None else desk.leave

    @jobs.queue(DAILY, lease_s=LEASE_S, batch=20)
    async def run_days(batch: Sequence[Job], context: JobContext) -> None:
        """All of a day in one commit with the end of its job, which leaves the next day's."""
        async with context.finishing(batch) as unit:
            await daily.run_days([RunDay(daily.cause_of(job.company, unit.now)) for job in batch], leave, unit)

    if cabinet is not None:
        _file_agreements(jobs, cabinet)
    if desk is None:
        return jobs

    @jobs.queue(CALCULATE, lease_s=LEASE_S, batch=1, parallel=2)
    async def calculate(batch: Sequence[Job], context: JobContext) -> None:
        """Read, calculate outside any transaction and away from the loop, write: each part ends once."""
        (job,) = batch
        payload = job.payload
        attempt, part = int(str(payload["attempt"])), int(str(payload["part"]))
        command = CalculatePart(job.company, UUID(str(payload["run"])), attempt, part)
        async with context.unit([job.company]) as unit:
            loaded = await desk.paying.load(command, unit.raw)
        if loaded is None:
            return
        result = await asyncio.to_thread(desk.paying.calculate, command, loaded)
        async with context.finishing(batch) as unit:
            await desk.paying.keep(command, result, loaded.part.month, unit)

    @jobs.queue(FINISH, lease_s=LEASE_S, batch=1)
    async def finish(batch: Sequence[Job], context: JobContext) -> None:
        """The last part has come, or one of them: whether all are there is seen under the run's lock."""
        (job,) = batch
        async with context.finishing(batch) as unit:
            run, attempt = UUID(str(job.payload["run"])), int(str(job.payload["attempt"]))
            await desk.paying.finish(job.company, run, attempt, unit)

    if cabinet is None:
        return jobs

    @jobs.queue(FILE, lease_s=FILING_LEASE_S, batch=1, parallel=2)
    async def file_payslips(batch: Sequence[Job], context: JobContext) -> None:
        """Documents puts each payslip on file; what it has is written down in batches, so a repeat goes on there.

        One that it refuses keeps no other back; the job fails in the end, so that somebody looks.
        """
        (job,) = batch
        filing, run = cabinet(context.database), UUID(str(job.payload["run"]))
        after: uuid.UUID | None = payslips.NOBODY
        refused: list[UUID] = []
        while after is not None:
            async with context.unit([job.company]) as unit:
                slips, after = await payslips.unfiled(unit.raw, desk.vault, job.company, run, after, PAPERS)
            if slips:
                papers = await filing.file(job.company, [paper(job.company, slip) for slip in slips])
                told = list(zip(slips, papers, strict=True))
                refused += [slip.employee for slip, filed in told if filed is None]
                kept = [(slip.employee, slip.period, slip.kind, filed) for slip, filed in told if filed is not None]
                if kept:
                    async with context.unit([job.company]) as unit:
                        await keep_papers([KeepPapers(job.company, tuple(kept))], unit)
        if refused:
            context.fail(job, f"documents refuses {len(refused)} payslips: {', '.join(map(str, refused[:5]))}")

    @jobs.queue(ERASE, lease_s=LEASE_S, batch=1)
    async def erase_papers(batch: Sequence[Job], context: JobContext) -> None:
        """Who is erased here is erased in documents as well."""
        (job,) = batch
        await cabinet(context.database).erase(job.company, UUID(str(job.payload["employee"])))

    return jobs


def _file_agreements(jobs: Jobs, cabinet: Callable[[Database], FilingCabinet]) -> None:
    """What was agreed with people is put on file for them, a batch of hires in one call per company."""

    @jobs.queue(AGREEMENTS, lease_s=LEASE_S, batch=PAPERS)
    async def file(batch: Sequence[Job], context: JobContext) -> None:
        filing = cabinet(context.database)
        for company in sorted({job.company for job in batch}):
            own = [job for job in batch if job.company == company]
            asked = [_agreement(job) for job in own]
            async with context.unit([company]) as unit:
                found = await agreements.read(unit.raw, company, asked)
            told = [(job, agreement) for job, agreement in zip(own, found, strict=True) if agreement is not None]
            papers = await filing.file(company, [agreement_paper(agreement) for _, agreement in told]) if told else []
            for (job, agreement), filed in zip(told, papers, strict=True):
                if filed is None:
                    context.fail(job, f"documents refuses the paper of employee {agreement.employee}")


def _agreement(job: Job) -> FileAgreement:
    payload = job.payload
    contract = None if payload["contract"] is None else UUID(str(payload["contract"]))
    return FileAgreement(job.company, UUID(str(payload["employee"])), contract, int(str(payload["revision"])))
