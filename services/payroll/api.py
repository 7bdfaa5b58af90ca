"""The HTTP door of payroll. Behind the gateway its addresses begin with `/payroll`."""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query
from pydantic import BeforeValidator

from chassis.errors import Problem
from chassis.http import Reading, Router, read
from contracts.base import DATE_PATTERN
from services.payroll import queries
from services.payroll.queries import ROWS_DEFAULT, ROWS_MAX

SERIAL_MAX = 2**63 - 1

router = Router(prefix="/v1/companies/{company}", tags=["payroll"])

Read = Annotated[Reading, Depends(read("payroll:read"))]


def _written_date(value: object) -> object:
    """Only YYYY-MM-DD; left alone, pydantic would take numbers and times as well."""
    if value is not None and (not isinstance(value, str) or not re.fullmatch(DATE_PATTERN, value, re.ASCII)):
        raise ValueError("write the date as YYYY-MM-DD")
    return value


@router.get("/employees")
async def list_employees(
    company: str,
    reading: Read,
    on: Annotated[date | None, BeforeValidator(_written_date), Query(description="Assignments of this day.")] = None,
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
