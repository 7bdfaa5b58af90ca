"""Customers as they are on a day, and how they came to be so."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import asyncpg
import orjson
from pydantic import BaseModel

from contracts.money import from_minor

# The newest change of each kind with effect on the day: the latest day, and of one day the last recorded.
FOUND = """
select c.code, s.* from customer c
cross join lateral (
    select (array_agg(name order by valid_from desc, number desc) filter (where name is not null))[1] as name,
        (array_agg(language order by valid_from desc, number desc) filter (where language is not null))[1] as language,
        (array_agg(address order by valid_from desc, number desc) filter (where address is not null))[1] as address,
        (array_agg(vat_number order by valid_from desc, number desc)
            filter (where vat_number is not null))[1] as vat_number,
        (array_agg(net_days order by valid_from desc, number desc) filter (where net_days is not null))[1] as net_days,
        (array_agg(discount order by valid_from desc, number desc) filter (where net_days is not null))[1] as discount,
        (array_agg(discount_days order by valid_from desc, number desc)
            filter (where net_days is not null))[1] as discount_days,
        (array_agg(price_list order by valid_from desc, number desc)
            filter (where price_list is not null))[1] as price_list
    from customer_change h where h.company = c.company and h.customer = c.code and h.valid_from <= $2 offset 0) s
where c.company = $1 and s.name is not null
"""

LIMITS = """
select distinct on (customer, currency) customer, currency, amount from credit_limit
where company = $1 and customer = any($2::text[]) and valid_from <= $3
order by customer, currency, valid_from desc, number desc
"""

TODAY = "select (now() at time zone time_zone)::date from legal_entity where company = $1"

CHANGES = "select * from customer_change where company = $1 and customer = $2 order by number"

CHANGED_LIMITS = """
select number, currency, amount from credit_limit where company = $1 and customer = $2 order by number, currency
"""


class DiscountAnswer(BaseModel):
    """What may be deducted by who pays early."""

    rate: str
    days: int


class TermsAnswer(BaseModel):
    """When an invoice is due."""

    net_days: int
    discount: DiscountAnswer | None


class LimitAnswer(BaseModel):
    """How much a customer may owe in a currency; null is no limit."""

    currency: str
    amount: str | None


class CustomerSummary(BaseModel):
    """A customer as it is on a day; without terms those of the company hold."""

    customer: str
    name: str
    language: str
    address: dict[str, Any]
    vat_number: str | None
    terms: TermsAnswer | None
    credit_limits: list[LimitAnswer]
    price_list: str | None
    """Its own, where it has one; else the usual list of the company holds."""


class CustomersAnswer(BaseModel):
    """A page of customers by code. `next` goes into `after` for the page that follows."""

    as_of: date
    customers: list[CustomerSummary]
    next: str | None


class ChangeAnswer(BaseModel):
    """What was said to be different from a day on; null is what stayed."""

    change: int
    valid_from: date
    recorded_at: datetime
    name: str | None
    language: str | None
    address: dict[str, Any] | None
    vat_number: str | None
    terms: TermsAnswer | None
    credit_limits: list[LimitAnswer]
    price_list: str | None


class CustomerAnswer(CustomerSummary):
    """A customer as it is on a day, with everything that ever changed, in the order of recording."""

    as_of: date
    changes: list[ChangeAnswer]


async def search(
    connection: asyncpg.Connection,
    company: str,
    *,
    name: str | None,
    vat_number: str | None,
    as_of: date | None,
    after: str | None,
    limit: int,
) -> CustomersAnswer:
    """Customers that fit all that is named; pages do not shift when others are added."""
    day = as_of or await _today(connection, company)
    arguments: list[object] = [company, day]
    query = FOUND
    for condition, value in (
        ("strpos(lower(s.name), lower(${})) > 0", name),
        ("s.vat_number = ${}", vat_number),
        ("c.code > ${}", after),
    ):
        if value is not None:
            arguments.append(value)
            query += " and " + condition.format(len(arguments))
    arguments.append(limit + 1)
    rows = await connection.fetch(f"{query} order by c.code limit ${len(arguments)}", *arguments)
    found = await _summaries(connection, company, rows[:limit], day)
    return CustomersAnswer(
        as_of=day,
        customers=[CustomerSummary(**summary) for summary in found],
        next=rows[limit - 1]["code"] if len(rows) > limit else None,
    )


async def one(connection: asyncpg.Connection, company: str, customer: str, as_of: date | None) -> CustomerAnswer | None:
    """The customer, or None: also when it was not known with effect on the day."""
    day = as_of or await _today(connection, company)
    rows = await connection.fetch(f"{FOUND} and c.code = $3", company, day, customer)
    if not rows:
        return None
    (summary,) = await _summaries(connection, company, rows, day)
    limits: dict[int, list[LimitAnswer]] = {}
    for number, currency, amount in await connection.fetch(CHANGED_LIMITS, company, customer):
        limits.setdefault(number, []).append(_limit(currency, amount))
    changes = [
        ChangeAnswer(
            change=row["number"],
            valid_from=row["valid_from"],
            recorded_at=row["at"],
            credit_limits=limits.get(row["number"], []),
            **_details(row),
        )
        for row in await connection.fetch(CHANGES, company, customer)
    ]
    return CustomerAnswer(**summary, as_of=day, changes=changes)


async def _today(connection: asyncpg.Connection, company: str) -> date:
    today: date = await connection.fetchval(TODAY, company)
    return today


async def _summaries(
    connection: asyncpg.Connection, company: str, rows: list[asyncpg.Record], day: date
) -> list[dict[str, Any]]:
    limits: dict[str, list[LimitAnswer]] = {row["code"]: [] for row in rows}
    for customer, currency, amount in await connection.fetch(LIMITS, company, list(limits), day):
        if amount is not None:
            limits[customer].append(_limit(currency, amount))
    return [
        _details(row) | {
            "customer": row["code"], "vat_number": row["vat_number"] or None, "credit_limits": limits[row["code"]],
            "price_list": row["price_list"] or None,
        }
        for row in rows
    ]  # fmt: skip


def _details(row: asyncpg.Record) -> dict[str, Any]:
    terms = None
    if row["net_days"] is not None:
        discount = None if row["discount"] is None else DiscountAnswer(rate=row["discount"], days=row["discount_days"])
        terms = TermsAnswer(net_days=row["net_days"], discount=discount)
    address = None if row["address"] is None else orjson.loads(row["address"])
    return {name: row[name] for name in ("name", "language", "vat_number", "price_list")} | {
        "address": address,
        "terms": terms,
    }


def _limit(currency: str, amount: int | None) -> LimitAnswer:
    return LimitAnswer(currency=currency, amount=None if amount is None else from_minor(amount, currency))
