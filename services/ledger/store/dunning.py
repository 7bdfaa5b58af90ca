"""Policies, stops, runs and steps of dunning."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

import asyncpg

from chassis.ids import UUID

POLICIES = """
select l.company, l.version, l.level, l.days_overdue, l.fee, l.interest_rate, l.books_charges
from unnest($1::text[]) as x(company)
cross join lateral (select * from dunning_level v where v.company = x.company
    and v.version = (select max(version) from dunning_level m where m.company = x.company) offset 0) l
order by l.company, l.level
"""

INSERT_LEVELS = """
insert into dunning_level (company, version, level, days_overdue, fee, interest_rate, books_charges)
select * from unnest($1::text[], $2::int[], $3::int[], $4::int[], $5::bigint[], $6::text[], $7::boolean[])
"""

# What is open and due before the day, by the index of what is open; each with its last step, what stops it, and on
# which days it became less, by the documents' own account, closed period or not.
OVERDUE = """
select x.day, o.company, o.invoice, o.currency, o.due_on, o.open, o.customer_id, i.series, i.fiscal_year,
    i.serial, i.stated_number, coalesce(i.stated_total, i.total) as stated_total,
    i.order_id, i.order_reference, i.issued_on, s.level as reached, s.interest_until,
    t.kind is not null as stopped, m.days, m.amounts
from unnest($1::text[], $2::date[]) as x(company, day)
cross join lateral (select * from open_item p where p.company = x.company and p.open > 0 and p.due_on < x.day
    offset 0) o
cross join lateral (select * from invoice v where v.company = o.company and v.id = o.invoice offset 0) i
left join lateral (select max(level) as level, max(interest_until) as interest_until from dunning_step d
    where d.company = o.company and d.invoice = o.invoice offset 0) s on true
left join lateral (select kind from dunning_stop p where p.company = o.company and p.invoice = o.invoice
    and (p.until is null or p.until >= x.day) offset 0) t on true
cross join lateral (select coalesce(array_agg(e.day order by e.day), '{}') as days,
        coalesce(array_agg(c.amount order by e.day), '{}') as amounts
    from (select company, entry, coalesce(invoice_amount, amount) as amount from allocation a
            where a.invoice = o.invoice
        union all select company, entry, amount from deduction d where d.invoice = o.invoice offset 0) c
    cross join lateral (select coalesce(original_on, posted_on) as day from journal_entry j
        where j.company = c.company and j.id = c.entry offset 0) e
    where c.company = o.company) m
where case when i.stated_number is null then i.issued_on else coalesce(i.posted_on, i.issued_on) end <= x.day
order by o.company, x.day, o.customer_id, o.due_on, o.invoice
"""

# By the index of what is left.
UNAPPLIED = """
select x.company, x.customer, x.currency, u.unapplied from unnest($1::text[], $2::text[], $3::text[])
    as x(company, customer, currency)
cross join lateral (select sum(unapplied)::bigint as unapplied from (select * from unapplied_cash w
        where w.customer_id = x.customer and w.unapplied > 0 offset 0) c
    where c.company = x.company and c.currency = x.currency) u
where u.unapplied > 0
"""

INSERT_RUNS = """
insert into dunning_run (company, day, letters) select * from unnest($1::text[], $2::date[], $3::int[])
"""
RUNS = """
select x.company, x.day, r.letters, l.last from unnest($1::text[], $2::date[]) as x(company, day)
left join lateral (select * from dunning_run v where v.company = x.company and v.day = x.day offset 0) r on true
cross join lateral (select max(day) as last from dunning_run v where v.company = x.company) l
where l.last is not null
"""

INSERT_STEPS = """
insert into dunning_step (company, invoice, level, day, letter, interest, interest_until)
select * from unnest($1::text[], $2::uuid[], $3::int[], $4::date[], $5::uuid[], $6::bigint[], $7::date[])
"""

SET_STOPS = """
insert into dunning_stop as s (company, invoice, kind, until, reason, set_by)
select * from unnest($1::text[], $2::uuid[], $3::text[], $4::date[], $5::text[], $6::text[])
on conflict (company, invoice) do update set kind = excluded.kind, until = excluded.until, reason = excluded.reason,
    set_by = excluded.set_by, at = now()
"""

StepRow = tuple[str, UUID, int, date, UUID | None, int, date]
LevelRow = tuple[str, int, int, int, int, str, bool]
StopRow = tuple[str, UUID, str, date | None, str, str]


async def read_policies(connection: asyncpg.Connection, companies: Sequence[str]) -> list[asyncpg.Record]:
    """The newest levels of these companies."""
    return await connection.fetch(POLICIES, companies)


async def insert_levels(connection: asyncpg.Connection, rows: Iterable[LevelRow]) -> None:
    """Add levels, in the columns' order."""
    await connection.execute(INSERT_LEVELS, *zip(*rows, strict=True))


async def read_overdue(connection: asyncpg.Connection, runs: Sequence[tuple[str, date]]) -> list[asyncpg.Record]:
    """What companies have open beyond these days, customer by customer."""
    return await connection.fetch(OVERDUE, [company for company, _ in runs], [day for _, day in runs])


async def read_unapplied(
    connection: asyncpg.Connection, customers: Sequence[tuple[str, str, str]]
) -> dict[tuple[str, str, str], int]:
    """What lies unapplied of these customers' money, by company, customer and currency."""
    rows = await connection.fetch(UNAPPLIED, *zip(*customers, strict=True))
    return {(company, customer, currency): unapplied for company, customer, currency, unapplied in rows}


async def read_runs(
    connection: asyncpg.Connection, runs: Sequence[tuple[str, date]]
) -> tuple[dict[tuple[str, date], int], dict[str, date]]:
    """Those of these days that were run, with how many letters were written; and the last run of each company."""
    rows = await connection.fetch(RUNS, [company for company, _ in runs], [day for _, day in runs])
    done = {(company, day): letters for company, day, letters, _ in rows if letters is not None}
    return done, {company: last for company, _, _, last in rows}


async def insert_runs(connection: asyncpg.Connection, rows: Iterable[tuple[str, date, int]]) -> None:
    """Remember that companies were dunned on these days. The database refuses a second time."""
    await connection.execute(INSERT_RUNS, *zip(*rows, strict=True))


async def insert_steps(connection: asyncpg.Connection, rows: Iterable[StepRow]) -> None:
    """Add what invoices reached. The database refuses a level a second time."""
    await connection.execute(INSERT_STEPS, *zip(*rows, strict=True))


async def set_stops(connection: asyncpg.Connection, rows: Iterable[StopRow]) -> None:
    """Write what stops the dunning of invoices; the last one counts."""
    await connection.execute(SET_STOPS, *zip(*rows, strict=True))
