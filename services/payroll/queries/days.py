"""Which day it is where a company is, for whoever only reads; `handlers.days` says the same to whoever writes."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

import asyncpg

from services.payroll.store import staff


async def today(connection: asyncpg.Connection, company: str) -> date:
    """The calendar day it is now where the company is."""
    zones = await staff.time_zones(connection, [company])
    now: datetime = await connection.fetchval("select now()")
    return now.astimezone(ZoneInfo(zones.get(company, "UTC"))).date()
