"""The customer's statement: every movement of what it owes between two days, with what it owed before and after."""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from typing import Literal

import asyncpg
from pydantic import BaseModel

from contracts.money import sum_text
from services.ledger.domain.numbering import DocumentNumber, told_number
from services.ledger.queries import ageing

LINES_MAX = 1_000

# The customer's own invoices by their index, and for each what took it down; nobody else's rows are looked at.
MOVES = """
with i as materialized (
    select id, series, fiscal_year, serial, stated_number, currency, coalesce(posted_on, issued_on) as posted_on,
        due_on, total, order_reference from invoice where customer_id = $1),
moves as (
    select i.posted_on as day, 1 as rank, 'invoice' as kind, i.id as invoice, i.total as amount, null::uuid as payment,
        null::uuid as note from i where i.total > 0 and i.posted_on <= $3
    union all
    select a.effective_on, case when a.amount > 0 then 3 else 4 end,
        case when a.amount > 0 then 'payment' else 'payment-taken-back' end, i.id,
        -coalesce(a.invoice_amount, a.amount), a.payment, null
    from i cross join lateral (select * from allocation l where l.invoice = i.id offset 0) a where a.effective_on <= $3
    union all
    select coalesce(n.posted_on, n.issued_on), 5, 'credit-note', i.id, -n.total, null, n.id
    from i cross join lateral (select * from credit_note c where c.invoice = i.id offset 0) n
    where n.printed is null and coalesce(n.posted_on, n.issued_on) <= $3 and n.total > 0
    union all
    select d.effective_on, 6, d.kind, i.id, -d.amount, null, case d.kind when 'credit-note' then d.document end
    from i cross join lateral (select * from deduction v where v.invoice = i.id offset 0) d where d.effective_on <= $3)
select m.day, m.kind, m.amount, i.currency, i.series, i.fiscal_year, i.serial, i.stated_number, i.due_on,
    i.order_reference, m.payment, m.note, m.invoice, m.rank, m.day < $2::date as before
from moves m join i on i.id = m.invoice order by m.day, i.fiscal_year, i.serial, m.rank, m.payment
"""

PAYMENTS = "select id, reference from payment where company = $1 and id = any($2::uuid[])"
NOTES = "select id, series, fiscal_year, serial from credit_note where company = $1 and id = any($2::uuid[])"

UNAPPLIED = """
select u.currency, sum(u.amount
    - coalesce((select sum(a.amount) from allocation a
        where a.company = u.company and a.payment = u.payment and a.effective_on <= $2), 0)
    - case when b.payment is not null then u.amount else coalesce((select sum(r.amount) from refund r
        where r.payment = u.payment and r.state = 'approved' and r.refund_on <= $2), 0) end) as unapplied
from unapplied_cash u
cross join lateral (select min(e.posted_on) as received_on from journal_entry e where e.document = u.payment offset 0) p
left join lateral (select payment from bounce c where c.company = u.company and c.payment = u.payment
    and (select e.posted_on from journal_entry e where e.company = c.company and e.id = c.entry) <= $2
    offset 0) b on true
where u.customer_id = $1 and p.received_on <= $2 group by 1
"""


class StatementLine(BaseModel):
    """A movement: what it adds to what is owed (below zero: takes off), and what is owed after it in its currency."""

    day: date
    kind: Literal["invoice", "payment", "payment-taken-back", "credit-note", "discount"]
    document: str
    invoice: str
    due_on: date
    order_reference: str
    amount: str
    balance: str


class CurrencyStatement(BaseModel):
    """All movements in one currency."""

    currency: str
    opening: str
    lines: list[StatementLine]
    closing: str
    unapplied: str
    """Money of the customer that pays nothing yet: we owe it."""


class StatementAnswer(BaseModel):
    """What a customer owed before, what happened, what it owes on the day and how long overdue."""

    customer: str
    since: date
    as_of: date
    currencies: list[CurrencyStatement]
    ageing: list[ageing.Buckets]


async def of_customer(
    connection: asyncpg.Connection, company: str, customer: str, *, since: date, as_of: date
) -> StatementAnswer | None:
    """The statement, or None for a customer without any movement. Raises OverflowError on too many lines."""
    rows = await connection.fetch(MOVES, customer, since, as_of)
    unapplied = {currency: int(left) for currency, left in await connection.fetch(UNAPPLIED, customer, as_of)}
    if not rows and not unapplied:
        return None
    shown = [row for row in rows if not row["before"]]
    if len(shown) > LINES_MAX:
        raise OverflowError
    names = await _names(connection, company, shown)
    opening: defaultdict[str, int] = defaultdict(int)
    for row in rows:
        opening[row["currency"]] += int(row["amount"]) if row["before"] else 0
    lines: defaultdict[str, list[StatementLine]] = defaultdict(list)
    balance = dict(opening)
    for row in shown:
        currency = row["currency"]
        balance[currency] += int(row["amount"])
        lines[currency].append(_line(row, balance[currency], names))
    aged = await ageing.of_customers(connection, [customer], as_of)
    return StatementAnswer(
        customer=customer,
        since=since,
        as_of=as_of,
        currencies=[
            CurrencyStatement(
                currency=currency,
                opening=sum_text(opening[currency], currency),
                lines=lines[currency],
                closing=sum_text(balance.get(currency, 0), currency),
                unapplied=sum_text(unapplied.get(currency, 0), currency),
            )
            for currency in sorted({*balance, *unapplied})
        ],
        ageing=aged[0].buckets if aged else [],
    )


async def _names(connection: asyncpg.Connection, company: str, rows: list[asyncpg.Record]) -> dict[object, str]:
    """What payments and credit notes are called."""
    payments = {row["payment"] for row in rows} - {None}
    notes = {row["note"] for row in rows} - {None}
    names: dict[object, str] = {}
    if payments:
        names |= {row["id"]: row["reference"] for row in await connection.fetch(PAYMENTS, company, list(payments))}
    if notes:
        for row in await connection.fetch(NOTES, company, list(notes)):
            names[row["id"]] = DocumentNumber(row["series"], row["fiscal_year"], row["serial"]).printed
    return names


def _line(row: asyncpg.Record, balance: int, names: dict[object, str]) -> StatementLine:
    number = told_number(row["series"], row["fiscal_year"], row["serial"], row["stated_number"])
    document = row["payment"] or row["note"]
    return StatementLine(
        day=row["day"],
        kind=row["kind"],
        document=number if document is None else names[document],
        invoice=number,
        due_on=row["due_on"],
        order_reference=row["order_reference"],
        amount=sum_text(int(row["amount"]), row["currency"]),
        balance=sum_text(balance, row["currency"]),
    )
