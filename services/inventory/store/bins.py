"""The SQL of bins. Bins of an item in a warehouse are read and changed under the lock of its stock level."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from typing import Literal, NamedTuple

import asyncpg

from chassis.ids import UUID
from services.inventory.domain.bins import PickFrom, Taken
from services.inventory.store.shipping import ShipmentKey
from services.inventory.store.stock import Level, all_written, columns

BinKey = tuple[str, str, str, str]
"""Company, warehouse, sku and bin: the key of what lies in a bin of an item."""
BinPlace = tuple[str, str, str]
"""Company, warehouse and bin."""
BinMoveKind = Literal[
    "receipt", "opening", "move", "pick", "withdrawal", "count", "transfer-out", "transfer-in"
]  # fmt: skip

NAMES = """
select b.company, b.warehouse, b.bin, b.name
from unnest($1::text[], $2::text[], $3::text[]) as x(company, warehouse, bin)
cross join lateral (
    select * from bin v where v.company = x.company and v.warehouse = x.warehouse and v.bin = x.bin offset 0) b
"""
ADD = """
insert into bin (company, warehouse, bin, name, defined_at)
select x.company, x.warehouse, x.bin, x.name, $5
from unnest($1::text[], $2::text[], $3::text[], $4::text[]) as x(company, warehouse, bin, name)
order by x.company, x.warehouse collate "C", x.bin collate "C" on conflict do nothing
"""
READ = """
select b.company, b.warehouse, b.sku, b.bin, b.on_hand
from unnest($1::text[], $2::text[], $3::text[]) as x(company, warehouse, sku)
cross join lateral (select * from bin_level v where v.company = x.company and v.warehouse = x.warehouse
    and v.sku = x.sku offset 0) b
"""
# Picked, and not gone: on a packing table, promised to its order.
STAGED = """
select s.company, s.warehouse, l.sku, sum(l.quantity)::bigint
from shipment s join shipment_line l on l.company = s.company and l.shipment = s.shipment
join unnest($1::text[], $2::text[], $3::text[]) as x(company, warehouse, sku)
    on x.company = s.company and x.warehouse = s.warehouse and x.sku = l.sku
where s.state in ('picked', 'packed') group by 1, 2, 3
"""
# How little each bin held at any instant after the end of a day: back from what there is now.
LOWEST_LATER = """
select x.company, x.warehouse, x.sku, x.bin, x.after, min(b.there)::bigint
from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::date[]) as x(company, warehouse, sku, bin, after)
join bin_level s on s.company = x.company and s.warehouse = x.warehouse and s.sku = x.sku and s.bin = x.bin
cross join lateral (select s.on_hand - sum(m.quantity) over (order by m.effective_on desc, m.move desc) as there
    from bin_move m where m.company = x.company and m.warehouse = x.warehouse and m.sku = x.sku and m.bin = x.bin
    and m.effective_on > x.after) b
group by 1, 2, 3, 4, 5
"""
MOVED_SINCE = """
select x.company, x.warehouse, x.sku, x.bin, x.after, sum(m.quantity)::bigint
from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::date[]) as x(company, warehouse, sku, bin, after)
join bin_move m on m.company = x.company and m.warehouse = x.warehouse and m.sku = x.sku and m.bin = x.bin
    and m.effective_on > x.after
group by 1, 2, 3, 4, 5
"""
ADD_LEVELS = """
insert into bin_level (company, warehouse, sku, bin)
select * from unnest($1::text[], $2::text[], $3::text[], $4::text[]) on conflict do nothing
"""
CHANGE = """
update bin_level b set on_hand = b.on_hand + x.moved
from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::bigint[]) as x(company, warehouse, sku, bin, moved)
where b.company = x.company and b.warehouse = x.warehouse and b.sku = x.sku and b.bin = x.bin
"""
ADD_MOVES = """
insert into bin_move (company, warehouse, sku, bin, quantity, kind, document, line, effective_on, recorded_at)
select x.company, x.warehouse, x.sku, x.bin, x.quantity, x.kind, x.document, x.line, x.effective_on, $10
from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::bigint[], $6::text[], $7::uuid[], $8::int[],
    $9::date[]) with ordinality
    as x(company, warehouse, sku, bin, quantity, kind, document, line, effective_on, n)
order by x.n
"""
READ_POLICIES = "select company, pick_from from bin_policy where company = any($1::text[])"
SAVE_POLICIES = """
insert into bin_policy (company, pick_from) select * from unnest($1::text[], $2::text[])
on conflict (company) do update set pick_from = excluded.pick_from
"""
ADD_PICKED = """
insert into shipment_bin (company, shipment, line, bin, quantity)
select * from unnest($1::text[], $2::uuid[], $3::int[], $4::text[], $5::bigint[])
"""
READ_PICKED = """
select b.company, b.shipment, b.line, b.bin, b.quantity from unnest($1::text[], $2::uuid[]) as x(company, shipment)
cross join lateral (select * from shipment_bin v where v.company = x.company and v.shipment = x.shipment
    order by v.line, v.bin offset 0) b
