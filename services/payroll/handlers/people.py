"""What happens for each command: lock, decide, write, emit.

Each handler takes a batch and runs a constant number of statements.
"""

from __future__ import annotations

from collections.abc import Sequence

from chassis import companies
from chassis.database import UnitOfWork
from chassis.errors import Outcome, Outcomes
from chassis.ids import UUID
from services.payroll.commands.people import LearnCompany, RegisterEmployee
from services.payroll.domain.registering import next_serials, personnel_number
from services.payroll.handlers.checklists import make_tasks
from services.payroll.handlers.days import DAILY
from services.payroll.handlers.training import enrol_required
from services.payroll.store import people as store
from services.payroll.store.people import EmployeeRow
from services.payroll.translate import people as translate

AGREEMENTS = "file-agreements"
"""The queue of what was agreed with people and is not on file yet."""


async def learn_companies(commands: Sequence[LearnCompany], unit: UnitOfWork) -> Outcomes:
    """Know these companies from now on; each counts its people from 1."""
    names = [command.company for command in commands]
    await companies.learn(unit.raw, names)
    await store.add_counters(unit.raw, names)
    await store.add_profiles(unit.raw, [(c.company, c.time_zone, c.country, c.currency) for c in commands])
    for company in names:
        unit.enqueue(DAILY, company, {}, key=DAILY)
    return None


async def register_employees(commands: Sequence[RegisterEmployee], unit: UnitOfWork) -> Outcomes:
    """Give each person who is not on the register yet the company's next number.

    The counters are locked before anybody looks who is registered, so two batches never number the same person.
    """
    hired = [(command.cause.company, command.employee) for command in commands]
    last = await store.lock_counters(unit.raw, {company for company, _ in hired})
    serials = next_serials(hired, await store.registered(unit.raw, hired), last)
    rows: list[EmployeeRow] = []
    outcomes: list[Outcome] = []
    for command, serial in zip(commands, serials, strict=True):
        if serial is None:
            unit.audit(command.cause, "hire-repeated", str(command.employee), {"reference": command.reference})
            outcomes.append(translate.refusal_of_repeat(command))
            continue
        row = _row(command, serial)
        rows.append(row)
        last[row.company] = serial
        unit.emit(*translate.employee_registered(command, row.number), command.cause)
        unit.audit(command.cause, "employee-registered", str(command.employee), {"number": row.number})
        file_agreement(unit, row.company, command.employee)
        outcomes.append(None)
    if rows:
        rows = await _in_departments(rows, unit)
        await store.add_employees(unit.raw, last, rows, unit.now)
        await make_tasks([(row.company, row.employee) for row in rows], "onboarding", unit)
        causes = {(command.cause.company, command.employee): command.cause for command in commands}
        await enrol_required([(causes[r.company, r.employee], r.employee, r.starts_on) for r in rows], unit)
    return outcomes


def file_agreement(
    unit: UnitOfWork, company: str, employee: UUID, contract: UUID | None = None, revision: int = 1
) -> None:
    """Have the paper of a hire, or of what a fact about a contract says, put on file when there is time."""
    about = employee if contract is None else contract
    payload = {"employee": str(employee), "contract": None if contract is None else str(contract), "revision": revision}
    unit.enqueue(AGREEMENTS, company, payload, key=f"{about}/{revision}")


async def _in_departments(rows: Sequence[EmployeeRow], unit: UnitOfWork) -> list[EmployeeRow]:
    """The same people in departments that exist: a hire is not refused for a word, it opens the department."""
    known = await store.departments_named(unit.raw, {(row.company, row.department) for row in rows})
    opened = [place for place, department in known.items() if department is None]
    if opened:
        await store.add_departments_by_hire(unit.raw, opened, unit.now)
    return [row._replace(department=known[row.company, row.department] or row.department) for row in rows]


def _row(command: RegisterEmployee, serial: int) -> EmployeeRow:
    return EmployeeRow(
        company=command.cause.company,
        employee=command.employee,
        serial=serial,
        number=personnel_number(serial),
        reference=command.reference,
        name=command.name,
        language=command.language,
        starts_on=command.starts_on,
        department=command.department,
        job_title=command.job_title,
    )
