"""The SQL of payroll's write side. Every statement takes a whole batch; rows are locked in one fixed order."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from typing import NamedTuple

import asyncpg

from chassis.ids import UUID
from services.payroll.domain.registering import EmployeeKey

ADD_COUNTERS = """
insert into personnel_counter (company) select c from unnest($1::text[]) as x(c) order by c on conflict do nothing
"""
LOCK_COUNTERS = """
select company, last from personnel_counter where company = any($1::text[]) order by company for update
"""
REGISTERED = """
select e.company, e.employee from employee e
join unnest($1::text[], $2::uuid[]) as x(company, employee) on e.company = x.company and e.employee = x.employee
"""
ADD_EMPLOYEES = """
with counted as (update personnel_counter p set last = x.last from unnest($1::text[], $2::bigint[]) as x(company, last)
    where p.company = x.company),
added as (insert into employee (company, employee, serial, number, reference, name, language, registered_at)
    select x.company, x.employee, x.serial, x.number, x.reference, x.name, x.language, $13
    from unnest($3::text[], $4::uuid[], $5::bigint[], $6::text[], $7::text[], $8::text[], $9::text[])
        as x(company, employee, serial, number, reference, name, language))
insert into assignment (company, employee, revision, effective_on, sets, name, language, department, job_title,
    recorded_at)
select x.company, x.employee, 1, x.effective_on, array['name', 'language', 'job_title', 'department'], x.name,
    x.language, x.department, x.job_title, $13
from unnest($3::text[], $4::uuid[], $10::date[], $8::text[], $9::text[], $11::text[], $12::text[])
    as x(company, employee, effective_on, name, language, department, job_title)
"""

ADD_PROFILES = """
insert into company_profile (company, time_zone, country, currency)
select * from unnest($1::text[], $2::text[], $3::text[], $4::text[]) as x(company, time_zone, country, currency)
order by company on conflict do nothing
"""
DEPARTMENTS_NAMED = """
select x.company, x.named, coalesce(d.department, (select f.department from department_fact f
    where f.company = x.company and f.name = x.named order by f.recorded_at desc, f.department limit 1)) as department
from unnest($1::text[], $2::text[]) as x(company, named)
left join department d on d.company = x.company and d.department = x.named
"""
ADD_DEPARTMENTS_BY_HIRE = """
with added as (insert into department (company, department, by_hire, recorded_at)
    select x.company, x.department, true, $3 from unnest($1::text[], $2::text[]) as x(company, department)
    order by x.company, x.department on conflict do nothing)
insert into department_fact (company, department, revision, effective_on, sets, name, closed, recorded_at)
select x.company, x.department, 1, date '1900-01-01', array['name', 'closed'], x.department, false, $3
from unnest($1::text[], $2::text[]) as x(company, department)
"""


class EmployeeRow(NamedTuple):
    """A person who is to be added, with the first assignment."""

    company: str
    employee: UUID
    serial: int
    number: str
    reference: str
    name: str
    language: str
    starts_on: date
    department: str
    job_title: str


async def add_counters(connection: asyncpg.Connection, companies: Collection[str]) -> None:
    """A counter at zero for each company, so that there is a row to lock."""
    await connection.execute(ADD_COUNTERS, list(companies))


async def add_profiles(connection: asyncpg.Connection, profiles: Collection[tuple[str, str, str, str]]) -> None:
    """What payroll keeps of companies: code, time zone, country, currency. What is known already stays."""
    await connection.execute(ADD_PROFILES, *[list(column) for column in zip(*profiles, strict=True)])


async def departments_named(
    connection: asyncpg.Connection, names: Collection[tuple[str, str]]
) -> dict[tuple[str, str], str | None]:
    """The department that is meant by a company's word for it: its code, or else a name that it has or had."""
    rows = await connection.fetch(DEPARTMENTS_NAMED, [c for c, _ in names], [n for _, n in names])
    return {(row["company"], row["named"]): row["department"] for row in rows}


async def add_departments_by_hire(
    connection: asyncpg.Connection, opened: Collection[tuple[str, str]], now: datetime
) -> None:
    """Departments that a hire was the first to name; nobody has said since when they exist, so: always."""
    places = sorted(opened)
    await connection.execute(ADD_DEPARTMENTS_BY_HIRE, [c for c, _ in places], [d for _, d in places], now)


async def lock_counters(connection: asyncpg.Connection, companies: Collection[str]) -> dict[str, int]:
    """The last serial given in each company, under lock until the commit."""
    rows = await connection.fetch(LOCK_COUNTERS, list(companies))
    return {row["company"]: row["last"] for row in rows}


async def registered(connection: asyncpg.Connection, employees: Sequence[EmployeeKey]) -> set[EmployeeKey]:
    """Those of these people who are on the register."""
    rows = await connection.fetch(REGISTERED, [c for c, _ in employees], [e for _, e in employees])
    return {(company, employee) for company, employee in rows}


async def add_employees(
    connection: asyncpg.Connection, last: Mapping[str, int], rows: Sequence[EmployeeRow], now: datetime
) -> None:
    """Write people with their first assignments, and how far the numbers are given now."""
    columns = [list(column) for column in zip(*rows, strict=True)]
    await connection.execute(ADD_EMPLOYEES, list(last), list(last.values()), *columns, now)
