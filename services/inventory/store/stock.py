"""The SQL of inventory's write side. Every statement takes a whole batch; rows are locked in one fixed order.

Orders before stock, both sorted here: whoever locks several rows takes them in the same order as everybody else. Rows
are looked up one by one through their keys (`lateral`): a plain join lets the planner read a whole company's history
when statistics are missing, because row-level security names the company beside the key.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from typing import Literal, NamedTuple

import asyncpg
import orjson

from chassis.errors import Transient
from chassis.ids import UUID
from services.inventory.domain.book import OrderedLine, OrderKey, RefusalCode, ReleaseReason, Standing, State, StockKey
from services.inventory.domain.items import ItemTerms
from services.inventory.domain.quantities import DEFAULT_WAREHOUSE, TRANSIT

UNLIMITED = 10**18
MoveKind = Literal["receipt", "opening", "issue", "transfer-out", "transfer-in", "transit-loss", "count"]

Level = tuple[str, str, str]
"""Company, warehouse and sku: the key of one row of stock."""

LOCK_ORDERS = """
select r.company, r.order_id, r.state, r.revision, coalesce(r.code, r.release_reason) = 'order-cancelled' as over,
    r.parts
from unnest($1::text[], $2::uuid[]) as x(company, order_id)
cross join lateral (select * from reservation v where v.company = x.company and v.order_id = x.order_id for update) r
union all select company, null, null, null, null, null from credit_company where company = any($3::text[])
"""

LOCK_STOCK = """
select s.company, s.warehouse, s.sku, s.on_hand, s.reserved, s.negative_allowed, s.binned
from unnest($1::text[], $2::text[], $3::text[]) as x(company, warehouse, sku)
cross join lateral (select * from stock_level v
    where v.company = x.company and v.warehouse = x.warehouse and v.sku = x.sku for update) s
"""

CHANGE_STOCK = """
update stock_level s set on_hand = s.on_hand + x.moved, binned = s.binned + x.binned,
    reserved = s.reserved + x.reserved
from unnest($1::text[], $2::text[], $3::text[], $4::bigint[], $5::bigint[], $6::bigint[])
    as x(company, warehouse, sku, moved, reserved, binned)
cross join lateral (select v.ctid from stock_level v
    where v.company = x.company and v.warehouse = x.warehouse and v.sku = x.sku offset 0) t
where s.ctid = t.ctid
"""

SAVE_RESERVATIONS = """
insert into reservation as r (company, order_id, state, reservation, warehouse, code, detail, release_reason,
    decided_at, released_at, revision, parts)
select x.company, x.order_id, x.state, x.reservation, $4, x.code, x.detail, x.reason, x.decided_at, x.released_at,
    x.revision, x.parts
from unnest($1::text[], $2::uuid[], $3::text[], $5::uuid[], $6::text[], $7::text[], $8::text[], $9::timestamptz[],
            $10::timestamptz[], $11::int[], $12::int[])
    as x(company, order_id, state, reservation, code, detail, reason, decided_at, released_at, revision, parts)
on conflict (company, order_id) do update set state = excluded.state, code = excluded.code, detail = excluded.detail,
    release_reason = excluded.release_reason, reservation = excluded.reservation, revision = excluded.revision,
    parts = excluded.parts,
    decided_at = case when excluded.revision = r.revision then coalesce(r.decided_at, excluded.decided_at)
        else excluded.decided_at end,
    released_at = case when excluded.state = 'released' then coalesce(excluded.released_at, r.released_at) end
"""

ADD_LINES = """
insert into reservation_line (company, order_id, revision, line, sku, quantity)
select * from unnest($1::text[], $2::uuid[], $3::int[], $4::int[], $5::text[], $6::bigint[])
"""

KNOWN_ITEMS = """
select i.company, i.sku, i.name, i.unit, i.valuation, i.packagings::text, i.item
from unnest($1::text[], $2::text[]) as x(company, sku)
cross join lateral (select * from item v where v.company = x.company and v.sku = x.sku offset 0) i
"""

ADD_ITEMS = """
insert into item (company, sku, item, name, unit, valuation, packagings, defined_at)
select x.company, x.sku, x.item, x.name, x.unit, x.valuation, x.packagings::jsonb, $8
from unnest($1::text[], $2::text[], $3::uuid[], $4::text[], $5::text[], $6::text[], $7::text[])
    as x(company, sku, item, name, unit, valuation, packagings)
order by x.company, x.sku collate "C" on conflict do nothing
"""

ADD_POLICIES = """
insert into item_policy (company, sku) select x.company, x.sku from unnest($1::text[], $2::text[]) as x(company, sku)
order by x.company, x.sku collate "C" on conflict do nothing
"""
# A new level may what its item may; whoever changes that waits until the level is there, and finds it.
ADD_LEVELS = """
insert into stock_level (company, warehouse, sku, negative_allowed)
select x.company, x.warehouse, x.sku, x.warehouse <> $4 and coalesce((select p.negative_allowed from item_policy p
    where p.company = x.company and p.sku = x.sku for share), false)
