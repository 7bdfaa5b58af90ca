"""Invoices: search, one with everything about it, and what customers owe."""

from __future__ import annotations

from datetime import date
from typing import Any, Literal, NamedTuple

import asyncpg
import orjson
from pydantic import BaseModel

from chassis.ids import UUID
from contracts.money import from_minor, sum_text
from services.ledger.domain.documents import invoice_id
from services.ledger.domain.dunning import CHARGES
from services.ledger.domain.numbering import INVOICES, OPENING, DocumentNumber, read_number, spelt, told_number
from services.ledger.queries.conditions import Amounts, Conditions, Days

InvoiceState = Literal["open", "partly-paid", "paid", "nothing-to-pay", "credited"]

STATE = """case when o.credited then 'credited' when o.total = 0 then 'nothing-to-pay' when o.open = 0 then 'paid'
    when o.open < o.total then 'partly-paid' else 'open' end"""

FOUND = f"""
select i.*, o.open, o.state from invoice i
cross join lateral (select o.open, {STATE} as state from open_item o
    where o.company = i.company and o.invoice = i.id offset 0) o
"""

ALLOCATIONS = """
select payment, sum(amount)::bigint as amount from allocation where invoice = $1
group by payment having sum(amount) <> 0 order by payment
"""

CREDIT_NOTES = "select * from credit_note where invoice = $1 order by at, serial"

OPEN_ITEMS = """
select o.invoice, o.due_on, o.currency, o.total, o.open, i.series, i.fiscal_year, i.serial, i.stated_number, i.order_id,
    i.customer_id, i.customer_name, i.issued_on
from open_item o
cross join lateral (select * from invoice v where v.company = o.company and v.id = o.invoice offset 0) i
where o.company = $1 and o.open > 0 and (o.due_on, o.invoice) > ($2::date, $3::uuid)
order by o.due_on, o.invoice limit $4
"""

OPEN_TOTALS = """
select currency, count(*) as invoices, sum(open)::numeric as open from open_item
where company = $1 and open > 0 group by currency order by currency
"""

REVISIONS = "select revision, parts from order_to_bill where company = $1 and order_id = $2"
"""Each part of a revision of an order may have an invoice, under an id that is known without a search."""

OURS = (INVOICES, CHARGES)
"""Series whose invoices bear our own numbers."""
BEFORE_ALL = (date(1900, 1, 1), UUID(bytes(16)))


class InvoiceSummary(BaseModel):
    """An invoice as a search shows it."""

    invoice: str
    number: str
    state: InvoiceState
    order: str
    order_reference: str
    customer: str
    customer_name: str
    issued_on: date
    due_on: date
    currency: str
    net: str
    tax: str
    total: str
    open: str
    stated_total: str | None
    """What it was over, where it was taken over from an earlier system with what was left of it."""


class InvoicesAnswer(BaseModel):
    """A page of invoices, the newest first. `next` goes into `after` for the page that follows."""

    invoices: list[InvoiceSummary]
    next: str | None


class InvoicePayment(BaseModel):
    """What a payment pays of an invoice."""

    payment: str
    amount: str


class InvoiceCreditNote(BaseModel):
    """The credit note of an invoice."""

    credit_note: str
    number: str
    issued_on: date
    reason: str
    total: str


class InvoiceAnswer(InvoiceSummary):
    """An invoice with all that is printed, what paid it, and what took it back."""

    seller: dict[str, Any]
    customer_details: dict[str, Any]
    lines: list[dict[str, Any]]
    taxes: list[dict[str, Any]]
    payments: list[InvoicePayment]
    credit_note: InvoiceCreditNote | None
    """Over the whole invoice."""
    credit_notes: list[InvoiceCreditNote]
    """All of them: those in part, and the one over the whole."""


class OpenItem(BaseModel):
    """What is open of an invoice."""

    invoice: str
    number: str
    order: str
    customer: str
    customer_name: str
    issued_on: date
    due_on: date
    currency: str
    total: str
    open: str


class OpenTotal(BaseModel):
    """What all customers owe in a currency."""

    currency: str
    invoices: int
    open: str


class ReceivablesAnswer(BaseModel):
    """A page of open items, the earliest due first, and the totals of all of them."""

    items: list[OpenItem]
    totals: list[OpenTotal]
    next: str | None


class InvoiceFilter(NamedTuple):
    """What invoices are searched by; None asks for nothing."""

    order: UUID | None = None
    customer: str | None = None
    state: InvoiceState | None = None
    number: str | None = None
    issued: Days = Days()
    total: Amounts = Amounts()


