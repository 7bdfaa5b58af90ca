"""Changes of employment and leavings: decided under the company's lock, told to everybody."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from chassis.cause import Cause
from chassis.database import UnitOfWork
from chassis.errors import Refused
from chassis.ids import UUID
from chassis.requests import Answer, Result
from services.payroll.commands.people import ChangeEmployment, RecordLeaving
from services.payroll.domain import contracts as contract_rules
from services.payroll.domain import effective, employment
from services.payroll.domain.effective import Effective
from services.payroll.domain.employment import Forbidden, Leaving, Staff
from services.payroll.handlers.checklists import make_tasks
from services.payroll.handlers.days import todays
from services.payroll.handlers.seats import free_seats
from services.payroll.handlers.training import enrol_required
from services.payroll.store import accounts
from services.payroll.store import contracts as contract_store
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
    contracts = await contract_store.contracts(unit.raw, unit.companies, [command.employee for command in commands])
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
        if not isinstance(made, Forbidden):
            first = effective.begins([*of.employments[employee], made])
            made = contract_rules.refusal_of_hire(contracts[company], employee, first) or made
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
    """The last day of people; whose last day is over has left, and others hear of it at once.

    A day that others know already is corrected by another fact beside it, and they hear that it was wrong.
    """
    await store.lock(unit.raw, unit.companies)
    people = [command.employee for command in commands]
    staff = await store.read(unit.raw, unit.companies, people)
    posts = await contract_store.posts(unit.raw, unit.companies)
    contracts = await contract_store.contracts(unit.raw, unit.companies)
    erased = await store.erased(unit.raw, unit.companies, people)
    numbers = await store.numbers(unit.raw, unit.companies, people)
    results: list[Result] = []
    added: list[tuple[str, UUID, Leaving, str]] = []
    causes: dict[tuple[str, UUID], Cause] = {}
    for command in commands:
        company, employee = command.cause.company, command.employee
        of = staff[company]
        if employee not in of.employments:
            results.append(no_such_employee())
            continue
        before, was = of.leavings.get(employee), of.left_on(employee)
        if (company, employee) in erased:
            results.append(Refused("person-erased", "Their pay was erased: their last day stays.", "/left_on", 409))
            continue
        made = employment.leave(of, employee, command.left_on, corrects=command.correction is not None)
        if not isinstance(made, Forbidden):
            of.leavings[employee] = made
            last = made.left_on
            made = contract_rules.refusal_of_leaving(of, posts[company], contracts[company], employee, last) or made
        if isinstance(made, Forbidden):
            _as_before(of, employee, before)
            results.append(refused(made))
            continue
        if was is not None and (employee, was) in of.told:
            _tell_of_correction(command, was, numbers[company, employee], of, unit)
        added.append((company, employee, made, command.reason))
        causes[company, employee] = command.cause
        unit.audit(command.cause, "leaving-recorded", str(employee), {"left_on": made.left_on})
        results.append(Answer(201, {"employee": employee, "left_on": made.left_on}))
    await store.add_leavings(unit.raw, added, unit.now)
    await make_tasks([(company, employee) for company, employee, made, _ in added if made.left_on], "leaving", unit)
    await free_seats(causes, staff, unit)
    await tell_who_left(staff, causes, unit)
    return results


def _as_before(staff: Staff, employee: UUID, leaving: Leaving | None) -> None:
    if leaving is not None:
        staff.leavings[employee] = leaving
    else:
        staff.leavings.pop(employee, None)


def _tell_of_correction(command: RecordLeaving, was: date, number: str, staff: Staff, unit: UnitOfWork) -> None:
    """Others know a last day that was wrong. Whether another one is over is told like any."""
    employee, cause = command.employee, command.cause
    staff.told.discard((employee, was))
    after = was + timedelta(1)
    position = staff.position(employee, after, staff.organisation(after))
    unit.emit(*translate.leaving_corrected(employee, number, was, position), cause, ordinal=2)
    details = {"was": was, "left_on": command.left_on, "correction": command.correction}
    unit.audit(cause, "leaving-corrected", str(employee), details)


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
