"""Which account is which person: the latest word about an account counts."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

import asyncpg

from chassis.ids import UUID

LINKS = """
select distinct on (company, actor) company, actor, revision, employee from account_link
where company = any($1::text[]) and actor = any($2::text[]) order by company, actor, revision desc
"""
OF_PEOPLE = """
select l.company, l.employee, array_agg(l.actor order by l.actor) as actors from (
    select distinct on (company, actor) company, actor, employee from account_link where company = any($1::text[])
    order by company, actor, revision desc) l
where l.employee = any($2::uuid[]) group by l.company, l.employee
"""
ADD_LINKS = """
insert into account_link (company, actor, revision, employee, recorded_at)
select x.company, x.actor, x.revision, x.employee, $5
from unnest($1::text[], $2::text[], $3::bigint[], $4::uuid[]) as x(company, actor, revision, employee)
"""


async def links(
    connection: asyncpg.Connection, companies: Collection[str], actors: Collection[str]
) -> dict[tuple[str, str], tuple[int, UUID | None]]:
    """The latest revision of each account that was ever linked, and whose it is."""
    rows = await connection.fetch(LINKS, list(companies), list(actors))
    return {(row["company"], row["actor"]): (row["revision"], row["employee"]) for row in rows}


async def of_people(
    connection: asyncpg.Connection, companies: Collection[str], people: Collection[UUID]
) -> dict[tuple[str, UUID], list[str]]:
    """Under which accounts these people sign in."""
    rows = await connection.fetch(OF_PEOPLE, list(companies), list(people))
    return {(row["company"], row["employee"]): row["actors"] for row in rows}


async def add_links(
    connection: asyncpg.Connection, rows: Sequence[tuple[str, str, int, UUID | None]], now: datetime
) -> None:
    """Write whose accounts are whose now."""
    if rows:
        await connection.execute(ADD_LINKS, *map(list, zip(*rows, strict=True)), now)
