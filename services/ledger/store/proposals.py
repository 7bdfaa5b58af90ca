"""Entries above the limit: proposed by one person, decided by another."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

import asyncpg

from chassis.ids import UUID

INSERT = """
insert into entry_proposal (company, id, posted_on, body, proposed_by, on_behalf_of)
select * from unnest($1::text[], $2::uuid[], $3::date[], $4::bytea[], $5::text[], $6::text[])
"""

READ = """
select p.*, d.approved from unnest($1::text[], $2::uuid[]) as x(company, id)
cross join lateral (select * from entry_proposal e where e.company = x.company and e.id = x.id offset 0) p
left join lateral (select approved from entry_decision f where f.company = p.company and f.id = p.id offset 0) d on true
"""

INSERT_DECISIONS = """
insert into entry_decision (company, id, approved, reason, decided_by, on_behalf_of)
select * from unnest($1::text[], $2::uuid[], $3::boolean[], $4::text[], $5::text[], $6::text[])
"""

REVERSIBLE = """
select e.company, e.id, e.journal, e.posted_on, r.id as reversed_by
from unnest($1::text[], $2::uuid[]) as x(company, id)
cross join lateral (select * from journal_entry j where j.company = x.company and j.id = x.id offset 0) e
left join lateral (select id from journal_entry b where b.reverses = e.id and b.company = e.company offset 0) r on true
"""

ProposalRow = tuple[str, UUID, date, bytes, str, str | None]
DecisionRow = tuple[str, UUID, bool, str, str, str | None]


async def insert_proposals(connection: asyncpg.Connection, rows: Iterable[ProposalRow]) -> None:
    """Keep what waits for a second person."""
    await connection.execute(INSERT, *zip(*rows, strict=True))


async def read_proposals(
    connection: asyncpg.Connection, proposals: Iterable[tuple[str, UUID]]
) -> dict[tuple[str, UUID], asyncpg.Record]:
    """Those of these proposals that exist, with what was decided."""
    rows = await connection.fetch(READ, *zip(*proposals, strict=True))
    return {(row["company"], row["id"]): row for row in rows}


async def insert_decisions(connection: asyncpg.Connection, rows: Iterable[DecisionRow]) -> None:
    """Keep decisions. The database refuses a second one, and one by who proposed."""
    await connection.execute(INSERT_DECISIONS, *zip(*rows, strict=True))


async def read_reversible(
    connection: asyncpg.Connection, entries: Iterable[tuple[str, UUID]]
) -> dict[tuple[str, UUID], asyncpg.Record]:
    """Those of these entries that exist, with their journal and the entry that took them back already."""
    rows = await connection.fetch(REVERSIBLE, *zip(*entries, strict=True))
    return {(row["company"], row["id"]): row for row in rows}
