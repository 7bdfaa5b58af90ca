"""Fiscal years, periods, their locks and exceptions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime

import asyncpg

from services.ledger.domain.calendar import Period

YEARS = "select company, year, starts_on, ends_on from fiscal_year where company = any($1::text[])"

INSERT_YEARS = """
insert into fiscal_year (company, year, starts_on, ends_on)
select * from unnest($1::text[], $2::int[], $3::date[], $4::date[])
"""

INSERT_PERIODS = """
insert into fiscal_period (company, fiscal_year, number, starts_on, ends_on)
select * from unnest($1::text[], $2::int[], $3::int[], $4::date[], $5::date[])
"""

PERIODS = """
select p.company, p.fiscal_year, p.number, p.starts_on, p.ends_on, l.closed
from unnest($1::text[], $2::int[], $3::int[]) as x(company, fiscal_year, number)
cross join lateral (select * from fiscal_period f where f.company = x.company and f.fiscal_year = x.fiscal_year
    and f.number = x.number offset 0) p
cross join lateral (select coalesce(array_agg(subledger), '{}') as closed from period_lock k
    where k.company = p.company and k.fiscal_year = p.fiscal_year and k.number = p.number and k.closed) l
"""

SET_LOCKS = """
insert into period_lock as l (company, fiscal_year, number, subledger, starts_on, ends_on, closed)
select * from unnest($1::text[], $2::int[], $3::int[], $4::text[], $5::date[], $6::date[], $7::boolean[])
on conflict (company, fiscal_year, number, subledger) do update set closed = excluded.closed
"""

INSERT_EXCEPTIONS = """
insert into period_exception (company, fiscal_year, number, subledger, user_name, until, reason, granted_by)
select * from unnest($1::text[], $2::int[], $3::int[], $4::text[], $5::text[], $6::timestamptz[], $7::text[],
    $8::text[])
on conflict do nothing
"""

# Who may post into which closed period at this moment.
EXCEPTIONS = """
select company, subledger, user_name, l.starts_on, l.ends_on from period_exception x
join period_lock l using (company, fiscal_year, number, subledger)
where company = any($1::text[]) and until > $2
"""

PERIOD_OF = """
select x.place, p.fiscal_year, p.number
from unnest($1::text[], $2::date[]) with ordinality as x(company, day, place)
join fiscal_period p on p.company = x.company and x.day between p.starts_on and p.ends_on
"""

LockRow = tuple[str, int, int, str, date, date, bool]
ExceptionRow = tuple[str, int, int, str, str, datetime, str, str]


async def read_years(connection: asyncpg.Connection, companies: Sequence[str]) -> list[asyncpg.Record]:
    """The fiscal years of these companies."""
    return await connection.fetch(YEARS, companies)


async def insert_years(connection: asyncpg.Connection, years: Iterable[tuple[str, Sequence[Period]]]) -> None:
    """Add fiscal years with their periods."""
    listed = list(years)
    heads = [(company, p[0].fiscal_year, p[0].starts_on, p[-1].ends_on) for company, p in listed]
    await connection.execute(INSERT_YEARS, *zip(*heads, strict=True))
    rows = [(company, *period) for company, periods in listed for period in periods]
    await connection.execute(INSERT_PERIODS, *zip(*rows, strict=True))


async def read_periods(
    connection: asyncpg.Connection, periods: Iterable[tuple[str, int, int]]
) -> dict[tuple[str, int, int], asyncpg.Record]:
    """Those of these periods that exist, each with the sub-ledgers that it is closed for."""
    rows = await connection.fetch(PERIODS, *zip(*periods, strict=True))
    return {(row["company"], row["fiscal_year"], row["number"]): row for row in rows}


async def set_locks(connection: asyncpg.Connection, locks: Iterable[LockRow]) -> None:
    """Close or open periods for sub-ledgers."""
    await connection.execute(SET_LOCKS, *zip(*sorted(locks), strict=True))


async def insert_exceptions(connection: asyncpg.Connection, exceptions: Iterable[ExceptionRow]) -> None:
    """Let users post into closed periods for a while."""
    await connection.execute(INSERT_EXCEPTIONS, *zip(*exceptions, strict=True))


async def read_exceptions(
    connection: asyncpg.Connection, companies: Sequence[str], now: datetime
) -> list[asyncpg.Record]:
    """The exceptions that hold now."""
    return await connection.fetch(EXCEPTIONS, companies, now)


async def read_period_names(
    connection: asyncpg.Connection, days: Sequence[tuple[str, date]]
) -> dict[int, tuple[int, int]]:
    """Fiscal year and number of the period of each day, by its place."""
    rows = await connection.fetch(PERIOD_OF, *zip(*days, strict=True))
    return {place - 1: (year, number) for place, year, number in rows}
