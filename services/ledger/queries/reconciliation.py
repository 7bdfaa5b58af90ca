"""Sub-ledgers against their control account: equal on every day, or the exact documents where they are not."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import date

import asyncpg
from pydantic import BaseModel

from contracts.money import sum_text
from services.ledger.domain.numbering import told_number
from services.ledger.queries.own_currency import own_currency

RECEIVABLE, UNAPPLIED_CASH = "receivable", "unapplied_cash"
CONTROL = """
select d.currency, sum(d.debit - d.credit) as amount, sum(d.base_debit - d.base_credit) as base from account_day d
join account a on a.company = d.company and a.code = d.account and a.role = $3
where d.company = $1 and d.effective_on <= $2 group by 1
"""

AGED = """
select currency, sum(amount) as amount, sum(base) as base from receivable_day
where company = $1 and effective_on <= $2 group by 1
"""

# What the books say of every document. What it is worth by itself is what its own entries say: what a person posts onto
# the account beside them is worth more than that, also where nothing moves in the document's currency.
BOOKED = """
select e.document, l.currency, sum(l.debit - l.credit) as amount, min(e.id::text) as entry,
    sum(coalesce(l.base, l.debit - l.credit)) as base,
    coalesce(sum(coalesce(l.base, l.debit - l.credit)) filter (where e.journal <> 'general'), 0) as own_base
from journal_line l join account a on a.company = l.company and a.code = l.account and a.role = $3
join journal_entry e on e.company = l.company and e.id = l.entry
where l.company = $1 and e.posted_on <= $2 group by 1, 2
"""

# Every document's own account of itself against what the books say of it.
DOCUMENTS = f"""
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
    select * from ({BOOKED}) l)
select coalesce(s.document, b.document) as document, coalesce(s.currency, b.currency) as currency, s.kind,
    coalesce(s.amount, 0) as sub, coalesce(b.amount, 0) as booked, b.entry, i.series, i.fiscal_year, i.serial,
    i.stated_number, coalesce(b.own_base, 0) as base_sub, coalesce(b.base, 0) as base_booked
from sub s full join books b on b.document = s.document and b.currency = s.currency
left join invoice i on i.company = $1 and i.id = coalesce(s.document, b.document)
where coalesce(s.amount, 0) <> coalesce(b.amount, 0) or b.base <> b.own_base order by 1, 2 limit 200
"""

# What payments have left by now, less what their own entries did after the day: as cheap as the day is near. On the
# account it is owed, so it is below zero; its worth is the share of what is left, rounded as it was booked.
LEFT = """
select currency, sum(amount) as amount, sum(base) as base from (
    select currency, -unapplied as amount, -case when base_amount is null then unapplied
        else div(2 * base_amount::numeric * unapplied + amount, 2 * amount::numeric) end as base
    from unapplied_cash where company = $1 and unapplied > 0
    union all
    select l.currency, l.credit - l.debit, -coalesce(l.base, l.debit - l.credit)
    from journal_entry e
    join journal_line l on l.company = e.company and l.entry = e.id
    join account a on a.company = l.company and a.code = l.account and a.role = 'unapplied_cash'
    where e.company = $1 and e.posted_on > $2 and e.journal <> 'general') m group by 1
"""

# Every payment's own account of what is left of it, against what the books say of it. A receipt counts from the day
# on which it is posted.
PAYMENTS = f"""
with sub as (
    select p.id as document, p.currency, sum(m.amount) as amount from payment p
    cross join lateral (
        select -p.amount as amount where (select min(e.posted_on) from journal_entry e where e.document = p.id) <= $2
        union all select a.amount from allocation a
            where a.company = $1 and a.payment = p.id and a.effective_on <= $2
        union all select r.amount from refund r
            where r.company = $1 and r.payment = p.id and r.state = 'approved' and r.refund_on <= $2
        union all select p.amount from bounce b join journal_entry e on e.company = b.company and e.id = b.entry
            where b.company = $1 and b.payment = p.id and e.posted_on <= $2) m
    where p.company = $1 group by 1, 2),
books as (
    select * from ({BOOKED}) l)
select coalesce(s.document, b.document) as document, coalesce(s.currency, b.currency) as currency,
    case when s.document is not null then 'unapplied-cash' end as kind,
    coalesce(s.amount, 0) as sub, coalesce(b.amount, 0) as booked, b.entry, null as series,
    coalesce(b.own_base, 0) as base_sub, coalesce(b.base, 0) as base_booked
from sub s full join books b on b.document = s.document and b.currency = s.currency
where coalesce(s.amount, 0) <> coalesce(b.amount, 0) or b.base <> b.own_base order by 1, 2 limit 200
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
    select e.posted_on as day, l.currency, sum(l.debit - l.credit) as amount,
        sum(coalesce(l.base, l.debit - l.credit)) as base from journal_line l
    join account a on a.company = l.company and a.code = l.account and a.role = $3
    join journal_entry e on e.company = l.company and e.id = l.entry
    where l.company = $1 and e.posted_on <= $2 group by 1, 2),
