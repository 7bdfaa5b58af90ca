"""Events owned by payroll. None carries pay, bank, tax or health data of a person."""

from typing import Annotated, Literal

from pydantic import Field

from contracts.base import (
    CalendarDate,
    CurrencyCode,
    EventData,
    Language,
    Money,
    Name,
    Part,
    Reference,
    Text,
    UnsignedAmount,
    Uuid,
)

Account = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\u0000-\u001F\u007F]*$")]
"""A name under which somebody signs in, as events name their actor."""


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
    not_left_on: Annotated[
        CalendarDate | None,
        Field(description="A last day that EmployeeLeft told and that was wrong. Another one is told when it is over."),
    ] = None


class EmployeeLeft(EventData, topic="payroll.employees", key="employee"):
    """A person's last day of work is over."""

    employee: Uuid
    number: Annotated[Reference, Field(description="Personnel number of the company.")]
    left_on: Annotated[CalendarDate, Field(description="The last day of work.")]
    department: Text
    accounts: Annotated[
        list[Account] | None,
        Field(max_length=100, description="Under which names this person signed in; they open nothing any more."),
    ] = None


class DocumentRetentionStarted(EventData, topic="payroll.employees", key="employee"):
    """A person has left: the time for which their papers are kept runs."""

    employee: Uuid
    number: Annotated[Reference, Field(description="Personnel number of the company.")]
    since: CalendarDate


class TrainingCompleted(EventData, topic="payroll.training", key="employee"):
    """A person has passed a course and has its certificate. Who failed is told to nobody."""

    employee: Uuid
    course: Reference
    session: Uuid
    completed_on: CalendarDate
    certificate: Uuid
    valid_until: CalendarDate | None


class CertificateExpiring(EventData, topic="payroll.training", key="employee"):
    """A certificate runs out in so many days or sooner: a reminder to the person and their manager, once each."""

    employee: Uuid
    manager: Uuid | None
    certificate: Uuid
    course: Reference
    valid_until: CalendarDate
    days: Annotated[Literal[90, 30, 7], Field(description="Which of the three reminders it is.")]


class CertificateExpired(EventData, topic="payroll.training", key="employee"):
    """A certificate has run out and no later one is there: work that needs it should stop."""

    employee: Uuid
    manager: Uuid | None
    certificate: Uuid
    course: Reference
    valid_until: CalendarDate


class TrainingShare(Part):
    """What a department bears of a session."""

    department: Text
    cost_centre: Reference | None
    participants: Annotated[int, Field(ge=1, le=100_000, description="How many of its people had a seat.")]
    cost: Money


class TrainingCostIncurred(EventData, topic="payroll.sessions", key="session"):
    """A training session is over; its cost by department, naming nobody."""

    session: Uuid
    course: Reference
    held_on: CalendarDate
    shares: Annotated[list[TrainingShare], Field(min_length=1, max_length=1000)]


class PayrollLine(Part):
    """A sum of a run on one side of the books, over all its people or over those of a cost centre."""

    role: Annotated[
        Literal["salaries", "employer_contributions", "wages_payable", "tax_payable", "contributions_payable"],
        Field(description="What it is; the ledger knows which account plays this role."),
    ]
    side: Literal["debit", "credit"]
    amount: Annotated[UnsignedAmount, Field(description="In the currency of the run.")]
    cost_centre: Annotated[
        Reference | None,
        Field(description="Who bears it; `various` stands for cost centres of few people each."),
    ]
    owed_to: Annotated[Text | None, Field(description="The authority that it is owed to.")]


class PayrollPosted(EventData, topic="payroll.runs", key="run"):
    """A pay run was approved and paid: its journal, in sums that tell nobody's pay. Debits equal credits."""

    run: Uuid
    pay_group: Annotated[Reference, Field(description="Who was paid together.")]
    period: Annotated[str, Field(pattern=r"^(?:19|20|21)[0-9]{2}-(?:0[1-9]|1[0-2])$", description="Month, YYYY-MM.")]
    posted_on: Annotated[CalendarDate, Field(description="The last day of the month.")]
    currency: CurrencyCode
    lines: Annotated[list[PayrollLine], Field(max_length=2000)]
