"""What customers owe as of any day, by how long it is overdue; from dated movements, never from the present state."""

from __future__ import annotations

from collections import defaultdict
from datetime import date

import asyncpg
from pydantic import BaseModel

from contracts.money import from_minor, sum_text
from services.ledger.domain.numbering import told_number
from services.ledger.queries.own_currency import own_currency

BUCKETS = ("not_due", "days_1_30", "days_31_60", "days_61_90", "days_over_90")
LIMITS = (0, 30, 60, 90)
"""The last day overdue of each bucket but the last."""

# Its cost follows the number of days that something was due and moved on, not the number of invoices.
TOTALS = """
select currency, least(greatest($2::date - due_on, 0), 91) as overdue, sum(amount) as amount, sum(base) as base
from receivable_day where company = $1 and effective_on <= $2 group by 1, 2 having sum(amount) <> 0 or sum(base) <> 0
"""

# From one customer to the next by the index, so that a page costs what its customers have, whoever else there is.
CUSTOMERS = """
with recursive next as (
    (select customer_id from invoice where customer_id > $1 order by customer_id limit 1)
    union all
    select (select v.customer_id from invoice v where v.customer_id > n.customer_id order by v.customer_id limit 1)
    from next n where n.customer_id is not null)
select customer_id from next where customer_id is not null limit $2
"""

# A document counts from the day on which it is posted: another one than its own where that was closed by then.
ITEMS = """
select i.customer_id, i.customer_name, i.id, i.series, i.fiscal_year, i.serial, i.stated_number, i.currency,
    i.issued_on, i.due_on,
    i.total, o.open
from unnest($1::text[]) as x(customer_id)
cross join lateral (select * from invoice v where v.customer_id = x.customer_id offset 0) i
cross join lateral (select case when coalesce(i.posted_on, i.issued_on) <= $2 then i.total else 0 end
    - coalesce((select sum(coalesce(a.invoice_amount, a.amount)) from allocation a
        where a.invoice = i.id and a.effective_on <= $2), 0)
    - coalesce((select sum(n.total) from credit_note n
        where n.invoice = i.id and n.printed is null and coalesce(n.posted_on, n.issued_on) <= $2), 0)
    - coalesce((select sum(d.amount) from deduction d where d.invoice = i.id and d.effective_on <= $2), 0) as open) o
where o.open <> 0 order by i.customer_id, i.due_on, i.id
"""


class Buckets(BaseModel):
    """What is owed in a currency, by days overdue; what is due on the day itself or later is not due."""

    currency: str
    not_due: str
    days_1_30: str
    days_31_60: str
    days_61_90: str
    days_over_90: str
    total: str


class AgeingTotals(Buckets):
    """The same with what all of it was worth in the company's own currency on the days of its invoices."""

    base_total: str


class AgedItem(BaseModel):
    """An invoice that was open on the day."""

    invoice: str
    number: str
    issued_on: date
    due_on: date
    days_overdue: int
    currency: str
    total: str
    open: str


class CustomerAgeing(BaseModel):
    """What one customer owed on the day."""

    customer: str
    customer_name: str
    buckets: list[Buckets]
    items: list[AgedItem]


class AgeingAnswer(BaseModel):
    """What all customers owed on a day: the totals per currency, and in the company's own."""

    as_of: date
    currency: str
    totals: list[AgeingTotals]
    base_total: str


class CustomersAgeingAnswer(BaseModel):
    """A page of customers in the order of their ids; those who owed nothing are left out. `next` goes into `after`."""

    as_of: date
    customers: list[CustomerAgeing]
    next: str | None


async def totals(connection: asyncpg.Connection, company: str, as_of: date) -> AgeingAnswer:
    """All customers together."""
    own = await own_currency(connection, company)
    sums: defaultdict[str, list[int]] = defaultdict(lambda: [0] * len(BUCKETS))
    worth: defaultdict[str, int] = defaultdict(int)
    for currency, overdue, amount, base in await connection.fetch(TOTALS, company, as_of):
        sums[currency][bucket_of(overdue)] += int(amount)
        worth[currency] += int(base)
    rows = [
        AgeingTotals(**_texts(currency, parts), base_total=sum_text(worth[currency], own))
        for currency, parts in sorted(sums.items())
    ]
    return AgeingAnswer(as_of=as_of, currency=own, totals=rows, base_total=sum_text(sum(worth.values()), own))


async def customers(connection: asyncpg.Connection, as_of: date, *, after: str, limit: int) -> CustomersAgeingAnswer:
    """Customer by customer, with the invoices that were open."""
    names = [row[0] for row in await connection.fetch(CUSTOMERS, after, limit + 1)]
    found = await of_customers(connection, names[:limit], as_of)
    return CustomersAgeingAnswer(as_of=as_of, customers=found, next=names[limit - 1] if len(names) > limit else None)


async def of_customers(connection: asyncpg.Connection, names: list[str], as_of: date) -> list[CustomerAgeing]:
    """What these customers owed, of those who owed something."""
    rows: defaultdict[str, list[asyncpg.Record]] = defaultdict(list)
    for row in await connection.fetch(ITEMS, names, as_of):
        rows[row["customer_id"]].append(row)
    return [_customer(items, as_of) for items in rows.values()]


def bucket_of(days_overdue: int) -> int:
    """Which bucket so many days overdue fall in."""
    return next((place for place, last in enumerate(LIMITS) if days_overdue <= last), len(LIMITS))


def _customer(items: list[asyncpg.Record], as_of: date) -> CustomerAgeing:
    sums: defaultdict[str, list[int]] = defaultdict(lambda: [0] * len(BUCKETS))
    for row in items:
        sums[row["currency"]][bucket_of((as_of - row["due_on"]).days)] += int(row["open"])
    return CustomerAgeing(
        customer=items[0]["customer_id"],
        customer_name=items[-1]["customer_name"],
        buckets=[Buckets(**_texts(currency, parts)) for currency, parts in sorted(sums.items())],
        items=[_item(row, as_of) for row in items],
    )


def _item(row: asyncpg.Record, as_of: date) -> AgedItem:
    currency = row["currency"]
    return AgedItem(
        invoice=str(row["id"]),
        number=told_number(row["series"], row["fiscal_year"], row["serial"], row["stated_number"]),
        issued_on=row["issued_on"],
        due_on=row["due_on"],
        days_overdue=max(0, (as_of - row["due_on"]).days),
        currency=currency,
        total=from_minor(row["total"], currency),
        open=sum_text(int(row["open"]), currency),
    )


def _texts(currency: str, parts: list[int]) -> dict[str, str]:
    named = {name: sum_text(part, currency) for name, part in zip(BUCKETS, parts, strict=True)}
    return {"currency": currency, **named, "total": sum_text(sum(parts), currency)}
