"""Who asks for a change: the same rights as for questions, looked up within the command's own transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from chassis.database import UnitOfWork
from services.payroll.commands.people import Asker
from services.payroll.domain.employment import Staff
from services.payroll.domain.organisation import below
from services.payroll.domain.rights import OFFICER, Viewer, needs_team
from services.payroll.handlers.days import todays
from services.payroll.store import accounts


def needs_everybody(askers: Sequence[Asker]) -> bool:
    """Whether the whole staff has to be read, because it matters who is below whom."""
    return any(needs_team(asker.rights) and OFFICER not in asker.rights for asker in askers)


async def viewers(askers: Sequence[Asker], staff: Mapping[str, Staff], unit: UnitOfWork) -> list[Viewer]:
    """Each asker's rights. `staff` has everybody if `needs_everybody` said so."""
    names = {name for asker in askers for name in (asker.actor, asker.person)}
    links = await accounts.links(unit.raw, unit.companies, names)
    today = await todays(unit)
    managers = (
        {company: of.managers(today[company]) for company, of in staff.items()} if needs_everybody(askers) else {}
    )
    found: list[Viewer] = []
    for asker in askers:
        _, employee = links.get((asker.company, asker.actor), (0, None))
        team = frozenset() if employee is None else below(managers.get(asker.company, {}), employee)
        _, stands_for = links.get((asker.company, asker.person), (0, None))
        found.append(Viewer(asker.rights, employee, team, stands_for))
    return found
