"""What payroll does of itself each day: who left is told, months of leave are closed, certificates run out."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from chassis.cause import Cause
from chassis.database import UnitOfWork
from chassis.ids import UUID, derive
from chassis.requests import Answer
from services.payroll.commands.checklists import RunDay
from services.payroll.commands.leave import CloseLeaveMonths
from services.payroll.handlers.days import DAILY
from services.payroll.handlers.employment import tell_who_left
from services.payroll.handlers.leave import LeaveLedger
from services.payroll.handlers.training import tell_of_certificates
from services.payroll.store import staff as store

AFTER_MIDNIGHT = timedelta(seconds=5)
"""Others hear of a leaver well within the five minutes in which their keys have to be dead."""


async def run_days(commands: Sequence[RunDay], leave: LeaveLedger, unit: UnitOfWork) -> None:
    """The day's work of companies, and the job for their next day. Doing it twice does nothing twice.

    Of months of leave that are open one is closed a time; while there are more the next job follows at once.
    """
    causes = {command.cause.company: command.cause for command in commands}
    await store.lock(unit.raw, unit.companies)
    staff = await store.read(unit.raw, unit.companies)
    leaving = {
        (company, UUID(employee.hex)): causes[company]
        for company, of in staff.items()
        for employee, leave in of.leavings.items()
        if leave.left_on is not None and (employee, leave.left_on) not in of.told
    }
    await tell_who_left(staff, leaving, unit)
    closed = await leave.close_leave_months([CloseLeaveMonths(cause, None) for cause in causes.values()], unit)
    behind = {
        c for c, answer in zip(causes, closed, strict=True) if isinstance(answer, Answer) and "more" in answer.body
    }
    await tell_of_certificates(list(causes.values()), staff, unit)
    zones = await store.time_zones(unit.raw, unit.companies)
    for company in causes:
        again = unit.now if company in behind else next_day(unit.now, zones.get(company, "UTC"))
        unit.enqueue(DAILY, company, {}, key=DAILY, run_at=again)


def cause_of(company: str, now: datetime) -> Cause:
    """The clock as a cause; a repeat on the same day is the same one."""
    identity = derive("payroll day", company, now.date())
    return Cause.unasked(identity, company, "payroll", now)


def next_day(now: datetime, zone: str) -> datetime:
    """Shortly after the next midnight where a company is."""
    here = now.astimezone(ZoneInfo(zone))
    midnight = datetime.combine(here.date() + timedelta(1), time(), ZoneInfo(zone))
    return midnight.astimezone(UTC) + AFTER_MIDNIGHT
