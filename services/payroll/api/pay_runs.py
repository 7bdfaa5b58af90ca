"""Pay runs: start, look, approve, export, confirm, post. Who calculates and who approves are two."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import Query
from pydantic import Field
from starlette.responses import Response, StreamingResponse

from chassis.errors import Problem
from chassis.http import Reading, Router
from chassis.ids import UUID
from contracts.base import Reference
from services.payroll.api.inputs import Body, Day
from services.payroll.api.pay_doors import Approver, Desk, Officer, OfficerCall, Watcher, log
from services.payroll.api.pay_terms import MonthOf
from services.payroll.commands.pay import ApproveRun, CalculateAgain, ConfirmPaid, ExportPayFile, PostRun, StartRun
from services.payroll.domain.pain import FileHead, closing, opening
from services.payroll.pay_desk import PayDesk
from services.payroll.queries import pay_file
from services.payroll.queries import pay_runs as queries
from services.payroll.store.vault import Unreadable

router = Router(prefix="/v1/companies/{company}/pay-runs", tags=["pay"])


class StartBody(Body):
    """Which group, which month."""

    pay_group: Reference
    period: MonthOf


class Nothing(Body):
    """Nothing needs to be said."""


class ApproveBody(Body):
    """The digest of the run as the approver saw it."""

    digest: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class ExportBody(Body):
    """When the bank shall pay."""

    execution_on: Day


class PaidBody(Body):
    """When the bank has paid."""

    paid_on: Day


class PayFileResponse(StreamingResponse):
    """A pay file as the bank takes it."""

    media_type = "application/xml"


@router.post("", status_code=202)
async def start_run(company: str, body: StartBody, call: OfficerCall, desk: Desk) -> Response:
    """Calculate a month's pay of a group, in the background. A second start finds the first one's run."""
    return await call.run(desk.running.start, StartRun(call.cause(company), body.pay_group, body.period))


@router.get("")
async def list_runs(
    company: str,
    reading: Watcher,
    pay_group: Annotated[str | None, Query(max_length=64)] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> queries.RunPage:
    """Runs, the newest month first."""
    async with reading.connection(company) as connection:
        return await queries.runs(connection, company, pay_group, limit)


@router.get("/{run}")
async def show_run(company: str, run: uuid.UUID, reading: Watcher, desk: Desk) -> queries.RunView:
    """Where a run stands, who cannot be paid and why, and what it comes to; also for who approves it.

    A cost centre may be one person's, so that sums were read is written down.
    """
    async with reading.connection(company) as connection:
        found = await queries.run(connection, desk.vault, company, run)
    if found is None:
        raise Problem(404, "run-not-found", "There is no such run.")
    if found.totals is not None:
        await log(reading, company, "pay run", run=run)
    return found


@router.post("/{run}/calculation", status_code=202)
async def repeat_run(company: str, run: uuid.UUID, body: Nothing, call: OfficerCall, desk: Desk) -> Response:
    """Calculate again, with what is known now."""
    return await call.run(desk.running.repeat, CalculateAgain(call.cause(company), UUID(str(run))))


@router.post("/{run}/approval")
async def approve_run(company: str, run: uuid.UUID, body: ApproveBody, call: Approver, desk: Desk) -> Response:
    """Release the run that was seen. Nobody approves what they calculated."""
    return await call.run(desk.running.approve, ApproveRun(call.cause(company), UUID(str(run)), body.digest))


@router.post("/{run}/pay-file", status_code=201)
async def export_run(company: str, run: uuid.UUID, body: ExportBody, call: OfficerCall, desk: Desk) -> Response:
    """Make the file for the bank. There is one of a run; a second is refused."""
    command = ExportPayFile(call.cause(company), UUID(str(run)), body.execution_on)
    return await call.run(desk.running.export, command)


@router.get("/{run}/pay-file", response_class=PayFileResponse)
async def download_file(company: str, run: uuid.UUID, reading: Officer, desk: Desk) -> PayFileResponse:
    """The file that was made, always the same one. The reading is written down, for everybody who stands in it."""
    await log(reading, company, "pay file", run=run)
    async with reading.connection(company) as connection:
        try:
            head = await pay_file.head(connection, desk.vault, company, run)
        except Unreadable:
            raise Problem(410, "person-erased", "Somebody who was paid was erased; the bank has the file.") from None
    if head is None:
        raise Problem(404, "pay-file-not-found", "No pay file was made of this run.")
    return PayFileResponse(_pieces(reading, desk, company, run, head))


async def _pieces(reading: Reading, desk: PayDesk, company: str, run: uuid.UUID, head: FileHead) -> AsyncIterator[str]:
    """As fast as they are taken; no transaction is open while the bank's file waits for whoever takes it."""
    yield opening(head)
    after: uuid.UUID | None = pay_file.NOBODY
    while after is not None:
        async with reading.connection(company) as connection:
            piece, after = await pay_file.page(connection, desk.vault, company, run, head, after)
        yield piece
    yield closing()


@router.post("/{run}/payment")
async def confirm_paid(company: str, run: uuid.UUID, body: PaidBody, call: OfficerCall, desk: Desk) -> Response:
    """The bank has paid."""
    return await call.run(desk.running.confirm, ConfirmPaid(call.cause(company), UUID(str(run)), body.paid_on))


@router.post("/{run}/posting")
async def post_run(company: str, run: uuid.UUID, body: Nothing, call: OfficerCall, desk: Desk) -> Response:
    """Hand the journal to the books: sums of nobody."""
    return await call.run(desk.running.post, PostRun(call.cause(company), UUID(str(run))))
