"""The SQL of warehouses, and of what a place allows."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime

import asyncpg

from services.inventory.domain.book import StockKey
from services.inventory.domain.quantities import DEFAULT_WAREHOUSE, TRANSIT
from services.inventory.store.stock import Level, all_written, columns

KNOWN = """
select w.company, w.code from unnest($1::text[], $2::text[]) as x(company, code)
cross join lateral (select * from warehouse v where v.company = x.company and v.code = x.code offset 0) w
"""
NAMES = """
select w.company, w.code, w.name from unnest($1::text[], $2::text[]) as x(company, code)
cross join lateral (select * from warehouse v where v.company = x.company and v.code = x.code offset 0) w
"""
ADD = """
insert into warehouse (company, code, name, defined_at)
select x.company, x.code, x.name, $4 from unnest($1::text[], $2::text[], $3::text[]) as x(company, code, name)
order by x.company, x.code collate "C" on conflict do nothing
"""
ALLOW = """
update stock_level s set negative_allowed = x.allowed, negative_own = x.own
from unnest($1::text[], $2::text[], $3::text[], $4::boolean[], $5::boolean[])
    as x(company, warehouse, sku, allowed, own)
where s.company = x.company and s.warehouse = x.warehouse and s.sku = x.sku
"""
LOCK_POLICIES = """
select p.company, p.sku, p.negative_allowed from unnest($1::text[], $2::text[]) as x(company, sku)
cross join lateral (select * from item_policy v where v.company = x.company and v.sku = x.sku for update) p
"""
SET_POLICIES = """
insert into item_policy (company, sku, negative_allowed)
select x.* from unnest($1::text[], $2::text[], $3::boolean[]) as x(company, sku, allowed)
on conflict (company, sku) do update set negative_allowed = excluded.negative_allowed
"""
LEVELS_OF = """
select s.company, s.warehouse, s.sku, s.negative_own from unnest($1::text[], $2::text[]) as x(company, sku)
cross join lateral (select * from stock_level v where v.company = x.company and v.sku = x.sku and v.warehouse <> $3
    offset 0) s
"""
# How low each level was, or will have been, at any instant after the end of a day: back from what there is now.
LOWEST_LATER = """
select x.company, x.warehouse, x.sku, x.after, min(b.there)::bigint
from unnest($1::text[], $2::text[], $3::text[], $4::date[]) as x(company, warehouse, sku, after)
cross join lateral (select * from stock_level v
    where v.company = x.company and v.warehouse = x.warehouse and v.sku = x.sku offset 0) s
cross join lateral (select s.on_hand - sum(m.quantity) over (order by m.effective_on desc, m.move desc) as there
    from stock_move m where m.company = x.company and m.warehouse = x.warehouse and m.sku = x.sku
    and m.effective_on > x.after) b
group by 1, 2, 3, 4
"""
# What came and went after the end of a day.
MOVED_SINCE = """
select x.company, x.warehouse, x.sku, x.after, sum(m.quantity)::bigint
from unnest($1::text[], $2::text[], $3::text[], $4::date[]) as x(company, warehouse, sku, after)
join stock_move m on m.company = x.company and m.warehouse = x.warehouse and m.sku = x.sku and m.effective_on > x.after
group by 1, 2, 3, 4
"""


async def known_warehouses(connection: asyncpg.Connection, asked: Collection[tuple[str, str]]) -> set[tuple[str, str]]:
    """Those of these (company, code) that exist; every company has the one that orders are served from."""
    others = sorted(place for place in asked if place[1] != DEFAULT_WAREHOUSE)
    found = {place for place in asked if place[1] == DEFAULT_WAREHOUSE}
    if others:
        found |= {(company, code) for company, code in await connection.fetch(KNOWN, *columns(others, 2))}
    return found


async def warehouse_names(
    connection: asyncpg.Connection, asked: Collection[tuple[str, str]]
) -> dict[tuple[str, str], str]:
    """What these warehouses are called."""
    rows = await connection.fetch(NAMES, *columns(sorted(asked), 2))
    return {(company, code): name for company, code, name in rows}


async def add_warehouses(connection: asyncpg.Connection, rows: Sequence[tuple[str, str, str]], now: datetime) -> None:
    """Write (company, code, name). Raises Transient when another transaction defined one of them meanwhile."""
    all_written(await connection.execute(ADD, *columns(sorted(rows), 3), now), rows, "a warehouse")


async def allow_negative(connection: asyncpg.Connection, rows: Mapping[Level, tuple[bool, bool]]) -> None:
    """Let levels go below zero, or not any more, and whether that is said of the warehouse; they are locked."""
    await connection.execute(ALLOW, *columns([(*level, *said) for level, said in sorted(rows.items())], 5))


async def lock_policies(connection: asyncpg.Connection, items: Collection[StockKey]) -> dict[StockKey, bool]:
    """Whether these items may go below zero where nothing else is said, under lock."""
    rows = await connection.fetch(LOCK_POLICIES, *columns(sorted(items), 2))
    return {(company, sku): allowed for company, sku, allowed in rows}


async def set_policies(connection: asyncpg.Connection, rows: Mapping[StockKey, bool]) -> None:
    """Let items go below zero, or not any more; they are locked."""
    await connection.execute(SET_POLICIES, *columns([(*item, allowed) for item, allowed in sorted(rows.items())], 3))


async def levels_of(connection: asyncpg.Connection, items: Collection[StockKey]) -> dict[Level, bool]:
    """Every level of these items but what is on its way, and whether its warehouse has a word of its own."""
    rows = await connection.fetch(LEVELS_OF, *columns(sorted(items), 2), TRANSIT)
    return {(company, warehouse, sku): own for company, warehouse, sku, own in rows}


async def lowest_later(
    connection: asyncpg.Connection, after: Collection[tuple[Level, date]]
) -> dict[tuple[Level, date], int]:
    """The least that was on hand at any instant after each day; levels without later moves are missing."""
    rows = await connection.fetch(LOWEST_LATER, *columns([(*level, day) for level, day in sorted(after)], 4))
    return {((company, warehouse, sku), day): lowest for company, warehouse, sku, day, lowest in rows}


async def moved_since(
    connection: asyncpg.Connection, days: Collection[tuple[Level, date]]
) -> dict[tuple[Level, date], int]:
    """What came (above zero) or went after the end of each day; levels without later moves are missing."""
    rows = await connection.fetch(MOVED_SINCE, *columns([(*level, day) for level, day in sorted(days)], 4))
    return {((company, warehouse, sku), day): moved for company, warehouse, sku, day, moved in rows}
