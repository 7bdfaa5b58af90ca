"""Orders on their way to an invoice: terms and reservation meet in one narrow row, whichever comes first."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

import asyncpg

from chassis.ids import UUID
from services.ledger.commands import RecordChange, RecordTerms

INSERT_TERMS = """
insert into order_terms (company, order_id, revision, body)
select * from unnest($1::text[], $2::uuid[], $3::int[], $4::bytea[])
on conflict do nothing
"""

READ_TERMS = """
select t.company, t.order_id, t.revision, t.body
from unnest($1::text[], $2::uuid[], $3::int[]) as x(company, order_id, revision)
cross join lateral (select * from order_terms o
    where o.company = x.company and o.order_id = x.order_id and o.revision = x.revision offset 0) t
"""

# A reservation is only kept while it has to wait for its terms. Whether the company asks for credit is looked at once
# per statement, and anew: what was read before this transaction had its turn may not know yet.
MEET = """
insert into order_to_bill as o (company, order_id, revision, has_terms, reserved_at, reservation, closed)
select * from unnest($1::text[], $2::uuid[], $3::int[], $4::boolean[], $5::timestamptz[], $6::bytea[], $7::text[])
on conflict (company, order_id, revision) do update set
    has_terms = o.has_terms or excluded.has_terms,
    reserved_at = coalesce(o.reserved_at, excluded.reserved_at),
    reservation = case when o.has_terms then null else coalesce(o.reservation, excluded.reservation) end,
    closed = coalesce(o.closed, excluded.closed)
returning new.company, new.order_id, new.revision, new.reserved_at, old.reservation,
    coalesce(old.has_terms, false) as had_terms,
    new.has_terms and new.reserved_at is not null and new.closed is null
    and not (coalesce(old.has_terms, false) and old.reserved_at is not null) as complete,
    new.has_terms and old.has_terms is distinct from true and new.reserved_at is null and new.closed is null as open,
    coalesce(new.company = any((select array_agg(company) from company_policy where credit_check)::text[]), false)
        as answered
"""

INSERT_REFUSALS = """
insert into billing_refusal (company, order_id, revision, code, detail, pointer)
select * from unnest($1::text[], $2::uuid[], $3::int[], $4::text[], $5::text[], $6::text[])
on conflict do nothing
"""

SHIPPED = """
select s.company, s.order_id, s.revision, s.shipment, s.lines
from unnest($1::text[], $2::uuid[], $3::int[]) as x(company, order_id, revision)
cross join lateral (select * from order_shipment o
    where o.company = x.company and o.order_id = x.order_id and o.revision = x.revision offset 0) s
"""

INSERT_SHIPMENTS = """
insert into order_shipment (company, order_id, revision, shipment, part, lines)
select * from unnest($1::text[], $2::uuid[], $3::int[], $4::uuid[], $5::int[], $6::bytea[])
"""

LATEST_RESERVED = """
select r.company, r.order_id, r.revision, r.parts from unnest($1::text[], $2::uuid[]) as x(company, order_id)
cross join lateral (select * from order_to_bill o where o.company = x.company and o.order_id = x.order_id
    and o.reserved_at is not null order by o.revision desc limit 1) r
"""

READ_PARTS = """
select b.company, b.order_id, b.revision, b.parts
from unnest($1::text[], $2::uuid[], $3::int[]) as x(company, order_id, revision)
cross join lateral (select * from order_to_bill o
    where o.company = x.company and o.order_id = x.order_id and o.revision = x.revision offset 0) b
"""

# The rows are there: an upsert finds them by their key whatever the planner knows, a join with an update need not.
NOTE_PARTS = """
insert into order_to_bill as o (company, order_id, revision, has_terms, parts)
select x.company, x.order_id, x.revision, false, max(x.part)
from unnest($1::text[], $2::uuid[], $3::int[], $4::int[]) as x(company, order_id, revision, part)
group by 1, 2, 3
on conflict (company, order_id, revision) do update set parts = greatest(o.parts, excluded.parts)
"""

NOTE_UNBILLED = """
insert into order_to_bill as o (company, order_id, revision, has_terms, unbilled)
select x.company, x.order_id, x.revision, false, x.unbilled
from unnest($1::text[], $2::uuid[], $3::int[], $4::boolean[]) as x(company, order_id, revision, unbilled)
on conflict (company, order_id, revision) do update set unbilled = excluded.unbilled
where o.unbilled is distinct from excluded.unbilled
"""

# By the index of what is open: its condition is said as it is there. A cancelled order is over in all its revisions.
OPEN = """
select o.company, o.order_id, o.revision, o.parts, o.reserved_at is null and o.unbilled is null as undecided, t.body
from order_to_bill o
cross join lateral (select body from order_terms t where t.company = o.company and t.order_id = o.order_id
    and t.revision = o.revision offset 0) t
