"""Posts and contracts: read under the company's lock, added."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from datetime import date, datetime

import asyncpg

from chassis.ids import UUID
from services.payroll.domain.contracts import Contract, Post
from services.payroll.store import effective

POSTS = """
select p.company, p.post, p.department, p.title, p.opens_on, c.last_day from post p
left join post_closing c on c.company = p.company and c.post = p.post
where p.company = any($1::text[]) order by p.company, p.post
"""
CONTRACTS = """
select company, contract, employee, reference, post, starts_on from contract
where company = any($1::text[]) and ($2::uuid[] is null or employee = any($2::uuid[]))
    and ($3::timestamptz is null or recorded_at <= $3) order by company, employee, starts_on, reference
"""
ADD_POSTS = """
insert into post (company, post, department, title, opens_on, recorded_at)
select x.company, x.post, x.department, x.title, x.opens_on, $6
from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::date[]) as x(company, post, department, title, opens_on)
"""
ADD_CLOSINGS = """
insert into post_closing (company, post, last_day, recorded_at)
select x.company, x.post, x.last_day, $4 from unnest($1::text[], $2::text[], $3::date[])
    as x(company, post, last_day)
"""
ADD_CONTRACTS = """
insert into contract (company, contract, employee, reference, post, starts_on, recorded_at)
select x.company, x.contract, x.employee, x.reference, x.post, x.starts_on, $7
from unnest($1::text[], $2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::date[])
    as x(company, contract, employee, reference, post, starts_on)
"""


async def posts(connection: asyncpg.Connection, companies: Collection[str]) -> dict[str, dict[str, Post]]:
    """All posts of companies, by code."""
    found: dict[str, dict[str, Post]] = {company: {} for company in companies}
    for row in await connection.fetch(POSTS, list(companies)):
        found[row["company"]][row["post"]] = Post(*row[1:])
    return found


async def contracts(
    connection: asyncpg.Connection,
    companies: Collection[str],
    people: Collection[object] | None = None,
    known_at: datetime | None = None,
) -> dict[str, list[Contract]]:
    """The contracts of some people of companies, or of all, with their terms, as far as they were known at a moment."""
    found: dict[str, list[Contract]] = {company: [] for company in companies}
    rows = await connection.fetch(CONTRACTS, list(companies), None if people is None else list(people), known_at)
    keys = None if people is None else [row["contract"] for row in rows]
    terms = await effective.read(connection, effective.CONTRACTS, companies, keys)
    for row in rows:
        company, contract, employee, reference, post, starts_on = row
        facts = [f for f in terms.get((company, contract), []) if known_at is None or f.recorded_at <= known_at]
        found[company].append(Contract(contract, employee, reference, post, starts_on, facts))
    return found


async def spans(
    connection: asyncpg.Connection, company: str, people: Collection[object]
) -> dict[uuid.UUID, tuple[str, date | None]]:
    """The contracts of these people: reference, and last day as far as it is known. Two statements, or none."""
    found = (await contracts(connection, [company], people))[company] if people else []
    return {contract.contract: (contract.reference, contract.ends_on()) for contract in found}


async def add_posts(
    connection: asyncpg.Connection, rows: Sequence[tuple[str, str, str, str, date]], now: datetime
) -> None:
    """Write posts: company, code, department, title, first day."""
    if rows:
        await connection.execute(ADD_POSTS, *map(list, zip(*rows, strict=True)), now)


async def add_closings(connection: asyncpg.Connection, rows: Sequence[tuple[str, str, date]], now: datetime) -> None:
    """Write after which day posts are given up."""
    if rows:
        await connection.execute(ADD_CLOSINGS, *map(list, zip(*rows, strict=True)), now)


async def add_contracts(
    connection: asyncpg.Connection, rows: Sequence[tuple[str, UUID, UUID, str, str | None, date]], now: datetime
) -> None:
    """Write contracts without their terms: company, id, employee, reference, post, first day."""
    if rows:
        await connection.execute(ADD_CONTRACTS, *map(list, zip(*rows, strict=True)), now)
