"""Money that shall go back, or went, and who decided about it."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal, NamedTuple

import asyncpg
from pydantic import BaseModel

from chassis.ids import UUID
from contracts.money import from_minor
from services.ledger.queries.conditions import Amounts, Conditions, Days

RefundState = Literal["requested", "approved", "rejected"]

# Each names its payment, whose customer may have become known after the refund was asked for.
FOUND = """
select r.* from refund r
cross join lateral (select customer_id from unapplied_cash w
    where w.company = r.company and w.payment = r.payment offset 0) u
where true
"""
# A page goes on behind a refund that it names: of one moment there may be several.
BEHIND = "(r.at, r.id) > (select b.at, b.id from refund b where b.company = r.company and b.id = {})"


class RefundAnswer(BaseModel):
    """Unapplied money that shall go back, or went, and who decided about it."""

    refund: str
    payment: str
    amount: str
    currency: str
    reason: str
    refund_on: date
    state: RefundState
    requested_by: str
    """The person: on whose behalf a system asked, else who asked."""
    requested_at: datetime
    decided_by: str | None
    decided_at: datetime | None
    entry: str | None


class RefundsAnswer(BaseModel):
    """A page of refunds, the oldest wish first. `next` goes into `after` for the page that follows."""

    refunds: list[RefundAnswer]
    next: str | None


class RefundFilter(NamedTuple):
    """What refunds are searched by; None asks for nothing."""

    state: RefundState | None = None
    payment: UUID | None = None
    customer: str | None = None
    refund_on: Days = Days()
    amount: Amounts = Amounts()


async def search(
    connection: asyncpg.Connection, company: str, wanted: RefundFilter, *, after: UUID | None, limit: int
) -> RefundsAnswer:
    """Refunds that fit all that is named, in the order in which they were asked for.

    Raises AmountError for what is no amount of the currency.
    """
    asked = Conditions()
    asked.add("r.company = {}", company)
    asked.add("r.state = {}", wanted.state)
    asked.add("r.payment = {}", wanted.payment)
    asked.add("u.customer_id = {}", wanted.customer)
    asked.within("r.refund_on", wanted.refund_on)
    await asked.over(connection, company, "r", "amount", wanted.amount)
    asked.add(BEHIND, after)
    query = f"{FOUND} and {asked.where} order by r.at, r.id limit {asked.bound(limit + 1)}"
    rows = await connection.fetch(query, *asked.values)
    found = [_answer(row) for row in rows[:limit]]
    return RefundsAnswer(refunds=found, next=found[-1].refund if len(rows) > limit else None)


async def one(connection: asyncpg.Connection, company: str, refund: UUID) -> RefundAnswer | None:
    """The refund, or None."""
    row = await connection.fetchrow("select * from refund where company = $1 and id = $2", company, refund)
    return None if row is None else _answer(row)


def _answer(row: asyncpg.Record) -> RefundAnswer:
    return RefundAnswer(
        refund=str(row["id"]),
        payment=str(row["payment"]),
        amount=from_minor(row["amount"], row["currency"]),
        currency=row["currency"],
        reason=row["reason"],
        refund_on=row["refund_on"],
        state=row["state"],
        requested_by=row["requested_by"],
        requested_at=row["at"],
        decided_by=row["decided_by"],
        decided_at=row["decided_at"],
        entry=None if row["entry"] is None else str(row["entry"]),
    )
