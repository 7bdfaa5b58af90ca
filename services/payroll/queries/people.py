"""The read side of payroll: SQL to response models."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

import asyncpg
from pydantic import BaseModel

ROWS_DEFAULT = 100
ROWS_MAX = 500

EMPLOYEES = """
select e.employee, e.number, e.name, e.language, e.reference, e.registered_at, e.serial,
    a.effective_on, a.department, a.job_title
from employee e
join lateral (select * from assignment a where a.company = e.company and a.employee = e.employee
              order by (a.effective_on <= $4::date) desc,
                  case when a.effective_on <= $4::date then a.effective_on end desc, a.effective_on limit 1) a on true
where e.company = $1 and e.serial > $2 order by e.company, e.serial limit $3
"""
EMPLOYEE = """
select employee, number, name, language, reference, registered_at from employee where company = $1 and employee = $2
"""
ASSIGNMENTS = """
select effective_on, department, job_title, recorded_at from assignment
where company = $1 and employee = $2 order by effective_on
"""


class EmployeeLine(BaseModel):
    """A person with the assignment of a day, or the first one when none has begun by then."""

    employee: UUID
    number: str
    name: str
    language: str
    department: str
    job_title: str
    effective_on: date


class EmployeePage(BaseModel):
    """People by number; `next` is the `after` of the next page, null on the last one."""

    employees: list[EmployeeLine]
    next: int | None


class Assignment(BaseModel):
    """What a person does where, from a day on."""

    effective_on: date
    department: str
    job_title: str
    recorded_at: datetime


class Employee(BaseModel):
    """A person with all assignments, the first one first."""

    employee: UUID
    number: str
    name: str
    language: str
    reference: str
    registered_at: datetime
    assignments: list[Assignment]


async def employees(
    connection: asyncpg.Connection, company: str, on: date | None, after: int, limit: int
) -> EmployeePage:
    """A page of people as of a day (the database's today when none is given)."""
    day = on or await connection.fetchval("select current_date")
    rows = await connection.fetch(EMPLOYEES, company, after, limit, day)
    found = [EmployeeLine.model_validate(dict(row)) for row in rows]
    return EmployeePage(employees=found, next=rows[-1]["serial"] if len(rows) == limit else None)


async def employee(connection: asyncpg.Connection, company: str, employee_id: UUID) -> Employee | None:
    """One person; None when nobody of that id is on the register."""
    row = await connection.fetchrow(EMPLOYEE, company, employee_id)
    if row is None:
        return None
    assignments = [dict(a) for a in await connection.fetch(ASSIGNMENTS, company, employee_id)]
    return Employee.model_validate(dict(row) | {"assignments": assignments})
