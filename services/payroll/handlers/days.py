"""Which day it is where a company is."""

from __future__ import annotations

from datetime import date
from zoneinfo import ZoneInfo

from chassis.database import UnitOfWork
from services.payroll.store import staff

DAILY = "daily"
"""The queue with one job per company, which leaves the next day's job when it is done."""


async def todays(unit: UnitOfWork) -> dict[str, date]:
    """The calendar day it is now where each company is."""
    zones = await staff.time_zones(unit.raw, unit.companies)
    return {company: unit.now.astimezone(ZoneInfo(zones.get(company, "UTC"))).date() for company in unit.companies}
