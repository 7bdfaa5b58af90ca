"""Rights that are given by name, and their ends. Facts."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

import asyncpg

from chassis.ids import UUID
from services.documents.commands import EndAccess, GrantAccess

GrantKey = tuple[str, UUID]

ADD_GRANTS = """
insert into access_grant (company, access_grant, principal, class, document, may, reason, actor, on_behalf_of, at)
select x.*, $10 from unnest($1::text[], $2::uuid[], $3::text[], $4::text[], $5::uuid[], $6::text[], $7::text[],
    $8::text[], $9::text[]) as x
"""
KNOWN = """
select g.company, g.access_grant from unnest($1::text[], $2::uuid[]) as x(company, access_grant)
join access_grant g on g.company = x.company and g.access_grant = x.access_grant
"""
END = """
insert into access_end (company, access_grant, reason, actor, on_behalf_of, at)
select x.*, $6 from unnest($1::text[], $2::uuid[], $3::text[], $4::text[], $5::text[]) as x
order by 1, 2 on conflict do nothing returning company, access_grant
"""


async def add_grants(connection: asyncpg.Connection, commands: Sequence[GrantAccess], now: datetime) -> None:
    """Write rights."""
    rows = [
        (c.cause.company, c.grant, c.principal, c.document_class, c.document, c.may, c.reason, c.cause.actor,
         c.cause.on_behalf_of)
        for c in commands
    ]  # fmt: skip
    await connection.execute(ADD_GRANTS, *zip(*rows, strict=True), now)


async def known(connection: asyncpg.Connection, grants: Collection[GrantKey]) -> set[GrantKey]:
    """Which of these rights there are, ended or not."""
    rows = await connection.fetch(KNOWN, [company for company, _ in grants], [grant for _, grant in grants])
    return {(row["company"], row["access_grant"]) for row in rows}


async def end(connection: asyncpg.Connection, commands: Sequence[EndAccess], now: datetime) -> set[GrantKey]:
    """End rights; returns those that had not ended before."""
    if not commands:
        return set()
    rows = [(c.cause.company, c.grant, c.reason, c.cause.actor, c.cause.on_behalf_of) for c in commands]
    ended = await connection.fetch(END, *zip(*rows, strict=True), now)
    return {(row["company"], row["access_grant"]) for row in ended}
