"""The SQL of counts. A count is locked before any stock."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import Literal, NamedTuple

import asyncpg

from chassis.ids import UUID
from services.inventory.domain.counting import CountLine
from services.inventory.store.stock import all_written, columns

CountKey = tuple[str, UUID]
"""Company and count."""

CountState = Literal["pending", "adjusted", "rejected"]

TAKEN = """
select t.company, t.reference, t.count from unnest($1::text[], $2::text[]) as x(company, reference)
cross join lateral (
    select * from stock_count v where v.company = x.company and v.reference = x.reference offset 0) t
"""
TOLERANCES = "select company, count_tolerance from stock_policy where company = any($1::text[])"
SAVE_TOLERANCE = """
insert into stock_policy (company, count_tolerance) select * from unnest($1::text[], $2::bigint[])
on conflict (company) do update set count_tolerance = excluded.count_tolerance
"""
ADD = """
insert into stock_count (company, count, reference, warehouse, counted_on, reason, state, counted_by, bin, decided_by,
    recorded_at, decided_at)
select x.company, x.count, x.reference, x.warehouse, x.counted_on, x.reason, x.state, x.counted_by, x.bin,
    case when x.state = 'adjusted' then 'tolerance' end, $10::timestamptz,
    case when x.state = 'adjusted' then $10::timestamptz end
from unnest($1::text[], $2::uuid[], $3::text[], $4::text[], $5::date[], $6::text[], $7::text[], $8::text[], $9::text[])
    as x(company, count, reference, warehouse, counted_on, reason, state, counted_by, bin)
order by x.company, x.reference collate "C" on conflict on constraint count_reference_once do nothing
"""
ADD_LINES = """
insert into count_line (company, count, line, sku, expected, counted)
select * from unnest($1::text[], $2::uuid[], $3::int[], $4::text[], $5::bigint[], $6::bigint[])
"""
LOCK = """
select t.company, t.count, t.reference, t.warehouse, t.counted_on, t.reason, t.state, t.counted_by, t.bin
from unnest($1::text[], $2::uuid[]) as x(company, count)
cross join lateral (select * from stock_count v where v.company = x.company and v.count = x.count for update) t
"""
READ_LINES = """
select l.company, l.count, l.line, l.sku, l.expected, l.counted
from unnest($1::text[], $2::uuid[]) as x(company, count)
cross join lateral (select * from count_line v where v.company = x.company and v.count = x.count
    order by v.line offset 0) l
"""
DECIDE = """
update stock_count t set state = x.state, decided_by = x.decided_by, decided_at = $5
from unnest($1::text[], $2::uuid[], $3::text[], $4::text[]) as x(company, count, state, decided_by)
where t.company = x.company and t.count = x.count
"""


class CountRow(NamedTuple):
    """How a count stands."""

    reference: str
    warehouse: str
    counted_on: date
    reason: str
    state: CountState
    counted_by: str
    bin: str | None
    """Of which alone was counted what lies in it."""


async def taken_references(
    connection: asyncpg.Connection, references: Collection[tuple[str, str]]
) -> dict[tuple[str, str], UUID]:
    """Which counts bear these (company, reference) already."""
    rows = await connection.fetch(TAKEN, *columns(sorted(references), 2))
    return {(company, reference): count for company, reference, count in rows}


async def read_tolerances(connection: asyncpg.Connection, companies: Collection[str]) -> dict[str, int]:
    """By how many millionths of what was expected a count may differ; companies that said nothing are missing."""
    rows = await connection.fetch(TOLERANCES, sorted(companies))
    return {row["company"]: row["count_tolerance"] for row in rows}


async def save_tolerances(connection: asyncpg.Connection, rows: Sequence[tuple[str, int]]) -> None:
    """Write tolerances of companies."""
    await connection.execute(SAVE_TOLERANCE, *columns(sorted(rows), 2))


async def add_counts(
    connection: asyncpg.Connection,
    heads: Sequence[tuple[str, UUID, CountRow]],
    lines: Sequence[tuple[str, UUID, CountLine]],
    now: datetime,
) -> None:
    """Write counts. Raises Transient when another transaction took one of their references meanwhile."""
    rows = [(company, count, *row) for company, count, row in heads]
    all_written(await connection.execute(ADD, *columns(rows, 9), now), rows, "a count")
    await connection.execute(ADD_LINES, *columns([(company, count, *line) for company, count, line in lines], 6))


async def lock_counts(connection: asyncpg.Connection, counts: Collection[CountKey]) -> dict[CountKey, CountRow]:
    """Counts under lock; unknown ones are missing."""
    rows = await connection.fetch(LOCK, *columns(sorted(counts), 2))
    return {(company, count): CountRow(*rest) for company, count, *rest in rows}


async def read_lines(connection: asyncpg.Connection, counts: Collection[CountKey]) -> dict[CountKey, list[CountLine]]:
    """What was counted."""
    found: dict[CountKey, list[CountLine]] = {key: [] for key in counts}
    for company, count, *line in await connection.fetch(READ_LINES, *columns(sorted(counts), 2)):
        found[company, count].append(CountLine(*line))
    return found


async def decide(
    connection: asyncpg.Connection, rows: Sequence[tuple[str, UUID, CountState, str]], now: datetime
) -> None:
    """Write what another person decided: (company, count, state, by whom)."""
    await connection.execute(DECIDE, *columns(rows, 4), now)
