"""Changes of employment and leavings: decided under the company's lock, told to everybody."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from chassis.cause import Cause
from chassis.database import UnitOfWork
from chassis.ids import UUID
from chassis.requests import Answer, Result
from services.payroll.commands.people import ChangeEmployment, RecordLeaving
from services.payroll.domain import employment
from services.payroll.domain.effective import Effective
from services.payroll.domain.employment import Forbidden, Leaving, Staff
from services.payroll.handlers.checklists import make_tasks
from services.payroll.handlers.days import todays
from services.payroll.handlers.training import enrol_required
from services.payroll.store import accounts
from services.payroll.store import effective as facts
from services.payroll.store import staff as store
from services.payroll.translate import no_such_employee, refused
from services.payroll.translate import people as translate


async def change_employments(commands: Sequence[ChangeEmployment], unit: UnitOfWork) -> Sequence[Result]:
    """Other terms for people from a day on; corrections are facts in the place of wrong ones."""
    await store.lock(unit.raw, unit.companies)
    needs_all = any(command.said.says.get("manager") is not None for command in commands)
    staff = await store.read(unit.raw, unit.companies, None if needs_all else [c.employee for c in commands])
    numbers = await store.numbers(unit.raw, unit.companies, [command.employee for command in commands])
    results: list[Result] = []
    added: list[tuple[facts.Thing, Effective]] = []
    changed: list[tuple[Cause, UUID, date]] = []
    for command in commands:
        company, employee = command.cause.company, command.employee
        of = staff[company]
        if employee not in of.employments:
            results.append(no_such_employee())
            continue
        made = employment.change(of, employee, command.said, unit.now)
        if isinstance(made, Forbidden):
            results.append(refused(made))
            continue
        of.employments[employee].append(made)
        added.append(((company, employee), made))
        changed.append((command.cause, employee, made.effective_on))
        position = of.position(employee, made.effective_on, of.organisation(made.effective_on))
        unit.emit(*translate.employment_changed(employee, made, numbers[company, employee], position), command.cause)
        unit.audit(command.cause, "employment-changed", str(employee), {"revision": made.revision})
        results.append(Answer(201, {"employee": employee, "revision": made.revision}))
    await facts.add(unit.raw, facts.EMPLOYMENT, added, unit.now)
    await enrol_required(changed, unit, staff)
    return results


async def record_leavings(commands: Sequence[RecordLeaving], unit: UnitOfWork) -> Sequence[Result]:
    """The last day of people; whose last day is over has left, and others hear of it at once."""
    await store.lock(unit.raw, unit.companies)
    staff = await store.read(unit.raw, unit.companies, [command.employee for command in commands])
    results: list[Result] = []
    added: list[tuple[str, UUID, Leaving, str]] = []
    causes: dict[tuple[str, UUID], Cause] = {}
    for command in commands:
        company, employee = command.cause.company, command.employee
        of = staff[company]
        if employee not in of.employments:
            results.append(no_such_employee())
            continue
        made = employment.leave(of, employee, command.left_on)
        if isinstance(made, Forbidden):
            results.append(refused(made))
            continue
        of.leavings[employee] = made
        added.append((company, employee, made, command.reason))
        causes[company, employee] = command.cause
        unit.audit(command.cause, "leaving-recorded", str(employee), {"left_on": made.left_on})
        results.append(Answer(201, {"employee": employee, "left_on": made.left_on}))
    await store.add_leavings(unit.raw, added, unit.now)
    await make_tasks([(company, employee) for company, employee, made, _ in added if made.left_on], "leaving", unit)
    await tell_who_left(staff, causes, unit)
    return results


async def tell_who_left(staff: dict[str, Staff], causes: dict[tuple[str, UUID], Cause], unit: UnitOfWork) -> int:
    """Tell others of those of these people whose last day is over where they worked; returns how many there were."""
    today = await todays(unit)
    gone = [
        (company, employee, left_on)
        for company, employee in sorted(causes, key=str)
        if (left_on := staff[company].left_on(employee)) is not None
        and left_on < today[company]
        and (employee, left_on) not in staff[company].told
    ]
    if not gone:
        return 0
    numbers = await store.numbers(unit.raw, unit.companies, [employee for _, employee, _ in gone])
    signed_in = await accounts.of_people(unit.raw, unit.companies, [employee for _, employee, _ in gone])
    for company, employee, left_on in gone:
        of, cause = staff[company], causes[company, employee]
        of.told.add((employee, left_on))
        position = of.position(employee, left_on, of.organisation(left_on))
        number, names = numbers[company, employee], signed_in.get((company, employee), [])
        unit.emit(*translate.employee_left(employee, number, left_on, position, names), cause)
        unit.emit(*translate.document_retention_started(employee, number, left_on), cause, ordinal=1)
        unit.audit(cause, "employee-left", str(employee), {"left_on": left_on})
    await store.add_told(unit.raw, gone, unit.now)
    return len(gone)
