"""The SQL of orders that wait for goods, and of what orders wish beside their lines."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

import asyncpg

from chassis.ids import UUID
from services.inventory.domain.book import OrderKey, StockKey
from services.inventory.domain.waiting import PRIORITY, WaitingLine
from services.inventory.store.stock import columns

ORDERS_MAX = 1_000
"""Orders that one group of receipts serves; the next receipt serves the next ones."""

WISH = "insert into order_wish (company, order_id, if_short, priority, reserve_until) select * from unnest($1::text[], \
$2::uuid[], $3::text[], $4::smallint[], $5::timestamptz[])"

ORDERS_WAITING = """
select distinct w.company, w.order_id from unnest($1::text[], $2::text[]) as x(company, sku)
cross join lateral (select p.company, p.order_id from line_progress p
    join reservation r on r.company = p.company and r.order_id = p.order_id and r.state = 'reserved'
    left join order_wish o on o.company = p.company and o.order_id = p.order_id
    where p.company = x.company and p.sku = x.sku and p.waiting > 0
    order by coalesce(o.priority, $3), r.decided_at, p.order_id limit $4) w
"""

READ_WAITING = """
select p.company, p.order_id, p.line, p.sku, p.waiting, coalesce(o.priority, $3), r.decided_at
from unnest($1::text[], $2::uuid[]) as x(company, order_id)
cross join lateral (select * from line_progress v where v.company = x.company and v.order_id = x.order_id
    and v.waiting > 0 offset 0) p
join reservation r on r.company = p.company and r.order_id = p.order_id and r.state = 'reserved'
    and r.revision = p.revision
left join order_wish o on o.company = p.company and o.order_id = p.order_id
"""

TAKE_FROM_WAITING = """
update line_progress p set waiting = p.waiting - x.given
from unnest($1::text[], $2::uuid[], $3::int[], $4::bigint[]) as x(company, order_id, line, given)
where p.company = x.company and p.order_id = x.order_id and p.line = x.line and p.waiting > 0
"""


async def add_wishes(
    connection: asyncpg.Connection, rows: Sequence[tuple[str, UUID, str | None, int, datetime | None]]
) -> None:
    """Keep what orders wish: (company, order, if short, priority, reserve until)."""
    await connection.execute(WISH, *columns(rows, 5))


async def orders_waiting_for(connection: asyncpg.Connection, items: Collection[StockKey]) -> set[OrderKey]:
    """The first orders that wait for these items."""
    rows = await connection.fetch(ORDERS_WAITING, *columns(sorted(items), 2), PRIORITY, ORDERS_MAX)
    return {(company, order) for company, order in rows}


async def read_waiting(
    connection: asyncpg.Connection, orders: Collection[OrderKey], items: Collection[StockKey]
) -> list[WaitingLine]:
    """What these orders wait for of these items; they are locked."""
    rows = await connection.fetch(READ_WAITING, *columns(sorted(orders), 2), PRIORITY)
    lines = [WaitingLine(*row) for row in rows]
    return [line for line in lines if (line.company, line.sku) in items]


async def take_from_waiting(connection: asyncpg.Connection, given: Sequence[tuple[WaitingLine, int]]) -> None:
    """These lines hold so much more, and wait for so much less."""
    rows = [(line.company, line.order, line.line, quantity) for line, quantity in given]
    await connection.execute(TAKE_FROM_WAITING, *columns(rows, 4))