"""


class BinMove(NamedTuple):
    """A change of what lies in a bin, in micro-units."""

    company: str
    warehouse: str
    sku: str
    bin: str
    quantity: int
    kind: BinMoveKind
    document: UUID
    line: int
    effective_on: date


async def bin_names(connection: asyncpg.Connection, asked: Collection[BinPlace]) -> dict[BinPlace, str]:
    """What these bins are called; unknown ones are missing."""
    rows = await connection.fetch(NAMES, *columns(sorted(asked), 3))
    return {(company, warehouse, code): name for company, warehouse, code, name in rows}


async def add_bins(connection: asyncpg.Connection, rows: Sequence[tuple[str, str, str, str]], now: datetime) -> None:
    """Write (company, warehouse, bin, name). Raises Transient when another transaction defined one meanwhile."""
    all_written(await connection.execute(ADD, *columns(sorted(rows), 4), now), rows, "a bin")


async def read_bins(connection: asyncpg.Connection, levels: Collection[Level]) -> dict[BinKey, int]:
    """What lies in the bins of these items."""
    rows = await connection.fetch(READ, *columns(sorted(levels), 3))
    return {(company, warehouse, sku, code): there for company, warehouse, sku, code, there in rows}


async def read_staged(connection: asyncpg.Connection, levels: Collection[Level]) -> dict[Level, int]:
    """What is picked of these items and has not left."""
    rows = await connection.fetch(STAGED, *columns(sorted(levels), 3))
    return {(company, warehouse, sku): staged for company, warehouse, sku, staged in rows}


async def lowest_later(
    connection: asyncpg.Connection, after: Collection[tuple[BinKey, date]]
) -> dict[tuple[BinKey, date], int]:
    """The least that a bin held at any instant after each day; those without later moves are missing."""
    rows = await connection.fetch(LOWEST_LATER, *columns([(*key, day) for key, day in sorted(after)], 5))
    return {((company, warehouse, sku, code), day): lowest for company, warehouse, sku, code, day, lowest in rows}


async def moved_since(
    connection: asyncpg.Connection, days: Collection[tuple[BinKey, date]]
) -> dict[tuple[BinKey, date], int]:
    """What came to bins, or went, after the end of each day; those without later moves are missing."""
    rows = await connection.fetch(MOVED_SINCE, *columns([(*key, day) for key, day in sorted(days)], 5))
    return {((company, warehouse, sku, code), day): moved for company, warehouse, sku, code, day, moved in rows}


async def change_bins(connection: asyncpg.Connection, changes: Mapping[BinKey, int]) -> None:
    """Add to what lies in bins; their stock levels are locked."""
    rows = [(*key, change) for key, change in sorted(changes.items())]
    await connection.execute(ADD_LEVELS, *columns([row[:4] for row in rows], 4))
    await connection.execute(CHANGE, *columns(rows, 5))


async def add_moves(connection: asyncpg.Connection, rows: Sequence[BinMove], now: datetime) -> None:
    """Append moves, in their order."""
    await connection.execute(ADD_MOVES, *columns(rows, 9), now)


async def read_policies(connection: asyncpg.Connection, companies: Collection[str]) -> dict[str, PickFrom]:
    """In which order bins are picked from; companies that said nothing are missing."""
    return {row["company"]: row["pick_from"] for row in await connection.fetch(READ_POLICIES, sorted(companies))}


async def save_policies(connection: asyncpg.Connection, rows: Mapping[str, PickFrom]) -> None:
    """Write in which order bins are picked from."""
    await connection.execute(SAVE_POLICIES, *columns(sorted(rows.items()), 2))


async def add_picked(connection: asyncpg.Connection, rows: Sequence[tuple[str, UUID, int, str, int]]) -> None:
    """Keep from which bins the lines of shipments were taken: (company, shipment, line, bin, quantity)."""
    await connection.execute(ADD_PICKED, *columns(rows, 5))


async def read_picked(
    connection: asyncpg.Connection, shipments: Collection[ShipmentKey]
) -> dict[ShipmentKey, dict[int, list[Taken]]]:
    """From which bins the lines of these shipments were taken; those of which nothing was are missing."""
    found: dict[ShipmentKey, dict[int, list[Taken]]] = {}
    for company, shipment, line, code, quantity in await connection.fetch(READ_PICKED, *columns(sorted(shipments), 2)):
        found.setdefault((company, shipment), {}).setdefault(line, []).append(Taken(code, quantity))
    return found
