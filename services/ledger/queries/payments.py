"""Money that came in, and what became of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

import asyncpg
from pydantic import BaseModel

from chassis.ids import UUID
from contracts.money import from_minor
from services.ledger.domain.numbering import told_number
from services.ledger.queries.conditions import Amounts, Conditions, Days

FOUND = """
select p.*, u.unapplied, u.returned, u.bounced, u.customer_id from payment p
cross join lateral (select * from unapplied_cash w where w.company = p.company and w.payment = p.id offset 0) u
where true
"""

UNAPPLIED = """
select p.*, u.unapplied, u.returned, u.bounced, u.customer_id from unapplied_cash u
cross join lateral (select * from payment y where y.company = u.company and y.id = u.payment offset 0) p
where u.unapplied > 0
"""

ALLOCATIONS = """
select a.payment, a.invoice, sum(a.amount)::bigint as amount,
    sum(coalesce(a.invoice_amount, a.amount))::bigint as paid, i.currency, i.order_id, i.series, i.fiscal_year,
    i.serial, i.stated_number
from unnest($2::uuid[]) as x(payment)
cross join lateral (select * from allocation l where l.company = $1 and l.payment = x.payment offset 0) a
cross join lateral (select * from invoice v where v.company = a.company and v.id = a.invoice offset 0) i
group by 1, 2, 5, 6, 7, 8, 9, 10 having sum(a.amount) <> 0 order by i.fiscal_year, i.serial
"""


class PaymentAllocation(BaseModel):
    """What a payment pays of an invoice, in its own currency; `paid` is in the invoice's."""

    invoice: str
    number: str
    order: str
    amount: str
    paid: str
    invoice_currency: str


class PaymentAnswer(BaseModel):
    """A payment with its present spread."""

    payment: str
    reference: str
    received_on: date
    payer_name: str
    currency: str
    amount: str
    unapplied: str
    returned: str
    bounced: bool
    customer: str | None
    order: str | None
    order_reference: str | None
    invoice_number: str | None
    stated_on: date | None
    """The date of the credit note of an earlier system that it was taken over from, if it is one."""
    allocations: list[PaymentAllocation]


class PaymentsAnswer(BaseModel):
    """A page of payments. `next` goes into `after` for the page that follows."""

    payments: list[PaymentAnswer]
    next: str | None


class PaymentFilter(NamedTuple):
    """What payments are searched by; None asks for nothing."""

    order: UUID | None = None
    customer: str | None = None
    reference: str | None = None
    invoice_number: str | None = None
    received: Days = Days()
    amount: Amounts = Amounts()
    unapplied: bool = False


async def search(
    connection: asyncpg.Connection, company: str, wanted: PaymentFilter, *, after: UUID | None, limit: int
) -> PaymentsAnswer:
    """Payments that fit all that is named; in the order of their ids.

    Raises AmountError for what is no amount of the currency.
    """
    asked = Conditions()
    asked.add("p.company = {}", company)
    asked.add("p.order_id = {}", wanted.order)
    asked.add("u.customer_id = {}", wanted.customer)
    asked.add("p.reference = {}", wanted.reference)
    asked.add("p.invoice_number = {}", wanted.invoice_number)
    asked.within("p.received_on", wanted.received)
    await asked.over(connection, company, "p", "amount", wanted.amount)
    asked.add("p.id > {}", after)
    query = f"{UNAPPLIED if wanted.unapplied else FOUND} and {asked.where} order by p.id limit {asked.bound(limit + 1)}"
    rows = await connection.fetch(query, *asked.values)
    found = await _with_allocations(connection, company, rows[:limit])
    return PaymentsAnswer(payments=found, next=found[-1].payment if len(rows) > limit else None)


async def one(connection: asyncpg.Connection, company: str, payment: UUID) -> PaymentAnswer | None:
    """The payment, or None."""
    row = await connection.fetchrow(f"{FOUND} and p.company = $1 and p.id = $2", company, payment)
    return None if row is None else (await _with_allocations(connection, company, [row]))[0]


async def _with_allocations(
    connection: asyncpg.Connection, company: str, rows: Sequence[asyncpg.Record]
) -> list[PaymentAnswer]:
    spread: dict[UUID, list[PaymentAllocation]] = {row["id"]: [] for row in rows}
    currencies = {row["id"]: row["currency"] for row in rows}
    for payment, invoice, amount, paid, currency, order, *number in await connection.fetch(
        ALLOCATIONS, company, list(spread)
    ):
        allocation = PaymentAllocation(
            invoice=str(invoice),
            number=told_number(*number),
            order=str(order),
            amount=from_minor(amount, currencies[payment]),
            paid=from_minor(paid, currency),
            invoice_currency=currency,
        )
        spread[payment].append(allocation)
    return [_answer(row, spread[row["id"]]) for row in rows]


def _answer(row: asyncpg.Record, allocations: list[PaymentAllocation]) -> PaymentAnswer:
    currency = row["currency"]
    return PaymentAnswer(
        payment=str(row["id"]),
        reference=row["reference"],
        received_on=row["received_on"],
        payer_name=row["payer_name"],
        currency=currency,
        amount=from_minor(row["amount"], currency),
        unapplied=from_minor(row["unapplied"], currency),
        returned=from_minor(row["returned"], currency),
        bounced=row["bounced"],
        customer=row["customer_id"],
        order=None if row["order_id"] is None else str(row["order_id"]),
        order_reference=row["order_reference"],
        invoice_number=row["invoice_number"],
        stated_on=row["stated_on"],
        allocations=allocations,
    )