where o.company = any($1::text[]) and o.has_terms and o.closed is null and coalesce(o.unbilled, o.reserved_at is null)
    and not exists (select from order_to_bill c where c.company = o.company and c.order_id = o.order_id
        and c.closed = 'cancelled')
    and ($2::text is null or convert_from(t.body, 'UTF8')::jsonb #>> '{customer,id}' = $2)
order by o.company, o.order_id, o.revision
"""

BILLED = """
select x.company, x.order_id, x.revision, sum(coalesce(i.base_total, i.total))::bigint
from unnest($1::text[], $2::uuid[], $3::int[], $4::uuid[]) as x(company, order_id, revision, invoice)
cross join lateral (select * from open_item c where c.company = x.company and c.invoice = x.invoice offset 0) i
group by x.company, x.order_id, x.revision
"""

EARLY = """
select coalesce(sum(case when w.base_amount is null then w.unapplied
    else floor(w.unapplied::numeric * w.base_amount / w.amount) end), 0)::bigint
from unnest($2::uuid[]) as x(order_id)
cross join lateral (select * from unapplied_cash c where c.order_id = x.order_id and c.company = $1
    and c.unapplied > 0 and c.customer_id is null offset 0) w
"""

OrderRevision = tuple[str, UUID, int]
"""Company, order and revision."""
ShipmentRow = tuple[str, UUID, int, UUID, int, bytes]
"""Company, order, revision, shipment, the how-manieth it is, and its lines as they are kept."""


class Arrival(NamedTuple):
    """What one event adds to an order's row."""

    company: str
    order: UUID
    revision: int
    has_terms: bool = False
    reserved_at: datetime | None = None
    reservation: bytes | None = None
    closed: str | None = None


async def insert_terms(connection: asyncpg.Connection, terms: Iterable[RecordTerms | RecordChange]) -> None:
    """Keep the terms of orders and of their revisions. The first ones of a revision count."""
    rows = [(t.company, t.order, t.revision, t.body) for t in terms]
    await connection.execute(INSERT_TERMS, *zip(*rows, strict=True))


async def read_terms(connection: asyncpg.Connection, orders: Iterable[OrderRevision]) -> dict[OrderRevision, bytes]:
    """The terms of these revisions."""
    rows = await connection.fetch(READ_TERMS, *zip(*orders, strict=True))
    return {(company, order, revision): body for company, order, revision, body in rows}


async def meet(connection: asyncpg.Connection, arrivals: Sequence[Arrival]) -> dict[OrderRevision, asyncpg.Record]:
    """Add what came to the rows; each answers whether it became complete just now, which is the time to bill.

    A revision of an order occurs once in `arrivals`. A row is complete once in its life, so a revision is billed once.
    """
    rows = await connection.fetch(MEET, *zip(*arrivals, strict=True))
    return {(row["company"], row["order_id"], row["revision"]): row for row in rows}


async def latest_reserved(
    connection: asyncpg.Connection, orders: Iterable[tuple[str, UUID]]
) -> dict[tuple[str, UUID], tuple[int, int]]:
    """The last revision that stock was reserved for, and in how many parts, of those of these orders that have one."""
    columns = list(zip(*orders, strict=True)) or [(), ()]
    return {
        (company, order): (last, parts)
        for company, order, last, parts in await connection.fetch(LATEST_RESERVED, *columns)
    }


async def note_parts(connection: asyncpg.Connection, parts: Iterable[tuple[str, UUID, int, int]]) -> None:
    """Keep how many parts (company, order, revision, part) there are of these."""
    await connection.execute(NOTE_PARTS, *zip(*parts, strict=True))


async def read_parts(connection: asyncpg.Connection, orders: Iterable[OrderRevision]) -> dict[OrderRevision, int]:
    """How many parts there are of these revisions, of those that have come here."""
    rows = await connection.fetch(READ_PARTS, *zip(*orders, strict=True))
    return {(company, order, revision): parts for company, order, revision, parts in rows}


async def note_unbilled(connection: asyncpg.Connection, revisions: Mapping[OrderRevision, bool]) -> None:
    """Keep of these whether more of them will be invoiced: what was reserved is taken for invoiced otherwise."""
    rows = [(*key, more) for key, more in revisions.items()]
    await connection.execute(NOTE_UNBILLED, *zip(*rows, strict=True))


async def read_open(
    connection: asyncpg.Connection, companies: Collection[str], customer: str | None
) -> list[asyncpg.Record]:
    """The revisions of orders of which something is to be invoiced still; of a customer, or of all."""
    return await connection.fetch(OPEN, sorted(companies), customer)


async def read_billed(
    connection: asyncpg.Connection, invoices: Sequence[tuple[str, UUID, int, UUID]]
) -> dict[OrderRevision, int]:
    """What these revisions were invoiced for, in their company's own currency."""
    rows = await connection.fetch(BILLED, *zip(*invoices, strict=True))
    return {(company, order, revision): amount for company, order, revision, amount in rows}


async def read_early(connection: asyncpg.Connection, company: str, orders: Collection[UUID]) -> int:
    """Money for these orders that pays nothing yet and does not say whose it is, in the company's own currency."""
    return await connection.fetchval(EARLY, company, sorted(orders))  # type: ignore[no-any-return]


async def read_shipped(connection: asyncpg.Connection, orders: Iterable[OrderRevision]) -> list[asyncpg.Record]:
    """What has left of these revisions so far, by shipment."""
    return await connection.fetch(SHIPPED, *zip(*orders, strict=True))


async def insert_shipments(connection: asyncpg.Connection, rows: Iterable[ShipmentRow]) -> None:
    """Keep what has left."""
    await connection.execute(INSERT_SHIPMENTS, *zip(*rows, strict=True))


async def insert_refusals(
    connection: asyncpg.Connection, refusals: Iterable[tuple[str, UUID, int, str, str, str | None]]
) -> None:
    """Remember which orders cannot be billed, and why."""
    await connection.execute(INSERT_REFUSALS, *zip(*refusals, strict=True))
