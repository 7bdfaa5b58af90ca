"""Money moved by people: allocated, taken back, refunded, bounced."""

from __future__ import annotations

import uuid
from typing import Annotated, Literal

from fastapi import Depends, Query
from pydantic import Field
from starlette.responses import Response

from chassis.http import Call, Router, write
from chassis.ids import UUID, derive
from contracts.base import Text, UnsignedAmount
from services.ledger import handlers
from services.ledger.api.inputs import Body, Day, DryRun, Limit, Read, Write, found, to_uuid
from services.ledger.api.searching import AmountFrom, AmountTo, Currency, FirstDay, LastDay, Text64, searching
from services.ledger.commands import AllocatePayment, BouncePayment, DecideRefund, RequestRefund, UndoAllocation
from services.ledger.queries import refunds
from services.ledger.queries.conditions import Amounts, Days

router = Router(prefix="/v1/companies/{company}", tags=["ledger"])

Approve = Annotated[Call, Depends(write("ledger:approve"))]
Id = Annotated[uuid.UUID, Field(strict=False)]


class AllocationBody(Body):
    """An invoice that the money shall pay; without an amount as far as both reach. With effect from today or `on`."""

    invoice: Id
    amount: UnsignedAmount | None = None
    on: Day | None = None


class UndoBody(Body):
    """An invoice that the money shall not pay any more."""

    invoice: Id
    reason: Text


class RefundBody(Body):
    """Unapplied money that shall go back; without an amount all of it."""

    amount: UnsignedAmount | None = None
    refund_on: Day
    reason: Text


class DecisionBody(Body):
    """What the second person says."""

    decision: Literal["approve", "reject"]


class BounceBody(Body):
    """The bank took the money back; the fee is what it charged us, in the company's own currency."""

    bounced_on: Day
    reason: Text
    fee: UnsignedAmount | None = None


@router.post("/payments/{payment}/allocations", status_code=201)
async def allocate_payment(
    company: str, payment: uuid.UUID, body: AllocationBody, call: Write, dry_run: DryRun = False
) -> Response:
    """Let what is left of a payment pay an invoice, in its currency or another one by the rate of the day."""
    command = AllocatePayment(
        company, UUID(payment.hex), UUID(body.invoice.hex), body.amount, body.on, call.cause(company)
    )
    return await call.run(handlers.allocate_payments, command, dry_run=dry_run)


@router.post("/payments/{payment}/allocations/undo", status_code=201)
async def undo_allocation(
    company: str, payment: uuid.UUID, body: UndoBody, call: Write, dry_run: DryRun = False
) -> Response:
    """Take back what a payment pays of an invoice, by a linked reversal."""
    command = UndoAllocation(company, UUID(payment.hex), UUID(body.invoice.hex), body.reason, call.cause(company))
    return await call.run(handlers.undo_allocations, command, dry_run=dry_run)


@router.post("/payments/{payment}/bounce", status_code=201)
async def bounce_payment(
    company: str, payment: uuid.UUID, body: BounceBody, call: Write, dry_run: DryRun = False
) -> Response:
    """The bank took it back: what it paid is open again."""
    command = BouncePayment(company, UUID(payment.hex), body.bounced_on, body.reason, body.fee, call.cause(company))
    return await call.run(handlers.bounce_payments, command, dry_run=dry_run)


@router.post("/payments/{payment}/refunds", status_code=201)
async def request_refund(
    company: str, payment: uuid.UUID, body: RefundBody, call: Write, dry_run: DryRun = False
) -> Response:
    """Ask that unapplied money goes back; another person decides."""
    cause = call.cause(company)
    refund = derive(company, "refund", cause.id)
    command = RequestRefund(company, UUID(payment.hex), refund, body.amount, body.refund_on, body.reason, cause)
    return await call.run(handlers.request_refunds, command, dry_run=dry_run)


@router.post("/refunds/{refund}/decision")
async def decide_refund(
    company: str, refund: uuid.UUID, body: DecisionBody, call: Approve, dry_run: DryRun = False
) -> Response:
    """Agree or reject; never by who asked for it."""
    command = DecideRefund(company, UUID(refund.hex), body.decision == "approve", call.cause(company))
    return await call.run(handlers.decide_refunds, command, dry_run=dry_run)


@router.get("/refunds")
async def list_refunds(
    company: str, reading: Read,
    state: Annotated[refunds.RefundState | None, Query(description="`requested` ones wait for a decision.")] = None,
    payment: uuid.UUID | None = None, customer: Text64 = None,
    refund_from: FirstDay = None, refund_to: LastDay = None,
    amount_from: AmountFrom = None, amount_to: AmountTo = None, currency: Currency = None,
    after: Annotated[uuid.UUID | None, Query(description="`next` of the page before.")] = None,
    limit: Limit = 50,
) -> refunds.RefundsAnswer:  # fmt: skip
    """Refunds that fit everything that is named, the oldest wish first: by whom they were asked for and decided on."""
    amounts = Amounts(amount_from, amount_to, currency)
    wanted = refunds.RefundFilter(state, to_uuid(payment), customer, Days(refund_from, refund_to), amounts)
    async with searching(company, reading, amounts) as connection:
        return await refunds.search(connection, company, wanted, after=to_uuid(after), limit=limit)


@router.get("/refunds/{refund}")
async def show_refund(company: str, refund: uuid.UUID, reading: Read) -> refunds.RefundAnswer:
    """A refund, and who decided about it."""
    async with reading.connection(company) as connection:
        return found(await refunds.one(connection, company, UUID(refund.hex)), "refund")
