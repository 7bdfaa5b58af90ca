"""Events owned by payroll. None carries pay, bank, tax or health data of a person."""

from typing import Annotated

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