from unnest($1::text[], $2::text[], $3::text[]) as x(company, warehouse, sku)
where not exists (select from stock_level v
    where v.company = x.company and v.warehouse = x.warehouse and v.sku = x.sku offset 0)
order by x.company, x.warehouse collate "C", x.sku collate "C" on conflict do nothing
"""

TAKEN_REFERENCES = """
select r.company, r.reference, r.receipt from unnest($1::text[], $2::text[]) as x(company, reference)
cross join lateral (
    select * from receipt v where v.company = x.company and v.reference = x.reference offset 0) r
"""

ADD_RECEIPTS = """
insert into receipt (company, receipt, reference, warehouse, received_on, recorded_at, actor, kind)
select x.company, x.receipt, x.reference, x.warehouse, x.received_on, $8, x.actor, x.kind
from unnest($1::text[], $2::uuid[], $3::text[], $4::text[], $5::date[], $6::text[], $7::text[])
    as x(company, receipt, reference, warehouse, received_on, actor, kind)
order by x.company, x.reference collate "C" on conflict on constraint receipt_reference_once do nothing
"""

ADD_MOVES = """
insert into stock_move (company, warehouse, sku, quantity, kind, document, line, effective_on, value,
    recorded_at)
select x.company, x.warehouse, x.sku, x.quantity, x.kind, x.document, x.line, x.effective_on, x.value, $10
from unnest($1::text[], $2::text[], $3::text[], $4::bigint[], $5::text[], $6::uuid[], $7::int[], $8::date[],
    $9::bigint[]) with ordinality
    as x(company, warehouse, sku, quantity, kind, document, line, effective_on, value, n)
