"""People, both ways: hires that come in, what is told of employments."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from chassis.consumers import Received
from chassis.errors import Refused
from chassis.ids import UUID
from contracts.base import (
    CalendarDate,
    CompanyCode,
    CountryCode,
    CurrencyCode,
    EventView,
    Language,
    Name,
    Reference,
    Text,
    Uuid,
)
from contracts.gateway import EmployeeHired
from contracts.ledger import CompanyRegistered
from contracts.payroll import DocumentRetentionStarted, EmployeeLeft, EmployeeRegistered, EmploymentChanged
from services.payroll.commands.people import LearnCompany, RegisterEmployee
from services.payroll.domain.effective import Effective
from services.payroll.domain.organisation import Position
from services.payroll.translate import Fact


class NewCompany(EventView, of=CompanyRegistered):
    """A company as payroll sees it."""

    company: CompanyCode
    time_zone: str
    country: CountryCode
    currency: CurrencyCode


class HireToRegister(EventView, of=EmployeeHired):
    """What payroll uses of a hire."""

    employee: Uuid
    reference: Reference
    name: Name
    job_title: Text
    department: Text
    starts_on: CalendarDate
    language: Language


def to_learn_company(event: Received[NewCompany]) -> LearnCompany:
    """A company is registered: keep a register of its people."""
    data = event.data
    return LearnCompany(data.company, data.time_zone, data.country, data.currency)


def to_register_employee(event: Received[HireToRegister]) -> RegisterEmployee:
    """A person was hired: put them on the register."""
    hire = event.data
    return RegisterEmployee(
        cause=event.cause,
        employee=UUID(hire.employee),
        reference=hire.reference,
        name=hire.name,
        job_title=hire.job_title,
        department=hire.department,
        starts_on=hire.starts_on,
        language=hire.language,
    )


def employee_registered(command: RegisterEmployee, number: str) -> Fact:
    """A person is on the register."""
    return (
        EmployeeRegistered,
        command.employee,
        {
            "employee": command.employee,
            "number": number,
            "name": command.name,
            "job_title": command.job_title,
            "department": command.department,
            "starts_on": command.starts_on,
            "language": command.language,
        },
    )


def employment_changed(employee: UUID, made: Effective, number: str, position: Position) -> Fact:
    """A person's employment is another from a day on: all of it, so that nobody needs to have heard the last one."""
    return (
        EmploymentChanged,
        employee,
        {
            "employee": employee,
            "number": number,
            "effective_on": made.effective_on,
            "changed": sorted(made.says),
            "kind": "change" if made.replaces is None else "correction",
            **_all_of(position),
        },
    )


def _all_of(position: Position) -> dict[str, object]:
    """An employment as it is told: whole, whatever has changed of it."""
    return {
        "name": position.name,
        "language": position.language,
        "job_title": position.job_title,
        "department": position.department,
        "cost_centre": position.cost_centre,
        "manager": position.manager,
    }


def leaving_corrected(employee: UUID, number: str, was: date, position: Position) -> Fact:
    """A last day that others were told was wrong: the employment of that day goes on after it. Why stays here."""
    return (
        EmploymentChanged,
        employee,
        {
            "employee": employee,
            "number": number,
            "effective_on": was + timedelta(1),
            "changed": [],
            "kind": "correction",
            **_all_of(position),
            "not_left_on": was,
        },
    )


def employee_left(employee: UUID, number: str, left_on: date, position: Position, accounts: Sequence[str]) -> Fact:
    """A person's last day is over. Why is nobody's business."""
    told = {"employee": employee, "number": number, "left_on": left_on, "department": position.department}
    return EmployeeLeft, employee, told | ({"accounts": list(accounts)} if accounts else {})


def document_retention_started(employee: UUID, number: str, left_on: date) -> Fact:
    """From now on the time runs for which a person's papers are kept."""
    return DocumentRetentionStarted, employee, {"employee": employee, "number": number, "since": left_on}


def refusal_of_repeat(command: RegisterEmployee) -> Refused:
    """A second hire of the same person; no event, because the first one's answer stands."""
    return Refused("employee-already-registered", f"Employee {command.employee} is on the register already.")
