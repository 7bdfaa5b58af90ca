"""Sub-ledgers against their control account: equal on every day, or the exact documents where they are not."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import date

import asyncpg
from pydantic import BaseModel

from contracts.money import sum_text
from services.ledger.domain.numbering import told_number
from services.ledger.queries.own_currency import own_currency

RECEIVABLE = "receivable"
CONTROL = """
select d.currency, sum(d.debit - d.credit) as amount, sum(d.base_debit - d.base_credit) as base from account_day d
join account a on a.company = d.company and a.code = d.account and a.role = $3
where d.company = $1 and d.effective_on <= $2 group by 1
"""

AGED = """
select currency, sum(amount) as amount, sum(base) as base from receivable_day
where company = $1 and effective_on <= $2 group by 1
"""

# Every document's own account of itself against what the books say of it.
DOCUMENTS = """
with sub as (
    select document, currency, sum(amount) as amount, min(kind) as kind from (
        select id as document, currency, total as amount, 'invoice' as kind from invoice
            where company = $1 and coalesce(posted_on, issued_on) <= $2
        union all select id, currency, -total, 'credit-note' from credit_note
            where company = $1 and printed is null and coalesce(posted_on, issued_on) <= $2
        union all select a.payment, i.currency, -coalesce(a.invoice_amount, a.amount), 'payment' from allocation a
            join invoice i on i.company = a.company and i.id = a.invoice
            where a.company = $1 and a.effective_on <= $2
        union all select d.document, i.currency, -d.amount, d.kind from deduction d
            join invoice i on i.company = d.company and i.id = d.invoice
            where d.company = $1 and d.effective_on <= $2) m group by 1, 2),
books as (
    select e.document, l.currency, sum(l.debit - l.credit) as amount, min(e.id::text) as entry
    from journal_line l join account a on a.company = l.company and a.code = l.account and a.role = 'receivable'
    join journal_entry e on e.company = l.company and e.id = l.entry
    where l.company = $1 and e.posted_on <= $2 group by 1, 2)
select coalesce(s.document, b.document) as document, coalesce(s.currency, b.currency) as currency, s.kind,
    coalesce(s.amount, 0) as sub, coalesce(b.amount, 0) as booked, b.entry, i.series, i.fiscal_year, i.serial,
    i.stated_number
from sub s full join books b on b.document = s.document and b.currency = s.currency
left join invoice i on i.company = $1 and i.id = coalesce(s.document, b.document)
where coalesce(s.amount, 0) <> coalesce(b.amount, 0) order by 1, 2 limit 200
"""

# What every invoice has open by its own account against the movements that made it so.
ITEMS = """
select o.invoice as document, o.currency, o.open as sub,
    o.total
    - coalesce((select sum(coalesce(a.invoice_amount, a.amount)) from allocation a where a.invoice = o.invoice), 0)
    - coalesce((select sum(n.total) from credit_note n where n.invoice = o.invoice and n.printed is null), 0)
    - coalesce((select sum(d.amount) from deduction d where d.invoice = o.invoice), 0) as booked,
    i.series, i.fiscal_year, i.serial, i.stated_number
from open_item o join invoice i on i.company = o.company and i.id = o.invoice where o.company = $1
"""

DAYS = """
with lines as (
    select e.posted_on as day, l.currency, sum(l.debit - l.credit) as amount from journal_line l
    join account a on a.company = l.company and a.code = l.account and a.role = $3
    join journal_entry e on e.company = l.company and e.id = l.entry
    where l.company = $1 and e.posted_on <= $2 group by 1, 2),
sums as (
    select d.effective_on as day, d.currency, sum(d.debit - d.credit) as amount from account_day d
    join account a on a.company = d.company and a.code = d.account and a.role = $3
    where d.company = $1 and d.effective_on <= $2 group by 1, 2)
select day, currency, coalesce(l.amount, 0) as lines, coalesce(s.amount, 0) as sums
from lines l full join sums s using (day, currency) where coalesce(l.amount, 0) <> coalesce(s.amount, 0)
order by 1, 2 limit 200
"""


class Side(BaseModel):
    """Both sides in one currency, and in the company's own."""

    currency: str
    control_account: str
    sub_ledger: str
    difference: str
    base_control_account: str
    base_sub_ledger: str
    base_difference: str


