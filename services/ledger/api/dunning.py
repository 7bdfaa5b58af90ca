"""Dunning: by which levels, what stops it, and the run of a day."""

from __future__ import annotations

import uuid
from typing import Annotated, Literal

from pydantic import Field
from starlette.responses import Response

from chassis.errors import Fault, Problem
from chassis.http import Router
from chassis.ids import UUID
from contracts.base import Rate, Text, UnsignedAmount
from services.ledger import handlers
from services.ledger.api.inputs import Body, Day, DryRun, Limit, Read, Write
from services.ledger.commands import RunDunning, SetDunningPolicy, StopDunning, TakeBackCharge
from services.ledger.domain.dunning import LEVEL_MAX
from services.ledger.queries import companies, dunning

router = Router(prefix="/v1/companies/{company}", tags=["ledger"])


class LevelBody(Body):
    """From so many days overdue on, with this fee per letter and interest for a year as a fraction."""

    days_overdue: Annotated[int, Field(ge=1, le=3650)]
    fee: UnsignedAmount = "0"
    interest_rate: Rate = "0"


class PolicyBody(Body):
    """All levels in their order. `books_charges`: fee and interest are owed; else only announced."""

    levels: Annotated[list[LevelBody], Field(min_length=1, max_length=LEVEL_MAX)]
    books_charges: bool = False


class StopBody(Body):
    """A dispute stops dunning until it is lifted or its day is over; a promise until the day that was promised."""

    kind: Literal["dispute", "promise"]
    until: Day | None = None
    reason: Text


class ChargeReversalBody(Body):
    """Why a charge is taken back, with effect from today or `issued_on`."""

    issued_on: Day | None = None
    reason: Text


class RunBody(Body):
    """The day to dun as of; today where it is left out."""

    day: Day | None = None


@router.post("/dunning/policy", status_code=201)
async def set_policy(company: str, body: PolicyBody, call: Write) -> Response:
    """Dun by these levels from now on; every morning the clock sees to it."""
    levels = [(level.days_overdue, level.fee, level.interest_rate) for level in body.levels]
    command = SetDunningPolicy(company, levels, body.books_charges, call.cause(company))
    return await call.run(handlers.set_policies, command)


@router.post("/dunning/runs", status_code=201)
async def run(company: str, body: RunBody, call: Write, dry_run: DryRun = False) -> Response:
    """Write the letters of a day, once; asked again, it says what it did."""
    return await call.run(handlers.run_dunning, RunDunning(company, body.day, call.cause(company)), dry_run=dry_run)


@router.post("/invoices/{invoice}/dunning-stop")
async def stop(company: str, invoice: uuid.UUID, body: StopBody, call: Write) -> Response:
    """Do not dun an invoice for now: it is disputed, or the customer promised to pay. A day in the past lifts it."""
    if body.kind == "promise" and body.until is None:
        fault = Fault("/until", "required", "A promise names its day.")
        raise Problem(422, "invalid-request", "A promise names its day.", [fault])
    command = StopDunning(company, UUID(invoice.hex), body.kind, body.until, body.reason, call.cause(company))
    return await call.run(handlers.stop_dunning, command)


@router.post("/dunning/charges/{charge}/reversal", status_code=201)
async def take_back(
    company: str, charge: uuid.UUID, body: ChargeReversalBody, call: Write, dry_run: DryRun = False
) -> Response:
    """Take a charge for late payment back, whole. What was paid of it is unapplied cash again."""
    command = TakeBackCharge(company, UUID(charge.hex), body.issued_on, body.reason, call.cause(company))
    return await call.run(handlers.take_back_charges, command, dry_run=dry_run)


@router.get("/dunning")
async def show_dunning(company: str, reading: Read, limit: Limit = 50) -> dunning.DunningAnswer:
    """The policy that holds, what stops it today, and the last runs."""
    async with reading.connection(company) as connection:
        today = await companies.today(connection, company)
        return await dunning.shown(connection, company, today, limit)