async def search(
    connection: asyncpg.Connection, company: str, wanted: InvoiceFilter, *, after: str | None, limit: int
) -> InvoicesAnswer:
    """Invoices that fit all that is named, the newest number first; pages do not shift when others are added.

    Of a customer all that it was invoiced, also by an earlier system and for late payment, the newest day first.
    Raises AmountError for what is no amount of the currency.
    """
    asked = Conditions()
    asked.add("i.company = {}", company)
    of_customer = wanted.customer is not None and wanted.number is None
    if wanted.number is not None:
        _by_number(asked, wanted.number)
    elif not of_customer:
        asked.add("i.series = {}", INVOICES)
    if wanted.order is not None:
        billed = await connection.fetch(REVISIONS, company, wanted.order)
        parts = [invoice_id(company, wanted.order, row[0], part) for row in billed for part in range(1, row[1] + 1)]
        asked.add("i.id = any({}::uuid[])", parts)
    asked.add("i.customer_id = {}", wanted.customer)
    asked.add("o.state = {}", wanted.state)
    place = "i.issued_on, i.series, i.fiscal_year, i.serial" if of_customer else "i.fiscal_year, i.serial"
    if after is not None:
        last = _place(after)
        before = f"select {place} from invoice i where i.company = {asked.bound(company)}"
        before += f" and i.series = {asked.bound(last.series)} and i.fiscal_year = {asked.bound(last.fiscal_year)}"
        asked.add(f"({place}) < ({before} and i.serial = {{}})", last.serial)
    asked.within("i.issued_on", wanted.issued)
    await asked.over(connection, company, "i", "total", wanted.total)
    rows = await connection.fetch(
        f"{FOUND} where {asked.where} order by {place.replace(',', ' desc,')} desc limit {asked.bound(limit + 1)}",
        *asked.values,
    )
    found = [InvoiceSummary(**_summary(row)) for row in rows[:limit]]
    following = None
    if len(rows) > limit:
        at = rows[limit - 1]
        following = DocumentNumber(at["series"], at["fiscal_year"], at["serial"]).printed
    return InvoicesAnswer(invoices=found, next=following)


async def one(connection: asyncpg.Connection, company: str, invoice: UUID) -> InvoiceAnswer | None:
    """The invoice, or None."""
    row = await connection.fetchrow(f"{FOUND} where i.company = $1 and i.id = $2", company, invoice)
    if row is None:
        return None
    printed = orjson.loads(row["printed"])
    paid = await connection.fetch(ALLOCATIONS, invoice)
    notes = await connection.fetch(CREDIT_NOTES, invoice)
    whole = next((note for note in notes if note["printed"] is None), None)
    return InvoiceAnswer(
        **_summary(row),
        seller=printed["seller"],
        customer_details=printed["customer"],
        lines=printed["lines"],
        taxes=printed["taxes"],
        payments=[
            InvoicePayment(payment=str(payment), amount=from_minor(amount, row["currency"])) for payment, amount in paid
        ],
        credit_note=None if whole is None else _credit_note(whole),
        credit_notes=[_credit_note(note) for note in notes],
    )


async def receivables(
    connection: asyncpg.Connection, company: str, *, after: str | None, limit: int
) -> ReceivablesAnswer:
    """What customers owe. `after` is the `next` of the page before. Raises ValueError on another one."""
    due_on, invoice = BEFORE_ALL if after is None else _after_item(after)
    rows = await connection.fetch(OPEN_ITEMS, company, due_on, invoice, limit + 1)
    totals = await connection.fetch(OPEN_TOTALS, company)
    more = rows[limit - 1] if len(rows) > limit else None
    return ReceivablesAnswer(
        items=[_open_item(row) for row in rows[:limit]],
        totals=[
            OpenTotal(currency=currency, invoices=count, open=sum_text(int(amount), currency))
            for currency, count, amount in totals
        ],
        next=None if more is None else f"{more['due_on']}.{more['invoice']}",
    )


def _by_number(asked: Conditions, number: str) -> None:
    """Our own number of it, or else what an earlier system gave it."""
    read = read_number(number)
    if read is not None and read.series in OURS:
        asked.add("i.series = {}", read.series)
        asked.add("i.fiscal_year = {}", read.fiscal_year)
        asked.add("i.serial = {}", read.serial)
    else:
        asked.add("i.series = {}", OPENING)
        asked.add("i.stated_number = {}", spelt(number))


def _place(number: str) -> DocumentNumber:
    return read_number(number) or DocumentNumber(INVOICES, 0, 0)  # no invoice has it, so nothing is found


def _number(row: asyncpg.Record) -> str:
    return told_number(row["series"], row["fiscal_year"], row["serial"], row.get("stated_number"))


def _after_item(after: str) -> tuple[date, UUID]:
    due_on, _, invoice = after.partition(".")
    return date.fromisoformat(due_on), UUID(invoice)


def _summary(row: asyncpg.Record) -> dict[str, Any]:
    currency = row["currency"]
    amounts = {name: from_minor(row[name], currency) for name in ("net", "tax", "total", "open")}
    return {
        "invoice": str(row["id"]),
        "number": _number(row),
        "state": row["state"],
        "order": str(row["order_id"]),
        "order_reference": row["order_reference"],
        "customer": row["customer_id"],
        "customer_name": row["customer_name"],
        "issued_on": row["issued_on"],
        "due_on": row["due_on"],
        "currency": currency,
        "stated_total": None if row["stated_total"] is None else from_minor(row["stated_total"], currency),
        **amounts,
    }


def _credit_note(row: asyncpg.Record) -> InvoiceCreditNote:
    return InvoiceCreditNote(
        credit_note=str(row["id"]),
        number=_number(row),
        issued_on=row["issued_on"],
        reason=row["reason"],
        total=from_minor(row["total"], row["currency"]),
    )


def _open_item(row: asyncpg.Record) -> OpenItem:
    currency = row["currency"]
    return OpenItem(
        invoice=str(row["invoice"]),
        number=_number(row),
        order=str(row["order_id"]),
        customer=row["customer_id"],
        customer_name=row["customer_name"],
        issued_on=row["issued_on"],
        due_on=row["due_on"],
        currency=currency,
        total=from_minor(row["total"], currency),
        open=from_minor(row["open"], currency),
    )
