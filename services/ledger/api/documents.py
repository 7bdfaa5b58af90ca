"""Questions about invoices, payments and what customers owe. They come by events, never from here."""

from __future__ import annotations

import uuid
from typing import Annotated

from fastapi import Query
from pydantic import Field
from starlette.responses import Response

from chassis.errors import Fault, Problem
from chassis.http import Router
from chassis.ids import UUID
from contracts.base import LineNumber, Quantity, Text
from services.ledger import handlers
from services.ledger.api.inputs import Body, Day, DryRun, Limit, Read, Write, found, to_uuid
from services.ledger.api.searching import AmountFrom, AmountTo, Currency, FirstDay, LastDay, Text64, searching
from services.ledger.commands import CreditLines
from services.ledger.domain.credit import Wish
from services.ledger.queries import invoices, payments
from services.ledger.queries.conditions import Amounts, Days

router = Router(prefix="/v1/companies/{company}", tags=["ledger"])


class CreditedLineBody(Body):
    """A line of the invoice; without a quantity, what is left of it."""

    line: LineNumber
    quantity: Quantity | None = None


class CreditNoteBody(Body):
    """Lines to credit, with effect from today or `issued_on`."""

    lines: Annotated[list[CreditedLineBody], Field(min_length=1, max_length=500)]
    issued_on: Day | None = None
    reason: Text


@router.post("/invoices/{invoice}/credit-notes", status_code=201)
async def credit_lines(
    company: str, invoice: uuid.UUID, body: CreditNoteBody, call: Write, dry_run: DryRun = False
) -> Response:
    """Credit lines of an invoice. What was paid for them is unapplied cash again."""
    lines = [Wish(line.line, line.quantity, f"/lines/{index}") for index, line in enumerate(body.lines)]
    command = CreditLines(company, UUID(invoice.hex), lines, body.issued_on, body.reason, call.cause(company))
    return await call.run(handlers.credit_lines, command, dry_run=dry_run)


@router.get("/invoices")
async def search_invoices(
    company: str, reading: Read,
    order: uuid.UUID | None = None, customer: Text64 = None, state: invoices.InvoiceState | None = None,
    number: Text64 = None, issued_from: FirstDay = None, issued_to: LastDay = None,
    amount_from: AmountFrom = None, amount_to: AmountTo = None, currency: Currency = None,
    after: Annotated[str | None, Query(max_length=64, description="`next` of the page before.")] = None,
    limit: Limit = 50,
) -> invoices.InvoicesAnswer:  # fmt: skip
    """Invoices that fit everything that is named, the newest first."""
    amounts = Amounts(amount_from, amount_to, currency)
    wanted = invoices.InvoiceFilter(to_uuid(order), customer, state, number, Days(issued_from, issued_to), amounts)
    async with searching(company, reading, amounts) as connection:
        return await invoices.search(connection, company, wanted, after=after, limit=limit)


@router.get("/invoices/{invoice}")
async def show_invoice(company: str, invoice: uuid.UUID, reading: Read) -> invoices.InvoiceAnswer:
    """One invoice with all that is printed, what paid it, and what took it back."""
    async with reading.connection(company) as connection:
        return found(await invoices.one(connection, company, UUID(invoice.hex)), "invoice")


@router.get("/payments")
async def search_payments(
    company: str, reading: Read,
    order: uuid.UUID | None = None, customer: Text64 = None,
    reference: Annotated[str | None, Query(max_length=200)] = None, invoice_number: Text64 = None,
    received_from: FirstDay = None, received_to: LastDay = None,
    amount_from: AmountFrom = None, amount_to: AmountTo = None, currency: Currency = None,
    unapplied: Annotated[bool, Query(description="Only those that have something left.")] = False,
    after: Annotated[uuid.UUID | None, Query(description="`next` of the page before.")] = None,
    limit: Limit = 50,
) -> payments.PaymentsAnswer:  # fmt: skip
    """Payments that fit everything that is named."""
    amounts = Amounts(amount_from, amount_to, currency)
    wanted = payments.PaymentFilter(
        to_uuid(order), customer, reference, invoice_number, Days(received_from, received_to), amounts, unapplied
    )
    async with searching(company, reading, amounts) as connection:
        return await payments.search(connection, company, wanted, after=to_uuid(after), limit=limit)


@router.get("/payments/{payment}")
async def show_payment(company: str, payment: uuid.UUID, reading: Read) -> payments.PaymentAnswer:
    """One payment with its present spread."""
    async with reading.connection(company) as connection:
        return found(await payments.one(connection, company, UUID(payment.hex)), "payment")


@router.get("/receivables")
async def list_receivables(
    company: str,
    reading: Read,
    after: Annotated[
        str | None,
        Query(pattern=r"^[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|1[0-9]|2[0-8]|29|30|31)\.[0-9a-f-]{36}$"),
    ] = None,
    limit: Limit = 50,
) -> invoices.ReceivablesAnswer:
    """What customers owe, the earliest due first, with the totals per currency."""
    async with reading.connection(company) as connection:
        try:
            return await invoices.receivables(connection, company, after=after, limit=limit)
        except ValueError:
            fault = Fault("?after", "not-valid", "This is no `next` of a page.")
            raise Problem(422, "invalid-request", "A parameter is not valid.", [fault]) from None
