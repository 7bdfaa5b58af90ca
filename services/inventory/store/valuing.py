"""The SQL of what goods cost: one row per valued item, locked after its stock levels; sums per day; revaluations."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from typing import NamedTuple

import asyncpg

from chassis.ids import UUID
from services.inventory.domain.book import StockKey
from services.inventory.domain.layers import Method
from services.inventory.domain.valuing import Move
from services.inventory.store.stock import columns

READ_TERMS = "select company, currency, time_zone from stock_company where company = any($1::text[])"

LEARN_TERMS = """
insert into stock_company (company, currency, time_zone)
select * from unnest($1::text[], $2::text[], $3::text[]) on conflict (company) do nothing
"""

ADD_COSTS = """
insert into item_cost (company, sku, method, apart, state)
select x.company, x.sku, x.method, x.method = 'fifo', $4::bytea
from unnest($1::text[], $2::text[], $3::text[]) as x(company, sku, method)
order by x.company, x.sku collate "C" on conflict do nothing
"""

LOCK_COSTS = """
select c.company, c.sku, c.method, c.apart, c.state, c.last_on, c.since
from unnest($1::text[], $2::text[]) as x(company, sku)
cross join lateral (select * from item_cost v where v.company = x.company and v.sku = x.sku and (v.apart or not $3)
    for update) c
"""

SAVE_COSTS = """
update item_cost c set state = x.state, quantity = x.quantity, value = x.value, last_on = x.last_on, since = x.since
from unnest($1::text[], $2::text[], $3::bytea[], $4::bigint[], $5::bigint[], $6::date[], $7::int[])
    as x(company, sku, state, quantity, value, last_on, since)
where c.company = x.company and c.sku = x.sku
"""

# The state at the end of the last kept day before a given one, if any.
READ_CHECKPOINTS = """
select k.company, k.sku, k.on_day, k.state from unnest($1::text[], $2::text[], $3::date[]) as x(company, sku, before)
cross join lateral (select * from cost_checkpoint v where v.company = x.company and v.sku = x.sku
    and v.on_day < x.before and v.valid order by v.on_day desc limit 1) k
"""

DROP_CHECKPOINTS = """
update cost_checkpoint k set valid = false from unnest($1::text[], $2::text[], $3::date[]) as x(company, sku, since)
where k.company = x.company and k.sku = x.sku and k.on_day >= x.since and k.valid
"""

SAVE_CHECKPOINTS = """
insert into cost_checkpoint (company, sku, on_day, state)
select * from unnest($1::text[], $2::text[], $3::date[], $4::bytea[])
on conflict (company, sku, on_day) do update set state = excluded.state, valid = true
"""

# Goods that nobody values are in no sum, nor are those that changed their place where that makes no difference. Where
# it does, that is two moves of one document, of which the first tells both.
READ_HISTORY = """
select m.company, m.sku, m.effective_on, m.quantity, m.value, m.warehouse, t.warehouse,
    m.kind in ('count', 'transit-loss')
from unnest($1::text[], $2::text[], $3::date[]) as x(company, sku, after)
cross join lateral (select * from stock_move v where v.company = x.company and v.sku = x.sku and v.value is not null
    and v.effective_on > x.after and v.kind <> 'transfer-in' order by v.effective_on, v.move offset 0) m
left join lateral (select v.warehouse from stock_move v where m.kind = 'transfer-out' and v.company = m.company
    and v.document = m.document and v.kind = 'transfer-in' and v.line = m.line offset 0) t on true
"""

ADD_TO_DAYS = """
insert into value_day as d (company, sku, posted_on, quantity, value)
select * from unnest($1::text[], $2::text[], $3::date[], $4::bigint[], $5::bigint[])
on conflict (company, sku, posted_on) do update
    set quantity = d.quantity + excluded.quantity, value = d.value + excluded.value
"""

ADD_REVALUATIONS = """
insert into revaluation (company, revaluation, document, sku, posted_on, value, recorded_at)
select x.company, x.revaluation, x.document, x.sku, x.posted_on, x.value, $7
from unnest($1::text[], $2::uuid[], $3::uuid[], $4::text[], $5::date[], $6::bigint[])
    as x(company, revaluation, document, sku, posted_on, value)
"""


ADD_LATE_POSTINGS = """
insert into late_posting (company, document, posted_on, recorded_at)
select x.company, x.document, x.posted_on, $4 from unnest($1::text[], $2::uuid[], $3::date[])
    as x(company, document, posted_on) on conflict do nothing returning company, document
"""
# A document has moves, or is a revaluation.
READ_VALUES = """
select x.company, x.document, m.sku, m.posted_on, m.quantity, m.value
from unnest($1::text[], $2::uuid[]) as x(company, document)
cross join lateral (
    select v.sku, v.effective_on as posted_on, sum(v.quantity)::bigint as quantity, sum(v.value)::bigint as value
    from stock_move v where v.company = x.company and v.document = x.document and v.value is not null
        and v.kind not in ('transfer-out', 'transfer-in') group by 1, 2
    union all select v.sku, v.posted_on, 0, v.value from revaluation v
    where v.company = x.company and v.revaluation = x.document) m
