"""The SQL of shipments. Whoever changes a shipment or the lines of an order has locked the order first."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from typing import NamedTuple

import asyncpg

from chassis.ids import UUID
from services.inventory.domain.book import OrderKey, Stage
from services.inventory.domain.shipping import LineProgress, Portion, ShipmentState
from services.inventory.store.stock import columns

ShipmentKey = tuple[str, UUID]
"""Company and shipment."""

ADD_PAPERS = """
insert into order_paper (company, order_id, revision, body)
select * from unnest($1::text[], $2::uuid[], $3::int[], $4::bytea[])
"""

READ_PAPERS = """
select p.company, p.order_id, p.revision, p.body
from unnest($1::text[], $2::uuid[], $3::int[]) as x(company, order_id, revision)
cross join lateral (select * from order_paper v where v.company = x.company and v.order_id = x.order_id
    and v.revision in (1, x.revision) offset 0) p
"""

READ_LINES = """
select l.company, l.order_id, l.line, l.sku, l.quantity, coalesce(p.waiting, 0), coalesce(p.dropped, 0),
    coalesce(p.picked, 0), coalesce(p.shipped, 0), l.revision
from unnest($1::text[], $2::uuid[], $3::int[]) as x(company, order_id, revision)
cross join lateral (select * from reservation_line v where v.company = x.company and v.order_id = x.order_id
    and v.revision = x.revision order by v.line offset 0) l
left join line_progress p on p.company = l.company and p.order_id = l.order_id and p.revision = l.revision
    and p.line = l.line
"""

SAVE_LINES = """
insert into line_progress (company, order_id, revision, line, sku, quantity, waiting, dropped, picked, shipped)
select * from unnest($1::text[], $2::uuid[], $3::int[], $4::int[], $5::text[], $6::bigint[], $7::bigint[], $8::bigint[],
    $9::bigint[], $10::bigint[])
on conflict (company, order_id, revision, line) do update set waiting = excluded.waiting, dropped = excluded.dropped,
    picked = excluded.picked, shipped = excluded.shipped
"""

CLOSE_ORDERS = """
update reservation r set state = 'shipped' from unnest($1::text[], $2::uuid[]) as x(company, order_id)
where r.company = x.company and r.order_id = x.order_id
"""

READ_SHIPMENTS = """
select s.company, s.shipment, s.order_id, s.state, s.packages
from unnest($1::text[], $2::uuid[]) as x(company, shipment)
cross join lateral (select * from shipment v where v.company = x.company and v.shipment = x.shipment offset 0) s
"""

READ_PORTIONS = """
select l.company, l.shipment, l.line, l.sku, l.quantity from unnest($1::text[], $2::uuid[]) as x(company, shipment)
cross join lateral (select * from shipment_line v where v.company = x.company and v.shipment = x.shipment
    order by v.line offset 0) l
"""

ADD_SHIPMENTS = """
insert into shipment (company, shipment, order_id, revision, warehouse, state, picked_at)
select x.company, x.shipment, x.order_id, x.revision, x.warehouse, 'picked', $6
from unnest($1::text[], $2::uuid[], $3::uuid[], $4::int[], $5::text[])
    as x(company, shipment, order_id, revision, warehouse)
"""

ADD_PORTIONS = """
insert into shipment_line (company, shipment, line, sku, quantity)
select * from unnest($1::text[], $2::uuid[], $3::int[], $4::text[], $5::bigint[])
"""

PACK = """
update shipment s set state = 'packed', packages = x.packages, packed_at = $4
from unnest($1::text[], $2::uuid[], $3::int[]) as x(company, shipment, packages)
where s.company = x.company and s.shipment = x.shipment
"""

WITHDRAW = """
update shipment s set state = 'withdrawn', closed_at = $3 from unnest($1::text[], $2::uuid[]) as x(company, shipment)
where s.company = x.company and s.shipment = x.shipment
"""

READ_STAGES = """
select x.company, x.order_id, bool_or(s.state = 'shipped') from unnest($1::text[], $2::uuid[]) as x(company, order_id)
cross join lateral (select state from shipment v where v.company = x.company and v.order_id = x.order_id
    and v.state <> 'withdrawn' offset 0) s
group by 1, 2
"""

WITHDRAW_ORDERS = """
update shipment s set state = 'withdrawn', closed_at = $3 from unnest($1::text[], $2::uuid[]) as x(company, order_id)
where s.company = x.company and s.order_id = x.order_id and s.state in ('picked', 'packed')
"""

UNPICK_ORDERS = """
update line_progress p set picked = 0 from unnest($1::text[], $2::uuid[]) as x(company, order_id)
where p.company = x.company and p.order_id = x.order_id and p.picked > 0
"""

DISPATCH = """
update shipment s set state = 'shipped', closed_at = $8, number = x.number, dispatched_on = x.dispatched_on,
    carrier = x.carrier, tracking = x.tracking, complete = x.complete
from unnest($1::text[], $2::uuid[], $3::text[], $4::date[], $5::text[], $6::text[], $7::boolean[])
    as x(company, shipment, number, dispatched_on, carrier, tracking, complete)
