"""Who a caller is within a company, and whom they may see."""

from __future__ import annotations

import asyncpg

from chassis.auth import Caller
from services.payroll.domain.organisation import below
from services.payroll.domain.rights import ALL, Viewer, needs_team
from services.payroll.queries.days import today
from services.payroll.store import accounts, staff


async def viewer(connection: asyncpg.Connection, company: str, caller: Caller) -> Viewer:
    """The caller's rights here, as they are today; the people below them are looked up only when it matters."""
    rights = frozenset(right for right in ALL if caller.may(right, company))
    _, employee = (await accounts.links(connection, [company], [caller.actor])).get((company, caller.actor), (0, None))
    if employee is None or not needs_team(rights):
        return Viewer(rights, employee)
    day = await today(connection, company)
    people = (await staff.read(connection, [company]))[company]
    return Viewer(rights, employee, below(people.managers(day), employee))