class DocumentDifference(BaseModel):
    """A document of which the books say something else than it does itself."""

    document: str
    kind: str
    number: str | None
    currency: str
    booked: str
    sub_ledger: str
    difference: str
    entry: str | None


class DayDifference(BaseModel):
    """A day on which the balance of the control account is not the sum of its lines."""

    day: date
    currency: str
    lines: str
    balance: str


class ReconciliationAnswer(BaseModel):
    """Whether a sub-ledger equals its control account on a day; if not, where."""

    as_of: date
    holds: bool
    thorough: bool
    sides: list[Side]
    documents: list[DocumentDifference]
    days: list[DayDifference]


async def receivables(
    connection: asyncpg.Connection, company: str, as_of: date, *, thorough: bool
) -> ReconciliationAnswer:
    """Compare the totals, at the cost of some days' sums; look at every document where they differ, or when asked."""

    async def documents() -> list[DocumentDifference]:
        found = [document_of({**row}) for row in await connection.fetch(DOCUMENTS, company, as_of)]
        items = await connection.fetch(f"select * from ({ITEMS}) t where sub <> booked limit 200", company)
        return found + [document_of({**row, "kind": "open-item", "entry": None}) for row in items]

    return await reconciled(connection, company, as_of, RECEIVABLE, AGED, documents, thorough=thorough)


async def reconciled(
    connection: asyncpg.Connection,
    company: str,
    as_of: date,
    role: str,
    sub_ledger: str,
    documents: Callable[[], Awaitable[list[DocumentDifference]]],
    *,
    thorough: bool,
) -> ReconciliationAnswer:
    """The control account of a role against a sub-ledger's totals (a query for company and day), and where they are
    not equal, or when asked, the documents and days at fault.
    """
    own = await own_currency(connection, company)
    control = {row["currency"]: row for row in await connection.fetch(CONTROL, company, as_of, role)}
    totals = {row["currency"]: row for row in await connection.fetch(sub_ledger, company, as_of)}
    sides = [side_of(c, control.get(c), totals.get(c), own) for c in sorted({*control, *totals})]
    holds = all(side.difference == sum_text(0, side.currency) for side in sides)
    holds = holds and all(side.base_difference == sum_text(0, own) for side in sides)
    looks = thorough or not holds
    found = await documents() if looks else []
    days = [day_of(row) for row in await connection.fetch(DAYS, company, as_of, role)] if looks else []
    return ReconciliationAnswer(
        as_of=as_of,
        holds=holds and not found and not days,
        thorough=looks,
        sides=sides,
        documents=found,
        days=days,
    )


def side_of(currency: str, control: asyncpg.Record | None, aged: asyncpg.Record | None, own: str) -> Side:
    """Both sides in a currency."""
    there = (int(control["amount"]), int(control["base"])) if control is not None else (0, 0)
    here = (int(aged["amount"]), int(aged["base"])) if aged is not None else (0, 0)
    return Side(
        currency=currency,
        control_account=sum_text(there[0], currency),
        sub_ledger=sum_text(here[0], currency),
        difference=sum_text(there[0] - here[0], currency),
        base_control_account=sum_text(there[1], own),
        base_sub_ledger=sum_text(here[1], own),
        base_difference=sum_text(there[1] - here[1], own),
    )


def document_of(row: Mapping[str, object]) -> DocumentDifference:
    """A document that differs."""
    currency, sub, booked = str(row["currency"]), int(str(row["sub"])), int(str(row["booked"]))
    number = None
    if row["series"] is not None:
        stated = None if row["stated_number"] is None else str(row["stated_number"])
        number = told_number(str(row["series"]), int(str(row["fiscal_year"])), int(str(row["serial"])), stated)
    return DocumentDifference(
        document=str(row["document"]),
        kind=str(row["kind"] or "entry-without-document"),
        number=number,
        currency=currency,
        booked=sum_text(booked, currency),
        sub_ledger=sum_text(sub, currency),
        difference=sum_text(booked - sub, currency),
        entry=None if row["entry"] is None else str(row["entry"]),
    )


def day_of(row: asyncpg.Record) -> DayDifference:
    """A day that differs."""
    currency = row["currency"]
    return DayDifference(
        day=row["day"],
        currency=currency,
        lines=sum_text(int(row["lines"]), currency),
        balance=sum_text(int(row["sums"]), currency),
    )