where s.company = x.company and s.shipment = x.shipment
"""

TAKE_NUMBERS = """
insert into delivery_counter as c (company, year, last)
select x.company, x.year, x.wanted from unnest($1::text[], $2::int[], $3::bigint[]) as x(company, year, wanted)
on conflict (company, year) do update set last = c.last + excluded.last
returning c.company, c.year, c.last
"""


class ShipmentRow(NamedTuple):
    """How a shipment stands."""

    company: str
    shipment: UUID
    order: UUID
    state: ShipmentState
    packages: int | None


class DispatchRow(NamedTuple):
    """What is written of a shipment when it leaves."""

    company: str
    shipment: UUID
    number: str
    dispatched_on: date
    carrier: str | None
    tracking: str | None
    complete: bool


async def add_papers(connection: asyncpg.Connection, rows: Sequence[tuple[str, UUID, int, bytes]]) -> None:
    """Keep orders as they came: what they are called and where they go is printed when they leave."""
    await connection.execute(ADD_PAPERS, *columns(rows, 4))


async def read_papers(
    connection: asyncpg.Connection, orders: Mapping[OrderKey, int]
) -> dict[OrderKey, dict[int, bytes]]:
    """The orders as they came, and the revision that is named, by revision."""
    rows = [(*order, revision) for order, revision in sorted(orders.items())]
    found: dict[OrderKey, dict[int, bytes]] = {order: {} for order in orders}
    for company, order, revision, body in await connection.fetch(READ_PAPERS, *columns(rows, 3)):
        found[company, order][revision] = body
    return found


async def read_stages(connection: asyncpg.Connection, orders: Collection[OrderKey]) -> dict[OrderKey, Stage]:
    """How far the goods of these orders are; those of which nothing is picked are missing."""
    rows = await connection.fetch(READ_STAGES, *columns(sorted(orders), 2))
    return {(company, order): "shipped" if shipped else "picked" for company, order, shipped in rows}


async def withdraw_orders(connection: asyncpg.Connection, orders: Collection[OrderKey], now: datetime) -> None:
    """Whatever was picked for these orders goes back to the shelves."""
    await connection.execute(WITHDRAW_ORDERS, *columns(sorted(orders), 2), now)
    await connection.execute(UNPICK_ORDERS, *columns(sorted(orders), 2))


async def read_lines(
    connection: asyncpg.Connection, orders: Mapping[OrderKey, int]
) -> dict[OrderKey, list[LineProgress]]:
    """How far the lines of these orders are in the revision that is named, by number."""
    found: dict[OrderKey, list[LineProgress]] = {order: [] for order in orders}
    rows = [(*order, revision) for order, revision in sorted(orders.items())]
    for company, order, *line in await connection.fetch(READ_LINES, *columns(rows, 3)):
        found[company, order].append(LineProgress(*line))
    return found


async def save_lines(connection: asyncpg.Connection, rows: Mapping[tuple[OrderKey, int], LineProgress]) -> None:
    """Write how far these lines are; their orders are locked."""
    sorted_rows = [
        (*order, p.revision, line, p.sku, p.quantity, p.waiting, p.dropped, p.picked, p.shipped)
        for (order, line), p in sorted(rows.items())
    ]
    await connection.execute(SAVE_LINES, *columns(sorted_rows, 10))


async def close_orders(connection: asyncpg.Connection, orders: Collection[OrderKey]) -> None:
    """Nothing of these orders is left."""
    await connection.execute(CLOSE_ORDERS, *columns(sorted(orders), 2))


async def read_shipments(
    connection: asyncpg.Connection, shipments: Collection[ShipmentKey]
) -> dict[ShipmentKey, ShipmentRow]:
    """How these shipments stand; true for as long as their orders are locked."""
    rows = await connection.fetch(READ_SHIPMENTS, *columns(sorted(shipments), 2))
    return {(row[0], row[1]): ShipmentRow(*row) for row in rows}


async def read_portions(
    connection: asyncpg.Connection, shipments: Collection[ShipmentKey]
) -> dict[ShipmentKey, list[Portion]]:
    """What lies in these shipments, by line."""
    found: dict[ShipmentKey, list[Portion]] = {shipment: [] for shipment in shipments}
    for company, shipment, *portion in await connection.fetch(READ_PORTIONS, *columns(sorted(shipments), 2)):
        found[company, shipment].append(Portion(*portion))
    return found


async def add_shipments(
    connection: asyncpg.Connection,
    rows: Sequence[tuple[str, UUID, UUID, int, str]],
    portions: Sequence[tuple[str, UUID, int, str, int]],
    now: datetime,
) -> None:
    """Write picked shipments (company, shipment, order, revision, warehouse) with what lies in them."""
    await connection.execute(ADD_SHIPMENTS, *columns(rows, 5), now)
    await connection.execute(ADD_PORTIONS, *columns(portions, 5))


async def pack(connection: asyncpg.Connection, rows: Sequence[tuple[str, UUID, int | None]], now: datetime) -> None:
    """These shipments are in their parcels."""
    await connection.execute(PACK, *columns(rows, 3), now)


async def withdraw(connection: asyncpg.Connection, shipments: Collection[ShipmentKey], now: datetime) -> None:
    """These shipments go back to the shelves."""
    await connection.execute(WITHDRAW, *columns(sorted(shipments), 2), now)


async def dispatch(connection: asyncpg.Connection, rows: Sequence[DispatchRow], now: datetime) -> None:
    """These shipments have left."""
    await connection.execute(DISPATCH, *columns(rows, 7), now)


async def take_numbers(
    connection: asyncpg.Connection, wanted: Mapping[tuple[str, int], int]
) -> dict[tuple[str, int], int]:
    """Take so many delivery numbers per (company, year); the last one taken of each."""
    rows = [(*key, count) for key, count in sorted(wanted.items())]
    return {(company, year): last for company, year, last in await connection.fetch(TAKE_NUMBERS, *columns(rows, 3))}
