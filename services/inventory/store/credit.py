"""The SQL of orders that wait for credit. Their rows are made and locked at once: the order and its answer may meet."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime

import asyncpg

from services.inventory.domain.book import OrderKey
from services.inventory.domain.credit import Permit
from services.inventory.store.stock import columns

ADD_COMPANIES = """
insert into credit_company (company, since) select x, $2 from unnest($1::text[]) x on conflict do nothing
"""

LOCK = """
insert into order_credit as c (company, order_id) select * from unnest($1::text[], $2::uuid[])
on conflict (company, order_id) do update set asked = c.asked
returning c.company, c.order_id, c.approved, c.asked
"""

SAVE = """
update order_credit c set approved = x.approved, asked = x.asked
from unnest($1::text[], $2::uuid[], $3::int[], $4::int[]) as x(company, order_id, approved, asked)
where c.company = x.company and c.order_id = x.order_id
"""

READ_WAITING = """
select p.company, p.order_id, p.body from unnest($1::text[], $2::uuid[], $3::int[]) as x(company, order_id, revision)
cross join lateral (select * from order_paper v where v.company = x.company and v.order_id = x.order_id
    and v.revision = x.revision offset 0) p
"""


async def add_companies(connection: asyncpg.Connection, companies: Collection[str], now: datetime) -> None:
    """Orders of these companies wait from now on."""
    await connection.execute(ADD_COMPANIES, sorted(companies), now)


async def lock_permits(connection: asyncpg.Connection, orders: Collection[OrderKey]) -> dict[OrderKey, Permit]:
    """How far these orders are with their answers, under lock."""
    rows = await connection.fetch(LOCK, *columns(sorted(orders), 2))
    return {(company, order): Permit(approved, asked) for company, order, approved, asked in rows}


async def save_permits(connection: asyncpg.Connection, permits: Mapping[OrderKey, Permit]) -> None:
    """Write how far they are now."""
    rows = [(*key, permit.approved, permit.asked) for key, permit in permits.items()]
    await connection.execute(SAVE, *columns(rows, 4))


async def read_waiting(
    connection: asyncpg.Connection, waiting: Collection[tuple[OrderKey, int]]
) -> dict[OrderKey, bytes]:
    """Orders, or changes of them, as they came, of the revisions that wait."""
    rows = await connection.fetch(READ_WAITING, *columns([(*key, revision) for key, revision in waiting], 3))
    return {(company, order): body for company, order, body in rows}
