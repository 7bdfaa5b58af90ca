"""What is known of a company's people and departments, read under the company's lock; and what is added to it."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

import asyncpg

from chassis.ids import UUID
from services.payroll.domain.employment import Leaving, Staff
from services.payroll.store import effective
from services.payroll.store.people import LOCK_COUNTERS

LEAVINGS = """
select distinct on (company, employee) company, employee, revision, left_on from leaving
where company = any($1::text[]) and ($2::timestamptz is null or recorded_at <= $2)
order by company, employee, revision desc
"""
# Since it was recorded last: a day that was taken back and holds again is told again.
TOLD = """
select t.company, t.employee, t.left_on from leaving_told t where t.company = any($1::text[])
    and t.at >= (select max(v.recorded_at) from leaving v where v.company = t.company and v.employee = t.employee)
"""
COST_CENTRES = """
select c.company, c.cost_centre, b.cost_centre is not null as booked from cost_centre c
left join booked_cost_centre b on b.company = c.company and b.cost_centre = c.cost_centre
where c.company = any($1::text[])
"""
ADD_BOOKED = """
insert into booked_cost_centre (company, cost_centre, recorded_at)
select x.company, x.cost_centre, $3 from unnest($1::text[], $2::text[]) as x(company, cost_centre)
on conflict do nothing
"""
ADD_LEAVINGS = """
insert into leaving (company, employee, revision, left_on, reason, recorded_at)
select x.company, x.employee, x.revision, x.left_on, x.reason, $6
from unnest($1::text[], $2::uuid[], $3::bigint[], $4::date[], $5::text[])
    as x(company, employee, revision, left_on, reason)
"""
ADD_TOLD = """
insert into leaving_told (company, employee, left_on, at)
select x.company, x.employee, x.left_on, $4 from unnest($1::text[], $2::uuid[], $3::date[])
    as x(company, employee, left_on) order by x.company, x.employee on conflict do nothing
"""
ADD_COST_CENTRES = """
insert into cost_centre (company, cost_centre, name, recorded_at)
select x.company, x.cost_centre, x.name, $4 from unnest($1::text[], $2::text[], $3::text[])
    as x(company, cost_centre, name)
"""
ADD_DEPARTMENTS = """
insert into department (company, department, by_hire, recorded_at)
select x.company, x.department, false, $3 from unnest($1::text[], $2::text[]) as x(company, department)
"""
ZONES = "select company, time_zone from company_profile where company = any($1::text[])"
CURRENCIES = "select company, currency from company_profile where company = any($1::text[])"
NUMBERS = (
    "select company, employee, number from employee where company = any($1::text[]) and employee = any($2::uuid[])"
)

ERASED = """
select company, employee from person_key
where company = any($1::text[]) and employee = any($2::uuid[]) and erased_at is not null
"""


async def lock(connection: asyncpg.Connection, companies: Collection[str]) -> None:
    """Decide what concerns the people of these companies one after the other until the commit."""
    await connection.fetch(LOCK_COUNTERS, list(companies))


async def read(
    connection: asyncpg.Connection,
    companies: Collection[str],
    people: Collection[uuid.UUID] | None = None,
    known_at: datetime | None = None,
) -> dict[str, Staff]:
    """Departments, cost centres and leavings of companies, with the employments of some people, or of all. Who has left
    is as it was known at a moment; facts bear theirs with them.
    """
    found = {company: Staff() for company in companies}
    names = list(companies)
    facts = await effective.read(connection, effective.EMPLOYMENT, names, people)
    for (company, employee), recorded in facts.items():
        assert isinstance(employee, uuid.UUID)
        found[company].employments[employee] = recorded
    for (company, code), recorded in (await effective.read(connection, effective.DEPARTMENTS, names)).items():
        found[company].departments[str(code)] = recorded
    for row in await connection.fetch(LEAVINGS, names, known_at):
        found[row["company"]].leavings[row["employee"]] = Leaving(row["revision"], row["left_on"])
    for row in await connection.fetch(TOLD, names):
        found[row["company"]].told.add((row["employee"], row["left_on"]))
    for company, codes in (await cost_centres(connection, names)).items():
        found[company].cost_centres |= codes.usable
    return found


@dataclass(slots=True)
class CostCentres:
    """A company's cost centres, and those of them that its books have."""

    known: set[str] = field(default_factory=set)
    booked: set[str] = field(default_factory=set)

    @property
    def usable(self) -> set[str]:
        """By which pay may be borne: by those of the books, where they have any."""
        return self.booked or self.known


async def cost_centres(connection: asyncpg.Connection, companies: Collection[str]) -> dict[str, CostCentres]:
    """The cost centres of companies."""
    found = {company: CostCentres() for company in companies}
    for company, code, booked in await connection.fetch(COST_CENTRES, list(companies)):
        found[company].known.add(code)
        if booked:
            found[company].booked.add(code)
    return found


async def numbers(
    connection: asyncpg.Connection, companies: Collection[str], people: Collection[uuid.UUID]
) -> dict[tuple[str, UUID], str]:
    """Personnel numbers of some people."""
    rows = await connection.fetch(NUMBERS, list(companies), list(people))
    return {(row["company"], row["employee"]): row["number"] for row in rows}


async def erased(
    connection: asyncpg.Connection, companies: Collection[str], people: Collection[uuid.UUID]
) -> set[tuple[str, UUID]]:
    """Whose key is gone of these people."""
    rows = await connection.fetch(ERASED, list(companies), list(people))
    return {(row["company"], row["employee"]) for row in rows}


async def time_zones(connection: asyncpg.Connection, companies: Collection[str]) -> Mapping[str, str]:
    """Where a company's days begin and end, as far as it is known."""
    return {row["company"]: row["time_zone"] for row in await connection.fetch(ZONES, list(companies))}


async def currencies(connection: asyncpg.Connection, companies: Collection[str]) -> Mapping[str, str]:
    """In which currency companies count."""
    return {row["company"]: row["currency"] for row in await connection.fetch(CURRENCIES, list(companies))}


async def add_leavings(
    connection: asyncpg.Connection, rows: Sequence[tuple[str, UUID, Leaving, str]], now: datetime
) -> None:
    """Write last days."""
    if rows:
        columns = [(c, e, leaving.revision, leaving.left_on, reason) for c, e, leaving, reason in rows]
        await connection.execute(ADD_LEAVINGS, *map(list, zip(*columns, strict=True)), now)


async def add_told(connection: asyncpg.Connection, rows: Sequence[tuple[str, UUID, date]], now: datetime) -> None:
    """Others have been told of these leavings."""
    if rows:
        await connection.execute(ADD_TOLD, *map(list, zip(*rows, strict=True)), now)


async def add_cost_centres(connection: asyncpg.Connection, rows: Sequence[tuple[str, str, str]], now: datetime) -> None:
    """Write cost centres: company, code, name."""
    if rows:
        await connection.execute(ADD_COST_CENTRES, *map(list, zip(*rows, strict=True)), now)


async def add_booked(connection: asyncpg.Connection, rows: Sequence[tuple[str, str]], now: datetime) -> None:
    """These cost centres are in the books: company, code; one that is there already changes nothing."""
    if rows:
        await connection.execute(ADD_BOOKED, *map(list, zip(*rows, strict=True)), now)


async def add_departments(connection: asyncpg.Connection, rows: Sequence[tuple[str, str]], now: datetime) -> None:
    """Write departments that somebody opened: company, code."""
    if rows:
        await connection.execute(ADD_DEPARTMENTS, *map(list, zip(*rows, strict=True)), now)
