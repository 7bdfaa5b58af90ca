"""The audit trail: one record per state change, written in the same commit as the change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import asyncpg
import orjson

from chassis.cause import Cause

APPEND = """
insert into audit (company, actor, on_behalf_of, action, subject, cause, correlation, detail)
select * from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::uuid[], $7::text[], $8::bytea[])
"""


class AuditRecord(NamedTuple):
    """Who did what to which thing, for whom, because of which event or request."""

    cause: Cause
    action: str
    subject: str
    detail: Mapping[str, object] | None = None


async def append(connection: asyncpg.Connection, records: Sequence[AuditRecord]) -> None:
    """Write all records of a transaction in one statement."""
    causes = [record.cause for record in records]
    await connection.execute(
        APPEND,
        [c.company for c in causes],
        [c.actor for c in causes],
        [c.on_behalf_of for c in causes],
        [r.action for r in records],
        [r.subject for r in records],
        [c.id for c in causes],
        [c.correlation for c in causes],
        [None if r.detail is None else orjson.dumps(r.detail, default=str) for r in records],
    )
