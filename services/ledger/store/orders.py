"""Orders on their way to an invoice: terms and reservation meet in one narrow row, whichever comes first."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

import asyncpg

from chassis.ids import UUID
from services.ledger.commands import RecordTerms

INSERT_TERMS = """
insert into order_terms (company, order_id, body) select * from unnest($1::text[], $2::uuid[], $3::bytea[])
on conflict do nothing
"""

READ_TERMS = """
select t.company, t.order_id, t.body from unnest($1::text[], $2::uuid[]) as x(company, order_id)
cross join lateral (select * from order_terms o where o.company = x.company and o.order_id = x.order_id offset 0) t
"""

# A reservation is only kept while it has to wait for its terms.
MEET = """
insert into order_to_bill as o (company, order_id, has_terms, reserved_at, reservation, closed)
select * from unnest($1::text[], $2::uuid[], $3::boolean[], $4::timestamptz[], $5::bytea[], $6::text[])
on conflict (company, order_id) do update set
    has_terms = o.has_terms or excluded.has_terms,
    reserved_at = coalesce(o.reserved_at, excluded.reserved_at),
    reservation = case when o.has_terms then null else coalesce(o.reservation, excluded.reservation) end,
    closed = coalesce(o.closed, excluded.closed)
returning new.company, new.order_id, new.reserved_at, old.reservation, coalesce(old.has_terms, false) as had_terms,
    new.has_terms and new.reserved_at is not null and new.closed is null
    and not (coalesce(old.has_terms, false) and old.reserved_at is not null) as complete
"""

INSERT_REFUSALS = """
insert into billing_refusal (company, order_id, code, detail, pointer)
select * from unnest($1::text[], $2::uuid[], $3::text[], $4::text[], $5::text[])
"""


class Arrival(NamedTuple):
    """What one event adds to an order's row."""

    company: str
    order: UUID
    has_terms: bool
    reserved_at: datetime | None
    reservation: bytes | None
    closed: str | None


async def insert_terms(connection: asyncpg.Connection, terms: Iterable[RecordTerms]) -> None:
    """Keep the orders' bodies as they came. The first one of an order counts."""
    rows = [(t.company, t.order, t.body) for t in terms]
    await connection.execute(INSERT_TERMS, *zip(*rows, strict=True))


async def read_terms(
    connection: asyncpg.Connection, orders: Iterable[tuple[str, UUID]]
) -> dict[tuple[str, UUID], bytes]:
    """The bodies of these orders."""
    rows = await connection.fetch(READ_TERMS, *zip(*orders, strict=True))
    return {(company, order): body for company, order, body in rows}


async def meet(connection: asyncpg.Connection, arrivals: Sequence[Arrival]) -> dict[tuple[str, UUID], asyncpg.Record]:
    """Add what came to the orders' rows; each answers whether it became complete just now, which is the time to bill.

    An order occurs once in `arrivals`. A row is complete once in its life, so an order is billed once.
    """
    rows = await connection.fetch(MEET, *zip(*arrivals, strict=True))
    return {(row["company"], row["order_id"]): row for row in rows}


async def insert_refusals(
    connection: asyncpg.Connection, refusals: Iterable[tuple[str, UUID, str, str, str | None]]
) -> None:
    """Remember which orders cannot be billed, and why."""
    await connection.execute(INSERT_REFUSALS, *zip(*refusals, strict=True))
