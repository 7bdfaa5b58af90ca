"""Fiscal years and periods: opened, closed, opened again, left ajar for one user."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal

from fastapi import Path
from pydantic import AfterValidator, BeforeValidator, Field
from starlette.responses import Response

from chassis.errors import Fault, Problem
from chassis.http import Router
from contracts.base import Text
from services.ledger import handlers
from services.ledger.api.inputs import YEAR_MAX, YEAR_MIN, Admin, Body, Day, Read, Write
from services.ledger.commands import DefineFiscalYear, GrantException, LockPeriod
from services.ledger.domain.calendar import periods_of
from services.ledger.queries import calendar

router = Router(prefix="/v1/companies/{company}", tags=["ledger"])

MONTHS_MAX = 18
Year = Annotated[int, Path(ge=YEAR_MIN, le=YEAR_MAX)]
Number = Annotated[int, Path(ge=1, le=MONTHS_MAX)]
Subledger = Literal["ar", "ap", "stock", "payroll", "gl"]


def _first_of_a_month(day: date) -> date:
    if day.day != 1:
        raise ValueError("A fiscal year begins on the first of a month.")
    return day


def _written_moment(value: object) -> object:
    if not isinstance(value, str):
        return value
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        raise ValueError("Write the time as RFC 3339.") from None
    if moment.tzinfo is None:
        raise ValueError("Say in which time zone.")
    return moment


class FiscalYearBody(Body):
    """A fiscal year with its months; its label stands in document numbers."""

    year: Annotated[int, Field(ge=YEAR_MIN, le=YEAR_MAX)]
    starts_on: Annotated[Day, AfterValidator(_first_of_a_month)]
    months: Annotated[int, Field(ge=1, le=MONTHS_MAX)] = 12


class LockBody(Body):
    """For which sub-ledgers, and why; `gl` closes the period for everything."""

    subledgers: Annotated[list[Subledger], Field(min_length=1, max_length=5)]
    reason: Text


class ExceptionBody(Body):
    """Who may post into a closed period, until when, and why."""

    subledger: Subledger
    user: Text
    until: Annotated[datetime, BeforeValidator(_written_moment)]
    reason: Text


@router.post("/fiscal-years", status_code=201)
async def define_fiscal_year(company: str, body: FiscalYearBody, call: Write) -> Response:
    """Open a fiscal year with its months."""
    if body.starts_on.year + 2 > YEAR_MAX:
        fault = Fault("/starts_on", "too-large", "That is too far away.")
        raise Problem(422, "invalid-request", "A field is not valid.", [fault])
    periods = periods_of(body.year, body.starts_on, body.months)
    return await call.run(
        handlers.define_fiscal_years, DefineFiscalYear(company, body.year, periods, call.cause(company))
    )


@router.post("/fiscal-years/{year}/periods/{number}/close")
async def close_period(company: str, year: Year, number: Number, body: LockBody, call: Write) -> Response:
    """Close a period for sub-ledgers."""
    command = LockPeriod(company, year, number, body.subledgers, True, body.reason, call.cause(company))
    return await call.run(handlers.lock_periods, command)


@router.post("/fiscal-years/{year}/periods/{number}/reopen")
async def reopen_period(company: str, year: Year, number: Number, body: LockBody, call: Admin) -> Response:
    """Open a period again, for a reason that stays on record."""
    command = LockPeriod(company, year, number, body.subledgers, False, body.reason, call.cause(company))
    return await call.run(handlers.lock_periods, command)


@router.post("/fiscal-years/{year}/periods/{number}/exceptions", status_code=201)
async def grant_exception(company: str, year: Year, number: Number, body: ExceptionBody, call: Admin) -> Response:
    """Let one user post into a closed period for a while."""
    command = GrantException(
        company, year, number, body.subledger, body.user, body.until, body.reason, call.cause(company)
    )
    return await call.run(handlers.grant_exceptions, command)


@router.get("/fiscal-years")
async def list_fiscal_years(company: str, reading: Read) -> calendar.FiscalYearsAnswer:
    """Fiscal years, their months, what is closed, and who may post there nevertheless."""
    async with reading.connection(company) as connection:
        return await calendar.fiscal_years(connection, company)
