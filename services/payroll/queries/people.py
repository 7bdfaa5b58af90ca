"""Questions about people: SQL and the rules of effective facts, to response models."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime
from typing import Literal
from uuid import UUID

import asyncpg
from pydantic import BaseModel

from services.payroll.domain import effective
from services.payroll.domain.contracts import Contract as ContractFacts
from services.payroll.domain.employment import Staff
from services.payroll.domain.rights import Viewer
from services.payroll.queries.days import today
from services.payroll.store import contracts as contract_store
from services.payroll.store import staff as staff_store

ROWS_DEFAULT = 100
ROWS_MAX = 500

EMPLOYEES = """
select employee, number, serial from employee
where company = $1 and serial > $2 and ($4::uuid[] is null or employee = any($4)) order by company, serial limit $3
"""
EMPLOYEE = "select number, reference, registered_at from employee where company = $1 and employee = $2"

State = Literal["ahead", "employed", "left"]


class EmployeeLine(BaseModel):
    """A person as they are on a day, or on their first one when it lies ahead."""

    employee: UUID
    number: str
    name: str
    language: str
    department: str
    job_title: str
    cost_centre: str | None
    manager: UUID | None
    effective_on: date
    state: State


class EmployeePage(BaseModel):
    """People by number; `next` is the `after` of the next page, null on the last one."""

    employees: list[EmployeeLine]
    next: int | None


class Change(BaseModel):
    """One fact about an employment; `in_force` is false when another has taken its place."""

    revision: int
    effective_on: date
    says: dict[str, object]
    replaces: int | None
    in_force: bool
    recorded_at: datetime


class Contract(BaseModel):
    """A contract with the terms of the day, and how they changed. Pay is read apart."""

    contract: UUID
    reference: str
    post: str | None
    starts_on: date
    ends_on: date | None
    kind: str | None
    job_title: str | None
    weekly_hours: str | None
    terms: list[Change]


class PayOn(BaseModel):
    """A month's salary that holds on a day, and who bears it."""

    pay_group: str
    monthly: str
    currency: str
    cost_centre: str | None
    contract: str | None
    """The reference of the contract whose pay it is; null for the employment as a whole."""


class Employee(EmployeeLine):
    """A person with everything that was ever recorded of their employment."""

    reference: str
    registered_at: datetime
    hired_on: date
    left_on: date | None
    changes: list[Change]
    contracts: list[Contract]
    pay: list[PayOn] | None = None
    """As of the day that was asked for, for who may see it; null for others, and when no day was named."""


async def employees(
    connection: asyncpg.Connection,
    company: str,
    viewer: Viewer,
    on: date | None,
    department: str | None,
    after: int,
    limit: int,
) -> EmployeePage:
    """A page of the people that somebody may see, as of a day (the database's today when none is given)."""
    day = on or await today(connection, company)
    seen = seen_by(viewer)
    if department is not None:
        seen = await _inside(connection, company, department, day, seen)
    rows = await connection.fetch(EMPLOYEES, company, after, limit, None if seen is None else list(seen))
    staff = (await staff_store.read(connection, [company], [row["employee"] for row in rows]))[company]
    found = [_line(staff, row["employee"], row["number"], day) for row in rows]
    return EmployeePage(employees=found, next=rows[-1]["serial"] if len(rows) == limit else None)


async def employee(
    connection: asyncpg.Connection,
    company: str,
    viewer: Viewer,
    employee_id: UUID,
    on: date | None,
    known_at: datetime | None,
) -> Employee | None:
    """One person as of a day, as far as it was known by a moment; None when nobody of that id is there to be seen."""
    row = await connection.fetchrow(EMPLOYEE, company, employee_id)
    if row is None or not viewer.sees(employee_id):
        return None
    day = on or await today(connection, company)
    staff = (await staff_store.read(connection, [company], [employee_id], known_at))[company]
    facts = staff.employments[employee_id]
    contracts = (await contract_store.contracts(connection, [company], [employee_id], known_at))[company]
    hired_on = effective.begins(facts, known_at)
    if hired_on is None:
        return None
    return Employee(
        **_line(staff, employee_id, row["number"], day, known_at).model_dump(),
        reference=row["reference"],
        registered_at=row["registered_at"],
        hired_on=hired_on,
        left_on=staff.left_on(employee_id),
        changes=_changes(facts, known_at),
        contracts=[_contract(one, day, staff.left_on(employee_id)) for one in contracts],
    )


async def cost_centre(connection: asyncpg.Connection, company: str, employee_id: UUID, day: date) -> str | None:
    """Which cost centre bears somebody's cost on a day, by their position."""
    staff = (await staff_store.read(connection, [company], [employee_id]))[company]
    if employee_id not in staff.employments:
        return None
    return staff.position(employee_id, day, staff.organisation(day)).cost_centre


def seen_by(viewer: Viewer) -> set[UUID] | None:
    """The people whom somebody may see; None for all of them."""
    if viewer.sees_everybody():
        return None
    return {person for person in {*viewer.team, viewer.employee} if person is not None and viewer.sees(person)}


async def _inside(
    connection: asyncpg.Connection, company: str, department: str, day: date, seen: Collection[UUID] | None
) -> set[UUID]:
    """Those who are in a department, or below it, on a day."""
    staff = (await staff_store.read(connection, [company], seen))[company]
    organisation = staff.organisation(day)
    inside = organisation.below(department)
    return {
        person for person in staff.employments
        if staff.employed(person, day) and staff.position(person, day, organisation).department in inside
    }  # fmt: skip


def _line(staff: Staff, employee_id: UUID, number: str, day: date, at: datetime | None = None) -> EmployeeLine:
    facts = staff.employments[employee_id]
    position = staff.position(employee_id, day, staff.organisation(day, at), at)
    begun = [fact.effective_on for fact in effective.known(facts, at) if fact.effective_on <= day]
    left_on = staff.left_on(employee_id)
    state: State = "ahead" if not begun else "left" if left_on is not None and left_on < day else "employed"
    return EmployeeLine(
        employee=employee_id,
        number=number,
        effective_on=begun[-1] if begun else effective.begins(facts, at) or day,
        state=state,
        **position._asdict(),
    )


def _changes(facts: list[effective.Effective], at: datetime | None = None) -> list[Change]:
    right = {fact.revision for fact in effective.known(facts, at)}
    return [
        Change(
            revision=fact.revision,
            effective_on=fact.effective_on,
            says=dict(fact.says),
            replaces=fact.replaces,
            in_force=fact.revision in right,
            recorded_at=fact.recorded_at,
        )
        for fact in facts
        if at is None or fact.recorded_at <= at
    ]


def _contract(contract: ContractFacts, day: date, left_on: date | None) -> Contract:
    terms = contract.on(max(day, contract.starts_on))
    hours = terms.get("weekly_hours_hundredths")
    return Contract(
        contract=contract.contract,
        reference=contract.reference,
        post=contract.post,
        starts_on=contract.starts_on,
        ends_on=contract.ends_on(left_on),
        kind=_text(terms.get("kind")),
        job_title=_text(terms.get("job_title")),
        weekly_hours=hours_written(hours) if isinstance(hours, int) else None,
        terms=_changes(contract.terms),
    )


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def hours_written(hundredths: int) -> str:
    """3850 is 38.50."""
    return f"{hundredths // 100}.{hundredths % 100:02}"
