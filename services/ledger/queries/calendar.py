"""Fiscal years as they stand."""

from __future__ import annotations

from datetime import date, datetime

import asyncpg
from pydantic import BaseModel

YEARS = "select year, starts_on, ends_on from fiscal_year where company = $1 order by starts_on"

PERIODS = """
select p.fiscal_year, p.number, p.starts_on, p.ends_on, l.closed from fiscal_period p
cross join lateral (select coalesce(array_agg(subledger order by subledger), '{}') as closed from period_lock k
    where k.company = p.company and k.fiscal_year = p.fiscal_year and k.number = p.number and k.closed) l
where p.company = $1 order by p.starts_on
"""

EXCEPTIONS = """
select fiscal_year, number, subledger, user_name, until, reason, granted_by, at from period_exception
where company = $1 order by at, user_name
"""


class ExceptionAnswer(BaseModel):
    """Who may, or could, post into a closed period."""

    subledger: str
    user: str
    until: datetime
    reason: str
    granted_by: str
    granted_at: datetime


class PeriodAnswer(BaseModel):
    """A month: the sub-ledgers that it is closed for, and every exception that was made."""

    number: int
    starts_on: date
    ends_on: date
    closed: list[str]
    exceptions: list[ExceptionAnswer]


class FiscalYearAnswer(BaseModel):
    """A fiscal year."""

    year: int
    starts_on: date
    ends_on: date
    periods: list[PeriodAnswer]


class FiscalYearsAnswer(BaseModel):
    """A company's fiscal years."""

    fiscal_years: list[FiscalYearAnswer]


async def fiscal_years(connection: asyncpg.Connection, company: str) -> FiscalYearsAnswer:
    """All of them, by day."""
    exceptions: dict[tuple[int, int], list[ExceptionAnswer]] = {}
    for year, number, subledger, user, until, reason, granted_by, at in await connection.fetch(EXCEPTIONS, company):
        answer = ExceptionAnswer(
            subledger=subledger, user=user, until=until, reason=reason, granted_by=granted_by, granted_at=at
        )
        exceptions.setdefault((year, number), []).append(answer)
    periods: dict[int, list[PeriodAnswer]] = {}
    for year, number, starts_on, ends_on, closed in await connection.fetch(PERIODS, company):
        answer_of = PeriodAnswer(
            number=number,
            starts_on=starts_on,
            ends_on=ends_on,
            closed=closed,
            exceptions=exceptions.get((year, number), []),
        )
        periods.setdefault(year, []).append(answer_of)
    return FiscalYearsAnswer(
        fiscal_years=[
            FiscalYearAnswer(year=year, starts_on=starts_on, ends_on=ends_on, periods=periods[year])
            for year, starts_on, ends_on in await connection.fetch(YEARS, company)
        ]
    )
