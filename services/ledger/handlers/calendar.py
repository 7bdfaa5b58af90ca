"""Fiscal years and periods: opened, closed per sub-ledger, opened again, and left ajar for one user for a while."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from chassis.database import UnitOfWork
from chassis.errors import Refused
from chassis.requests import Answer, Result
from services.ledger import translate
from services.ledger.commands import DefineFiscalYear, GrantException, LockPeriod
from services.ledger.domain.calendar import FiscalYear, Period
from services.ledger.store import calendar as store
from services.ledger.store import companies

EXCEPTION_MAX = timedelta(days=31)
"""How long an exception may last."""


async def define_fiscal_years(commands: Sequence[DefineFiscalYear], unit: UnitOfWork) -> Sequence[Result]:
    """Open fiscal years with their months; the days of two years do not overlap."""
    await companies.lock(unit.raw, unit.companies)
    years: dict[str, list[FiscalYear]] = {}
    for company, *year in await store.read_years(unit.raw, unit.companies):
        years.setdefault(company, []).append(FiscalYear(*year))
    accepted: list[DefineFiscalYear] = []
    results: list[Result] = []
    for command in commands:
        wanted = FiscalYear(command.year, command.periods[0].starts_on, command.periods[-1].ends_on)
        refused = _year_fault(wanted, years.get(command.company, ()))
        if refused is not None:
            results.append(refused)
            continue
        years.setdefault(command.company, []).append(wanted)
        accepted.append(command)
        results.append(Answer(201, {"year": command.year, "periods": [period.name for period in command.periods]}))
    if accepted:
        await store.insert_years(unit.raw, [(c.company, c.periods) for c in accepted])
    for command in accepted:
        unit.emit(*translate.fiscal_year_opened(command.company, command.year, command.periods), command.cause)
        unit.audit(command.cause, "fiscal-year.opened", str(command.year))
    return results


def _year_fault(wanted: FiscalYear, years: Sequence[FiscalYear]) -> Refused | None:
    for one in years:
        if one.year == wanted.year:
            return Refused("fiscal-year-exists", f"There is a fiscal year {one.year}.", "/year", 409)
        if one.starts_on <= wanted.ends_on and wanted.starts_on <= one.ends_on:
            detail = f"Fiscal year {one.year} lasts from {one.starts_on} to {one.ends_on}."
            return Refused("fiscal-year-overlaps", detail, "/starts_on", 409)
    return None


async def lock_periods(commands: Sequence[LockPeriod], unit: UnitOfWork) -> Sequence[Result]:
    """Close periods for sub-ledgers, or open them again. Postings and locks take turns, so each is before or after."""
    await companies.lock(unit.raw, unit.companies)
    found = await store.read_periods(unit.raw, {(c.company, c.fiscal_year, c.number) for c in commands})
    closed = {key: set(row["closed"]) for key, row in found.items()}
    locks: dict[tuple[str, int, int, str], store.LockRow] = {}
    results: list[Result] = []
    for command in commands:
        key = command.company, command.fiscal_year, command.number
        if key not in found:
            results.append(_no_period(command.fiscal_year, command.number))
            continue
        row = found[key]
        period = Period(*key[1:], row["starts_on"], row["ends_on"])
        moved = [s for s in command.subledgers if (s in closed[key]) != command.closed]
        closed[key] = closed[key] | set(moved) if command.closed else closed[key] - set(moved)
        for subledger in moved:
            locks[(*key, subledger)] = (*key, subledger, period.starts_on, period.ends_on, command.closed)
        results.append(Answer(200, {"period": period.name, "closed": sorted(closed[key])}))
        if moved:
            told = translate.period_locked(command.company, period, moved, closed=command.closed, reason=command.reason)
            unit.emit(*told, command.cause)
            action = "period.closed" if command.closed else "period.reopened"
            unit.audit(command.cause, action, period.name, {"subledgers": moved, "reason": command.reason})
    if locks:
        await store.set_locks(unit.raw, locks.values())
    return results


async def grant_exceptions(commands: Sequence[GrantException], unit: UnitOfWork) -> Sequence[Result]:
    """Let one user post into a closed period until a time. It ends by itself, and who granted it is on record."""
    await companies.lock(unit.raw, unit.companies)
    found = await store.read_periods(unit.raw, {(c.company, c.fiscal_year, c.number) for c in commands})
    rows: list[store.ExceptionRow] = []
    results: list[Result] = []
    for command in commands:
        key = command.company, command.fiscal_year, command.number
        refused = _exception_fault(command, unit) if key in found else _no_period(command.fiscal_year, command.number)
        if refused is None and command.subledger not in found[key]["closed"]:
            detail = f"The period is not closed for {command.subledger}."
            refused = Refused("period-not-closed", detail, "/subledger", 409)
        if refused is not None:
            results.append(refused)
            continue
        rows.append((*key, command.subledger, command.user, command.until, command.reason, command.cause.person))
        name = f"{command.fiscal_year}-{command.number:02d}"
        results.append(Answer(201, {"period": name, "user": command.user, "until": command.until.isoformat()}))
        detail_of = {"user": command.user, "subledger": command.subledger, "reason": command.reason}
        unit.audit(command.cause, "period.exception-granted", name, detail_of | {"until": command.until.isoformat()})
    if rows:
        await store.insert_exceptions(unit.raw, rows)
    return results


def _exception_fault(command: GrantException, unit: UnitOfWork) -> Refused | None:
    if command.user == command.cause.person:
        return Refused("self-exception", "An exception is granted by somebody else.", "/user", 409)
    if not unit.now < command.until <= unit.now + EXCEPTION_MAX:
        return Refused("until-out-of-range", f"An exception lasts at most {EXCEPTION_MAX.days} days.", "/until")
    return None


def _no_period(year: int, number: int) -> Refused:
    return Refused("period-not-found", f"There is no period {year}-{number:02d}.", status=404)