sums as (
    select d.effective_on as day, d.currency, sum(d.debit - d.credit) as amount,
        sum(d.base_debit - d.base_credit) as base from account_day d
    join account a on a.company = d.company and a.code = d.account and a.role = $3
    where d.company = $1 and d.effective_on <= $2 group by 1, 2)
select day, currency, coalesce(l.amount, 0) as lines, coalesce(s.amount, 0) as sums,
    coalesce(l.base, 0) as base_lines, coalesce(s.base, 0) as base_sums
from lines l full join sums s using (day, currency)
where coalesce(l.amount, 0) <> coalesce(s.amount, 0) or coalesce(l.base, 0) <> coalesce(s.base, 0)
order by 1, 2 limit 200
"""


class Side(BaseModel):
    """Both sides in one currency, and in the company's own. A balance that is owed is below zero."""

    role: str
    """Of the control account."""
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
    base_difference: str
    """What differs in the company's own currency."""
    entry: str | None


class DayDifference(BaseModel):
    """A day on which the balance of the control account is not the sum of its lines."""

    day: date
    currency: str
    lines: str
    balance: str
    base_lines: str
    base_balance: str


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
    """Compare the totals of what customers owe and of what is left of their money, at the cost of some days' sums; look
    at every document where they differ, or when asked.
    """
    own = await own_currency(connection, company)

    async def documents() -> list[DocumentDifference]:
        found = [document_of({**row}, own) for row in await connection.fetch(DOCUMENTS, company, as_of, RECEIVABLE)]
        items = await connection.fetch(f"select * from ({ITEMS}) t where sub <> booked limit 200", company)
        return found + [document_of({**row, "kind": "open-item", "entry": None}, own) for row in items]

    async def payments() -> list[DocumentDifference]:
        rows = await connection.fetch(PAYMENTS, company, as_of, UNAPPLIED_CASH)
        return [document_of({**row}, own) for row in rows]

    owed = await reconciled(connection, company, as_of, RECEIVABLE, AGED, documents, thorough=thorough)
    left = await reconciled(connection, company, as_of, UNAPPLIED_CASH, LEFT, payments, thorough=thorough)
    return ReconciliationAnswer(
        as_of=as_of,
        holds=owed.holds and left.holds,
        thorough=owed.thorough and left.thorough,
        sides=owed.sides + left.sides,
        documents=owed.documents + left.documents,
        days=owed.days + left.days,
    )


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
    sides = [side_of(role, c, control.get(c), totals.get(c), own) for c in sorted({*control, *totals})]
    holds = all(side.difference == sum_text(0, side.currency) for side in sides)
    holds = holds and all(side.base_difference == sum_text(0, own) for side in sides)
    looks = thorough or not holds
    found = await documents() if looks else []
    days = [day_of(row, own) for row in await connection.fetch(DAYS, company, as_of, role)] if looks else []
    return ReconciliationAnswer(
        as_of=as_of,
        holds=holds and not found and not days,
        thorough=looks,
        sides=sides,
        documents=found,
        days=days,
    )


def side_of(role: str, currency: str, control: asyncpg.Record | None, aged: asyncpg.Record | None, own: str) -> Side:
    """Both sides in a currency."""
    there = (int(control["amount"]), int(control["base"])) if control is not None else (0, 0)
    here = (int(aged["amount"]), int(aged["base"])) if aged is not None else (0, 0)
    return Side(
        role=role,
        currency=currency,
        control_account=sum_text(there[0], currency),
        sub_ledger=sum_text(here[0], currency),
        difference=sum_text(there[0] - here[0], currency),
        base_control_account=sum_text(there[1], own),
        base_sub_ledger=sum_text(here[1], own),
        base_difference=sum_text(there[1] - here[1], own),
    )


def document_of(row: Mapping[str, object], own: str) -> DocumentDifference:
    """A document that differs; `own` is the company's currency."""
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
        base_difference=sum_text(int(str(row.get("base_booked", 0))) - int(str(row.get("base_sub", 0))), own),
        entry=None if row["entry"] is None else str(row["entry"]),
    )


def day_of(row: asyncpg.Record, own: str) -> DayDifference:
    """A day that differs."""
    currency = row["currency"]
    return DayDifference(
        day=row["day"],
        currency=currency,
        lines=sum_text(int(row["lines"]), currency),
        balance=sum_text(int(row["sums"]), currency),
        base_lines=sum_text(int(row["base_lines"]), own),
        base_balance=sum_text(int(row["base_sums"]), own),
    )
