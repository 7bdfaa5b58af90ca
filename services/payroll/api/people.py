"""Questions about people on the register."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import Query

from chassis.errors import Problem
from chassis.http import Router
from services.payroll.api.inputs import MaybeDay, Read
from services.payroll.queries import people as queries
from services.payroll.queries.people import ROWS_DEFAULT, ROWS_MAX

SERIAL_MAX = 2**63 - 1

router = Router(prefix="/v1/companies/{company}", tags=["payroll"])


@router.get("/employees")
async def list_employees(
    company: str,
    reading: Read,
    on: Annotated[MaybeDay, Query(description="Assignments of this day.")] = None,
    after: Annotated[int, Query(ge=0, le=SERIAL_MAX, description="The `next` of the page before.")] = 0,
    limit: Annotated[int, Query(ge=1, le=ROWS_MAX, description="Rows on a page.")] = ROWS_DEFAULT,
) -> queries.EmployeePage:
    """People by number."""
    async with reading.connection(company) as connection:
        return await queries.employees(connection, company, on, after, limit)


@router.get("/employees/{employee}")
async def show_employee(company: str, employee: UUID, reading: Read) -> queries.Employee:
    """One person with all assignments."""
    async with reading.connection(company) as connection:
        found = await queries.employee(connection, company, employee)
    if found is None:
        raise Problem(404, "employee-not-found", "There is no such employee.")
    return found
