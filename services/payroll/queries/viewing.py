"""Who a caller is within a company, and whom they may see."""

from __future__ import annotations

import asyncpg

from chassis.auth import Caller
from services.payroll.domain.organisation import below
from services.payroll.domain.rights import ALL, BY_NAME, Viewer, needs_team
from services.payroll.queries.days import today
from services.payroll.store import accounts, staff


def rights_of(caller: Caller, company: str) -> frozenset[str]:
    """What the caller's key or token grants here."""
    return frozenset(
        right
        for right in ALL
        if (caller.may_by_name(right, company) if right in BY_NAME else caller.may(right, company))
    )


async def viewer(connection: asyncpg.Connection, company: str, caller: Caller) -> Viewer:
    """The caller's rights here, as they are today; the people below them are looked up only when it matters."""
    rights = rights_of(caller, company)
    _, employee = (await accounts.links(connection, [company], [caller.actor])).get((company, caller.actor), (0, None))
    if employee is None or not needs_team(rights):
        return Viewer(rights, employee)
    day = await today(connection, company)
    people = (await staff.read(connection, [company]))[company]
    return Viewer(rights, employee, below(people.managers(day), employee))
