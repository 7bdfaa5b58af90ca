"""Events owned by payroll. None carries pay, bank, tax or health data of a person."""

from typing import Annotated, Literal

from pydantic import Field

from contracts.base import CalendarDate, EventData, Language, Name, Reference, Text, Uuid


class EmployeeRegistered(EventData, topic="payroll.employees", key="employee"):
    """A person is on payroll's register."""

    employee: Uuid
    number: Annotated[Reference, Field(description="Personnel number of the company.")]
    name: Name
    job_title: Text
    department: Text
    starts_on: CalendarDate
    language: Language


class EmploymentChanged(EventData, topic="payroll.employees", key="employee"):
    """From a day on, which may lie ahead or behind, a person's job, department, cost centre or manager is another.

    Carries the whole employment of that day. Changes that lie ahead of `effective_on` stay as they were told.
    """

    employee: Uuid
    number: Annotated[Reference, Field(description="Personnel number of the company.")]
    effective_on: CalendarDate
    changed: Annotated[
        list[Literal["cost_centre", "department", "job_title", "language", "manager", "name"]],
        Field(max_length=6, description="What is another; empty when an earlier change was taken back."),
    ]
    kind: Annotated[
        Literal["change", "correction"],
        Field(description="A correction takes the place of an earlier change that was wrong."),
    ]
    name: Name
    language: Language
    job_title: Text
    department: Text
    cost_centre: Reference | None
    manager: Uuid | None


class EmployeeLeft(EventData, topic="payroll.employees", key="employee"):
    """A person's last day of work is over."""

    employee: Uuid
    number: Annotated[Reference, Field(description="Personnel number of the company.")]
    left_on: Annotated[CalendarDate, Field(description="The last day of work.")]
    department: Text


class DocumentRetentionStarted(EventData, topic="payroll.employees", key="employee"):
    """A person has left: the time for which their papers are kept runs."""

    employee: Uuid
    number: Annotated[Reference, Field(description="Personnel number of the company.")]
    since: CalendarDate
