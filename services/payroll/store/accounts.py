"""Which account is which person: the latest word about an account counts."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from datetime import datetime

import asyncpg

from chassis.ids import UUID

LINKS = """
select distinct on (company, actor) company, actor, revision, employee from account_link
where company = any($1::text[]) and actor = any($2::text[]) order by company, actor, revision desc
"""
SAME_PEOPLE = """
select x.company, x.one, x.other from unnest($1::text[], $2::text[], $3::text[]) as x(company, one, other)
where exists (select from account_link a join account_link b using (company, employee)
    where a.company = x.company and a.actor = x.one and b.actor = x.other)
"""
EVER_THEIRS = """
select distinct x.company, x.actor, x.employee from unnest($1::text[], $2::text[], $3::uuid[])
    as x(company, actor, employee)
join account_link l on l.company = x.company and l.actor = x.actor and l.employee = x.employee
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


async def same_people(
    connection: asyncpg.Connection, pairs: Collection[tuple[str, str, str]]
) -> set[tuple[str, str, str]]:
    """Of these companies and two accounts each, those in which both are, or were at any time, one person's."""
    rows = await connection.fetch(SAME_PEOPLE, *map(list, zip(*pairs, strict=True))) if pairs else []
    return {(company, one, other) for company, one, other in rows} | {pair for pair in pairs if pair[1] == pair[2]}


async def ever_theirs(
    connection: asyncpg.Connection, pairs: Collection[tuple[str, str, uuid.UUID]]
) -> set[tuple[str, str, uuid.UUID]]:
    """Of these companies, accounts and people, those in which the account is, or was at any time, the person's."""
    rows = await connection.fetch(EVER_THEIRS, *map(list, zip(*pairs, strict=True))) if pairs else []
    return {(row["company"], row["actor"], row["employee"]) for row in rows}


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
