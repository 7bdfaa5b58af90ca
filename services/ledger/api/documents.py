"""Questions about invoices, payments and what customers owe. They come by events, never from here."""

from __future__ import annotations

import uuid
from typing import Annotated

from fastapi import Query

from chassis.errors import Fault, Problem
from chassis.http import Router
from chassis.ids import UUID
from services.ledger.api.inputs import Limit, Read, found, to_uuid
from services.ledger.queries import invoices, payments

router = Router(prefix="/v1/companies/{company}", tags=["ledger"])


@router.get("/invoices")
async def search_invoices(
    company: str,
    reading: Read,
    order: uuid.UUID | None = None,
    customer: Annotated[str | None, Query(max_length=64)] = None,
    state: invoices.InvoiceState | None = None,
    number: Annotated[str | None, Query(max_length=64)] = None,
    after: Annotated[str | None, Query(max_length=64, description="`next` of the page before.")] = None,
    limit: Limit = 50,
) -> invoices.InvoicesAnswer:
    """Invoices that fit everything that is named, the newest first."""
    async with reading.connection(company) as connection:
        return await invoices.search(
            connection,
            company,
            order=to_uuid(order),
            customer=customer,
            state=state,
            number=number,
            after=after,
            limit=limit,
        )


@router.get("/invoices/{invoice}")
async def show_invoice(company: str, invoice: uuid.UUID, reading: Read) -> invoices.InvoiceAnswer:
    """One invoice with all that is printed, what paid it, and what took it back."""
    async with reading.connection(company) as connection:
        return found(await invoices.one(connection, company, UUID(invoice.hex)), "invoice")


@router.get("/payments")
async def search_payments(
    company: str,
    reading: Read,
    order: uuid.UUID | None = None,
    unapplied: Annotated[bool, Query(description="Only those that have something left.")] = False,
    after: Annotated[uuid.UUID | None, Query(description="`next` of the page before.")] = None,
    limit: Limit = 50,
) -> payments.PaymentsAnswer:
    """Payments that fit everything that is named."""
    async with reading.connection(company) as connection:
        return await payments.search(
            connection, company, order=to_uuid(order), unapplied=unapplied, after=to_uuid(after), limit=limit
        )


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
