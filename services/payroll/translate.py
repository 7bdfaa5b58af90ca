"""Between the published language and payroll's own words, both ways."""

from __future__ import annotations

from chassis.consumers import Received
from chassis.errors import Refused
from chassis.ids import UUID
from contracts.base import CalendarDate, CompanyCode, EventData, EventView, Language, Name, Reference, Text, Uuid
from contracts.gateway import EmployeeHired
from contracts.ledger import CompanyRegistered
from contracts.payroll import EmployeeRegistered
from services.payroll.commands import LearnCompany, RegisterEmployee

Fact = tuple[type[EventData], UUID, dict[str, object]]
"""An event to emit: its type, its key, its data."""


class NewCompany(EventView, of=CompanyRegistered):
    """A company as payroll sees it."""

    company: CompanyCode


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
    return LearnCompany(event.data.company)


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


def refusal_of_repeat(command: RegisterEmployee) -> Refused:
    """A second hire of the same person; no event, because the first one's answer stands."""
    return Refused("employee-already-registered", f"Employee {command.employee} is on the register already.")
