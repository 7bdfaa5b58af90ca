"""Entries, their lines, and the sums per account and day."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

import asyncpg

from chassis.cause import Cause
from chassis.ids import UUID
from services.ledger.domain.posting import DaySum, DimensionDay, Entry, Line, day_sums, due_sums

INSERT_ENTRIES = """
insert into journal_entry (company, id, journal, posted_on, document, order_id, reverses, cause, subledger,
    original_on, actor, narration, at)
select x.*, $13::timestamptz from unnest($1::text[], $2::uuid[], $3::text[], $4::date[], $5::uuid[], $6::uuid[],
    $7::uuid[], $8::uuid[], $9::text[], $10::date[], $11::text[], $12::text[]) x
"""

INSERT_LINES = """
insert into journal_line (company, entry, line, account, currency, debit, credit, base, department, cost_centre)
select * from unnest($1::text[], $2::uuid[], $3::int[], $4::text[], $5::text[], $6::bigint[], $7::bigint[],
    $8::bigint[], $9::text[], $10::text[])
"""

# Sums may be longer than 64 bits; as text, because the driver knows arrays of text without asking the database.
ADD_TO_DAYS = """
with due as (
    insert into receivable_day as r (company, currency, due_on, effective_on, amount, base)
    select x.company, x.currency, x.due_on, x.effective_on, x.amount::numeric, x.base::numeric
    from unnest($10::text[], $11::text[], $12::date[], $13::date[], $14::text[], $15::text[])
        as x(company, currency, due_on, effective_on, amount, base)
    on conflict (company, currency, due_on, effective_on)
    do update set amount = r.amount + excluded.amount, base = r.base + excluded.base)
insert into account_day as d (company, account, currency, effective_on, recorded_on, debit, credit, base_debit,
    base_credit)
select x.company, x.account, x.currency, x.effective_on, $1::date, x.debit::numeric, x.credit::numeric,
    x.base_debit::numeric, x.base_credit::numeric
from unnest($2::text[], $3::text[], $4::text[], $5::date[], $6::text[], $7::text[], $8::text[], $9::text[])
    as x(company, account, currency, effective_on, debit, credit, base_debit, base_credit)
on conflict (company, account, currency, effective_on, recorded_on)
do update set debit = d.debit + excluded.debit, credit = d.credit + excluded.credit,
    base_debit = d.base_debit + excluded.base_debit, base_credit = d.base_credit + excluded.base_credit
"""

ADD_TO_DIMENSION_DAYS = """
insert into dimension_day as d (company, account, currency, department, cost_centre, effective_on, recorded_on, debit,
    credit, base_debit, base_credit)
select x.company, x.account, x.currency, x.department, x.cost_centre, x.effective_on, $1::date, x.debit::numeric,
    x.credit::numeric, x.base_debit::numeric, x.base_credit::numeric
from unnest($2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::date[], $8::text[], $9::text[], $10::text[],
    $11::text[])
    as x(company, account, currency, department, cost_centre, effective_on, debit, credit, base_debit, base_credit)
on conflict (company, account, currency, department, cost_centre, effective_on, recorded_on)
do update set debit = d.debit + excluded.debit, credit = d.credit + excluded.credit,
    base_debit = d.base_debit + excluded.base_debit, base_credit = d.base_credit + excluded.base_credit
"""

READ_LINES = """
select l.company, l.entry, l.account, l.currency, l.debit, l.credit, l.base, l.department, l.cost_centre
from unnest($1::text[], $2::uuid[]) as x(company, entry)
cross join lateral (select * from journal_line j where j.company = x.company and j.entry = x.entry offset 0) l
order by l.company, l.entry, l.line
"""


async def append_entries(connection: asyncpg.Connection, entries: Sequence[tuple[Entry, Cause]], at: datetime) -> None:
    """Post entries, each with what caused it, known since `at`. The database refuses what is not balanced, and a closed
    day.
    """
    heads = [
        (e.company, e.id, e.journal, e.posted_on, e.document, e.order, e.reverses, cause.id, e.subledger,
         e.original_on, cause.person, e.text)
        for e, cause in entries
    ]  # fmt: skip
    await connection.execute(INSERT_ENTRIES, *zip(*heads, strict=True), at)
    lines = [
        (entry.company, entry.id, number, *line[:5], *line[6:])
        for entry, _ in entries
        for number, line in enumerate(entry.lines, 1)
    ]
    await connection.execute(INSERT_LINES, *zip(*lines, strict=True))


async def add_to_days(connection: asyncpg.Connection, entries: Iterable[Entry], recorded_on: date) -> None:
    """Add entries to the sums per account, currency, day of effect and day of recording: one row each, sorted.

    And to the sums of what customers owe per day due, in the same statement.
    """
    entries = list(entries)
    sums, due = sorted(day_sums(entries).items()), sorted(due_sums(entries).items())
    await connection.execute(
        ADD_TO_DAYS,
        recorded_on,
        *zip(*[cell for cell, _ in sums], strict=True),
        *([str(one[side]) for _, one in sums] for side in range(4)),
        *([cell[place] for cell, _ in due] for place in range(4)),
        *([str(one[side]) for _, one in due] for side in range(2)),
    )


async def add_to_dimension_days(
    connection: asyncpg.Connection, sums: Mapping[DimensionDay, DaySum], recorded_on: date
) -> None:
    """Add lines with a department or a cost centre to the sums of those, sorted."""
    cells = sorted(sums)
    await connection.execute(
        ADD_TO_DIMENSION_DAYS,
        recorded_on,
        *zip(*cells, strict=True),
        *([str(sums[cell][side]) for cell in cells] for side in range(4)),
    )


def to_line(values: Sequence[Any]) -> Line:
    """A line as `read_lines` gives it, without company and entry. When it fell due is not kept with it."""
    account, currency, debit, credit, base, department, cost_centre = values
    return Line(account, currency, debit, credit, base, None, department, cost_centre)


async def read_lines(connection: asyncpg.Connection, entries: Iterable[tuple[str, UUID]]) -> list[asyncpg.Record]:
    """The lines of these entries, in their order."""
    return await connection.fetch(READ_LINES, *zip(*entries, strict=True))