order by x.n
"""


class StockRow(NamedTuple):
    """What is on hand of an item in a warehouse, and how much of it is reserved (micro-units)."""

    on_hand: int
    reserved: int
    negative_allowed: bool = False
    binned: int = 0
    """What of it lies in bins."""

    @property
    def free(self) -> int:
        """What can be promised: without an end where stock may go below zero."""
        return UNLIMITED if self.negative_allowed else self.on_hand - self.reserved


class LevelChange(NamedTuple):
    """By how much a stock level changes (micro-units)."""

    moved: int = 0
    reserved: int = 0
    binned: int = 0


class ReservationRow(NamedTuple):
    """How an order stands after a batch."""

    company: str
    order: UUID
    state: State
    reservation: UUID
    code: RefusalCode | None = None
    detail: str | None = None
    reason: ReleaseReason | None = None
    decided_at: datetime | None = None
    released_at: datetime | None = None
    revision: int = 1
    parts: int = 1


class ItemRow(NamedTuple):
    """An item that is to be added."""

    company: str
    sku: str
    item: UUID
    name: str
    unit: str
    valuation: str
    packagings: str
    """JSON: what one of each holds of the base unit, in micro-units."""


class ReceiptRow(NamedTuple):
    """A receipt that is to be added."""

    company: str
    receipt: UUID
    reference: str
    warehouse: str
    received_on: date
    actor: str
    kind: str


class MoveRow(NamedTuple):
    """A stock move that is to be added."""

    company: str
    warehouse: str
    sku: str
    quantity: int
    kind: MoveKind
    document: UUID
    line: int
    effective_on: date
    value: int | None = None
    """In minor units; None when nobody values the item, or when it only changes its place."""


async def lock_orders(connection: asyncpg.Connection, orders: Collection[OrderKey]) -> dict[OrderKey, Standing]:
    """How these orders stand, without their lines; those that were never heard of are missing."""
    return (await lock_orders_and_askers(connection, orders))[0]


async def lock_orders_and_askers(
    connection: asyncpg.Connection, orders: Collection[OrderKey]
) -> tuple[dict[OrderKey, Standing], set[str]]:
    """How these orders stand, and those of their companies whose orders wait for credit: in one statement."""
    rows = await connection.fetch(LOCK_ORDERS, *columns(sorted(orders), 2), sorted({company for company, _ in orders}))
    standing = {
        (company, order): Standing(state, (), revision, over=bool(over), parts=parts)
        for company, order, state, revision, over, parts in rows
        if order is not None
    }
    return standing, {row[0] for row in rows if row[1] is None}


async def lock_stock(connection: asyncpg.Connection, levels: Collection[Level]) -> dict[Level, StockRow]:
    """Stock levels under lock until the commit. A level that does not exist is missing."""
    rows = await connection.fetch(LOCK_STOCK, *columns(sorted(levels), 3))
    return {(company, warehouse, sku): StockRow(*rest) for company, warehouse, sku, *rest in rows}


async def lock_free_stock(connection: asyncpg.Connection, items: Collection[StockKey]) -> dict[StockKey, int]:
    """What is free of these items where orders are served from, under lock; unknown items are missing."""
    stock = await lock_stock(connection, [(company, DEFAULT_WAREHOUSE, sku) for company, sku in items])
    return {(company, sku): row.free for (company, _, sku), row in stock.items()}


async def change_reserved(connection: asyncpg.Connection, changes: Mapping[StockKey, int]) -> None:
    """Add to what is reserved in the warehouse that orders are served from; the rows are locked already."""
    await change_stock(connection, {(c, DEFAULT_WAREHOUSE, s): LevelChange(0, n) for (c, s), n in changes.items()})


async def change_stock(connection: asyncpg.Connection, changes: Mapping[Level, LevelChange]) -> None:
    """Add to stock levels; the rows are locked already."""
    rows = [(*level, *change) for level, change in changes.items()]
    await connection.execute(CHANGE_STOCK, *columns(rows, 6))


async def save_reservations(connection: asyncpg.Connection, rows: Collection[ReservationRow]) -> None:
    """Write how orders stand now, those that are new and those that are known."""
    company, order, state, *rest = columns(rows, 11)
    await connection.execute(SAVE_RESERVATIONS, company, order, state, DEFAULT_WAREHOUSE, *rest)


async def add_reserved_lines(
    connection: asyncpg.Connection, reserved: Sequence[tuple[OrderKey, int, Sequence[OrderedLine]]]
) -> None:
    """Write what each order holds for which revision."""
    rows = [(*order, revision, *line) for order, revision, lines in reserved for line in lines]
    await connection.execute(ADD_LINES, *columns(rows, 6))


async def known_items(
    connection: asyncpg.Connection, items: Collection[StockKey]
) -> dict[StockKey, tuple[ItemTerms, UUID]]:
    """Terms and id of those of these items that exist."""
    rows = await connection.fetch(KNOWN_ITEMS, *columns(items, 2))
    return {
        (company, sku): (ItemTerms(sku, name, unit, valuation, _packagings(held)), item)
        for company, sku, name, unit, valuation, held, item in rows
    }


async def add_items(connection: asyncpg.Connection, rows: Sequence[ItemRow], now: datetime) -> None:
    """Write new items, each with an empty stock level, so that there is a row to lock from the start.

    Raises Transient when another transaction defined one of them meanwhile.
    """
    tag = await connection.execute(ADD_ITEMS, *columns(rows, 7), now)
    all_written(tag, rows, "an item")
    await connection.execute(ADD_POLICIES, *columns([(row.company, row.sku) for row in rows], 2))
    await add_levels(connection, [(row.company, DEFAULT_WAREHOUSE, row.sku) for row in rows])


async def add_levels(connection: asyncpg.Connection, levels: Collection[Level]) -> None:
    """Make sure that these levels exist, at zero, so that they can be locked."""
    await connection.execute(ADD_LEVELS, *columns(levels, 3), TRANSIT)


async def taken_references(
    connection: asyncpg.Connection, references: Collection[tuple[str, str]]
) -> dict[tuple[str, str], UUID]:
    """Which receipts bear these (company, reference) already."""
    rows = await connection.fetch(TAKEN_REFERENCES, *columns(references, 2))
    return {(company, reference): receipt for company, reference, receipt in rows}


async def add_receipts(connection: asyncpg.Connection, rows: Sequence[ReceiptRow], now: datetime) -> None:
    """Write receipts. Raises Transient when another transaction took one of their references meanwhile."""
    tag = await connection.execute(ADD_RECEIPTS, *columns(rows, 7), now)
    all_written(tag, rows, "a receipt")


async def add_moves(connection: asyncpg.Connection, rows: Sequence[MoveRow], now: datetime) -> None:
    """Append stock moves, in their order."""
    await connection.execute(ADD_MOVES, *columns(rows, 9), now)


def _packagings(text: str) -> tuple[tuple[str, int], ...]:
    return () if text == "{}" else tuple(sorted(orjson.loads(text).items()))


def columns(rows: Collection[Sequence[object]], width: int) -> list[list[object]]:
    """Rows as the columns that `unnest` takes."""
    return [list(column) for column in zip(*rows, strict=True)] if rows else [[] for _ in range(width)]


def all_written(tag: str, rows: Sequence[object], what: str) -> None:
    """Raise Transient when another transaction has written one of these rows meanwhile."""
    if int(tag.rpartition(" ")[2]) != len(rows):
        raise Transient(f"another transaction has written {what} of the same name")
