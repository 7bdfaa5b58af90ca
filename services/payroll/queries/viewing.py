"""Who a caller is within a company, and whom they may see."""

from __future__ import annotations

from datetime import date

import asyncpg

from chassis.auth import Caller
from services.payroll.domain.organisation import below
from services.payroll.domain.rights import ALL, Viewer, needs_team
from services.payroll.store import accounts, staff


async def viewer(connection: asyncpg.Connection, company: str, caller: Caller, on: date | None = None) -> Viewer:
    """The caller's rights here; the people below them are looked up only when it matters."""
    rights = frozenset(right for right in ALL if caller.may(right))
    _, employee = (await accounts.links(connection, [company], [caller.actor])).get((company, caller.actor), (0, None))
    if employee is None or not needs_team(rights):
        return Viewer(rights, employee)
    day = on or await connection.fetchval("select current_date")
    people = (await staff.read(connection, [company]))[company]
    return Viewer(rights, employee, below(people.managers(day), employee))