"""


class CompanyTerms(NamedTuple):
    """In which currency a company values its goods, and where its days begin."""

    currency: str
    time_zone: str


class CostRow(NamedTuple):
    """An item's cost as it is stored."""

    method: Method
    apart: bool
    """Whether each warehouse has layers of its own."""
    state: bytes
    last_on: date | None
    since: int


class RevaluationRow(NamedTuple):
    """What a late document changes in the value of an item."""

    company: str
    revaluation: UUID
    document: UUID
    sku: str
    posted_on: date
    value: int


async def learn_terms(connection: asyncpg.Connection, rows: Sequence[tuple[str, str, str]]) -> None:
    """Keep in which currency a company values its goods, and where its days begin: (company, currency, time zone)."""
    await connection.execute(LEARN_TERMS, *columns(sorted(rows), 3))


async def read_terms(connection: asyncpg.Connection, companies: Collection[str]) -> dict[str, CompanyTerms]:
    """Currency and time zone of each company, where they are known."""
    rows = await connection.fetch(READ_TERMS, sorted(companies))
    return {company: CompanyTerms(*rest) for company, *rest in rows}


async def add_costs(connection: asyncpg.Connection, rows: Sequence[tuple[str, str, Method]], empty: bytes) -> None:
    """Begin to value items, with nothing there."""
    await connection.execute(ADD_COSTS, *columns(rows, 3), empty)


async def lock_costs(
    connection: asyncpg.Connection, items: Collection[StockKey], *, apart: bool
) -> dict[StockKey, CostRow]:
    """What these items cost, under lock; those that nobody values are missing, or (`apart`) all but layers by place."""
    rows = await connection.fetch(LOCK_COSTS, *columns(sorted(items), 2), apart)
    return {(company, sku): CostRow(*rest) for company, sku, *rest in rows}


async def save_costs(
    connection: asyncpg.Connection, rows: Sequence[tuple[str, str, bytes, int, int, date | None, int]]
) -> None:
    """Write (company, sku, state, quantity, value, last day, moves since the last checkpoint)."""
    await connection.execute(SAVE_COSTS, *columns(rows, 7))


async def read_checkpoints(
    connection: asyncpg.Connection, before: Mapping[StockKey, date]
) -> dict[StockKey, tuple[date, bytes]]:
    """The last kept state of each item before a day."""
    rows = await connection.fetch(READ_CHECKPOINTS, *columns([(*key, day) for key, day in sorted(before.items())], 3))
    return {(company, sku): (day, state) for company, sku, day, state in rows}


async def drop_checkpoints(connection: asyncpg.Connection, since: Mapping[StockKey, date]) -> None:
    """What was kept of this day and later is not true any more."""
    await connection.execute(DROP_CHECKPOINTS, *columns([(*key, day) for key, day in sorted(since.items())], 3))


async def save_checkpoints(connection: asyncpg.Connection, rows: Mapping[tuple[str, str, date], bytes]) -> None:
    """Keep states at the end of days, so that a late move need not read an item's whole history."""
    await connection.execute(SAVE_CHECKPOINTS, *columns([(*key, state) for key, state in sorted(rows.items())], 4))


async def read_history(connection: asyncpg.Connection, after: Mapping[StockKey, date]) -> dict[StockKey, list[Move]]:
    """The valued moves of items after a day, in the order in which they happened."""
    found: dict[StockKey, list[Move]] = {key: [] for key in after}
    rows = await connection.fetch(READ_HISTORY, *columns([(*key, day) for key, day in sorted(after.items())], 3))
    for company, sku, *move in rows:
        found[company, sku].append(Move(*move))
    return found


async def add_to_days(connection: asyncpg.Connection, sums: Mapping[tuple[str, str, date], tuple[int, int]]) -> None:
    """Add quantity and value to items' days."""
    await connection.execute(ADD_TO_DAYS, *columns([(*key, *sums[key]) for key in sorted(sums)], 5))


async def add_revaluations(connection: asyncpg.Connection, rows: Sequence[RevaluationRow], now: datetime) -> None:
    """Write what late documents change."""
    await connection.execute(ADD_REVALUATIONS, *columns(rows, 6), now)


async def add_late_postings(
    connection: asyncpg.Connection, rows: Mapping[tuple[str, UUID], date], now: datetime
) -> set[tuple[str, UUID]]:
    """Keep on which day these documents stand in the books; those of which that was not known yet."""
    found = await connection.fetch(ADD_LATE_POSTINGS, *columns([(*key, rows[key]) for key in sorted(rows)], 3), now)
    return {(company, document) for company, document in found}


async def read_values(
    connection: asyncpg.Connection, documents: Collection[tuple[str, UUID]]
) -> list[tuple[tuple[str, UUID], str, date, int, int]]:
    """By how much these documents changed items: (document, sku, day, quantity, value)."""
    rows = await connection.fetch(READ_VALUES, *columns(sorted(documents), 2))
    return [((company, document), *rest) for company, document, *rest in rows]
