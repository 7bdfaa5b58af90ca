"""Which orders wait for credit, and how a customer stands."""

from __future__ import annotations

from datetime import date, datetime

import asyncpg
from pydantic import BaseModel

from chassis.ids import UUID
from contracts.money import sum_text
from services.ledger.queries.own_currency import own_currency
from services.ledger.store import credit as store

HELD = """
select c.*, t.reference, e.currency from order_credit c join legal_entity e on e.company = c.company
cross join lateral (select convert_from(body, 'UTF8')::jsonb ->> 'reference' as reference from order_terms o
    where o.company = c.company and o.order_id = c.order_id and o.revision = 1 offset 0) t
where c.company = $1 and c.state = 'held' and ($2::text is null or c.customer_id = $2)
    and ($3::uuid is null or (c.asked_at, c.order_id) > (select a.asked_at, a.order_id from order_credit a
        where a.company = $1 and a.order_id = $3 order by a.revision desc limit 1))
order by c.asked_at, c.order_id limit $4
"""


class HeldAnswer(BaseModel):
    """An order that waits for credit; exposure and limit as they were when it was asked about."""

    order: str
    reference: str | None
    revision: int
    customer: str
    currency: str
    amount: str
    exposure: str
    limit: str | None
    asked_at: datetime


class HoldsAnswer(BaseModel):
    """The oldest first, and where the next page begins."""

    holds: list[HeldAnswer]
    next: str | None


class LimitAnswer(BaseModel):
    """A limit as it was agreed, and what it is worth in the company's own currency; null is without a rate."""

    currency: str
    amount: str
    worth: str | None


class CreditAnswer(BaseModel):
    """How a customer stands, in the company's own currency; without a limit all passes, and of limits in several
    currencies the strictest holds.
    """

    customer: str
    currency: str
    as_of: date
    owed: str
    unapplied: str
    ordered: str
    exposure: str
    limit: str | None
    available: str | None
    limits: list[LimitAnswer]


async def holds(
    connection: asyncpg.Connection, company: str, customer: str | None, after: UUID | None, limit: int
) -> HoldsAnswer:
    """Orders that wait for credit."""
    rows = await connection.fetch(HELD, company, customer, after, limit + 1)
    held = [
        HeldAnswer(
            order=str(row["order_id"]),
            reference=row["reference"],
            revision=row["revision"],
            customer=row["customer_id"],
            currency=row["currency"],
            amount=sum_text(row["amount"], row["currency"]),
            exposure=sum_text(row["exposure"], row["currency"]),
            limit=None if row["credit_limit"] is None else sum_text(row["credit_limit"], row["currency"]),
            asked_at=row["asked_at"],
        )
        for row in rows[:limit]
    ]
    return HoldsAnswer(holds=held, next=held[-1].order if len(rows) > limit else None)


async def standing(
    connection: asyncpg.Connection, company: str, customer: str, on: date, unasked: tuple[int, int]
) -> CreditAnswer:
    """How a customer stands now, against the limit of a day; `unasked` is what was ordered, and
    came for it in advance, where nobody had to ask.
    """
    currency = await own_currency(connection, company)
    found = (await store.exposures(connection, {(company, customer): (currency, on)}))[company, customer]
    found.ordered += unasked[0]
    found.unapplied += unasked[1]
    return CreditAnswer(
        customer=customer,
        currency=currency,
        as_of=on,
        owed=sum_text(found.owed, currency),
        unapplied=sum_text(found.unapplied, currency),
        ordered=sum_text(found.ordered, currency),
        exposure=sum_text(found.total, currency),
        limit=None if found.limit is None else sum_text(found.limit, currency),
        available=None if found.limit is None else sum_text(max(0, found.limit - found.total), currency),
        limits=[
            LimitAnswer(
                currency=name,
                amount=sum_text(limit.amount, name),
                worth=None if limit.worth is None else sum_text(limit.worth, currency),
            )
            for name, limit in sorted(found.limits.items())
        ],
    )
