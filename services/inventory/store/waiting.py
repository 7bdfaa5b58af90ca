"""The SQL of orders that wait for goods.

Who gives something to them holds the stock rows already, and so sees everybody who waits for those. Their orders are
locked after that, against the usual order, so without waiting: who is busy elsewhere gets nothing this time.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

import asyncpg

from chassis.ids import UUID
from services.inventory.domain.book import OrderKey, StockKey, Wish
from services.inventory.domain.waiting import Given, WaitingLine
from services.inventory.store.stock import columns

ADD_WISHES = """
insert into order_wish (company, order_id, if_short, priority, reserve_until)
select * from unnest($1::text[], $2::uuid[], $3::text[], $4::smallint[], $5::timestamptz[]) on conflict do nothing
"""

READ_WISHES = """
select w.company, w.order_id, w.if_short, w.priority, w.reserve_until
from unnest($1::text[], $2::uuid[]) as x(company, order_id)
cross join lateral (select * from order_wish v where v.company = x.company and v.order_id = x.order_id offset 0) w
"""

LOCK_WAITING = """
select w.company, w.order_id, w.revision, w.line, w.sku, w.waiting, w.before, r.reservation, r.parts
from unnest($1::text[], $2::text[]) as x(company, sku)
cross join lateral (
    select p.*, p.quantity - p.waiting - p.dropped as before, coalesce(h.priority, 0) as priority, o.decided_at
    from line_progress p
    join reservation o on o.company = p.company and o.order_id = p.order_id and o.revision = p.revision
        and o.state = 'reserved'
    left join order_wish h on h.company = p.company and h.order_id = p.order_id
    where p.company = x.company and p.sku = x.sku and p.waiting > 0
    order by coalesce(h.priority, 0) desc, o.decided_at, p.order_id, p.line limit 500) w
cross join lateral (select * from reservation v where v.company = w.company and v.order_id = w.order_id
    and v.revision = w.revision and v.state = 'reserved' for update skip locked) r
order by w.priority desc, w.decided_at, w.order_id, w.line
"""

GIVE = """
update line_progress p set waiting = p.waiting - x.quantity
from unnest($1::text[], $2::uuid[], $3::int[], $4::int[], $5::bigint[])
    as x(company, order_id, revision, line, quantity)
where p.company = x.company and p.order_id = x.order_id and p.revision = x.revision and p.line = x.line
"""

COUNT_PARTS = """
update reservation r set parts = r.parts + 1 from unnest($1::text[], $2::uuid[]) as x(company, order_id)
where r.company = x.company and r.order_id = x.order_id
returning r.company, r.order_id, r.parts, not exists (select from line_progress p where p.company = r.company
    and p.order_id = r.order_id and p.revision = r.revision and p.waiting > 0)
"""

WAIT_NO_MORE = """
update line_progress p set dropped = p.dropped + p.waiting, waiting = 0
from unnest($1::text[], $2::uuid[]) as x(company, order_id)
where p.company = x.company and p.order_id = x.order_id and p.waiting > 0
    and not exists (select from reservation r where r.company = p.company and r.order_id = p.order_id
        and r.revision = p.revision and r.state = 'reserved')
"""

WAITED_FOR = """
select distinct p.company, p.sku from unnest($1::text[]) as x(company)
cross join lateral (select company, sku from line_progress v where v.company = x.company and v.waiting > 0) p
"""


class Part(NamedTuple):
    """How many times stock was set aside for an order now, and whether nothing of it waits any more."""

    number: int
    complete: bool


async def add_wishes(connection: asyncpg.Connection, wishes: Mapping[OrderKey, Wish]) -> None:
    """Keep what orders wish beside their lines."""
    await connection.execute(ADD_WISHES, *columns([(*key, *wish) for key, wish in wishes.items()], 5))


async def read_wishes(connection: asyncpg.Connection, orders: Collection[OrderKey]) -> dict[OrderKey, Wish]:
    """What these orders wish; those without a wish are missing."""
    rows = await connection.fetch(READ_WISHES, *columns(sorted(orders), 2))
    return {(company, order): Wish(*wish) for company, order, *wish in rows}


async def lock_waiting(
    connection: asyncpg.Connection, items: Collection[StockKey]
) -> tuple[list[WaitingLine], dict[tuple[str, UUID], UUID]]:
    """Who waits for these items, first who is served first, with the ids of the reservations; orders are locked."""
    rows = await connection.fetch(LOCK_WAITING, *columns(sorted(items), 2))
    queue = [WaitingLine((company, order), *rest[:5]) for company, order, *rest in rows]
    return queue, {(row[0], row[1]): row[7] for row in rows}


async def give(connection: asyncpg.Connection, given: Sequence[Given]) -> dict[OrderKey, Part]:
    """Write what waiting lines got, and the part that it is of each order."""
    rows = [(*to.order, to.revision, to.line, quantity) for to, quantity in given]
    await connection.execute(GIVE, *columns(rows, 5))
    orders = sorted({to.order for to, _ in given})
    return {
        (company, order): Part(number, complete)
        for company, order, number, complete in await connection.fetch(COUNT_PARTS, *columns(orders, 2))
    }


async def wait_no_more(connection: asyncpg.Connection, orders: Collection[OrderKey]) -> None:
    """Nothing of these orders waits any more, but what a revision waits for that stands."""
    await connection.execute(WAIT_NO_MORE, *columns(sorted(orders), 2))


async def waited_for(connection: asyncpg.Connection, companies: Collection[str]) -> set[StockKey]:
    """Items that somebody waits for."""
    return {(company, sku) for company, sku in await connection.fetch(WAITED_FOR, sorted(companies))}
