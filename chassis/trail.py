"""The door to a department's audit trail: who, on behalf of whom, did what, when, to which thing, because of what.

Every department has it under the same address; the gateway asks all of them at once.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

import asyncpg
import orjson
from fastapi import Depends, Query
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from chassis.http import Reading, Router, read

# `at` has a block range index: next to nothing to keep, and a period is found without reading the rest. The newest come
# first by number, which is the order in which they were written.
TRAIL = """
select id, at, actor, on_behalf_of, action, subject, cause, correlation, detail from audit
where company = $1 and id < $2 {conditions} order by id desc limit $3
"""
CONDITIONS = {
    "subject": "subject = {}",
    "actor": "actor = {}",
    "on_behalf_of": "on_behalf_of = {}",
    "action": "action = {}",
    "cause": "cause = {}",
    "correlation": "correlation = {}",
    "since": "at >= {}",
    "until": "at < {}",
}
LAST = 2**62

router = Router(prefix="/v1", tags=["operations"])

Word = Annotated[str | None, Query(min_length=1, max_length=300)]


class TrailRecord(BaseModel):
    """One change of state."""

    model_config = ConfigDict(frozen=True)

    id: int
    at: datetime
    actor: str = Field(description="The system or person that asked for it.")
    on_behalf_of: str | None = Field(description="The person for whom a system asked.")
    action: str
    subject: str = Field(description="The thing that was changed.")
    cause: str = Field(description="The event or request that led to it.")
    correlation: str = Field(description="The front office's request from which all of it follows.")
    detail: dict[str, Any] | None


class TrailPage(BaseModel):
    """Changes, the newest first. `next` goes into `before` for those that follow."""

    records: list[TrailRecord]
    next: int | None


@router.get("/companies/{company}/audit")
async def get_trail(
    company: str,
    reading: Annotated[Reading, Depends(read("audit:read"))],
    subject: Word = None,
    actor: Word = None,
    on_behalf_of: Word = None,
    action: Word = None,
    cause: UUID | None = None,
    correlation: Word = None,
    since: AwareDatetime | None = None,
    until: AwareDatetime | None = None,
    before: Annotated[int, Query(ge=1, le=LAST)] = LAST,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> TrailPage:
    """What was changed, by whom, for whom and because of what; a search by request is quick when it says since when."""
    wanted = {
        "subject": subject, "actor": actor, "on_behalf_of": on_behalf_of, "action": action, "cause": cause,
        "correlation": correlation, "since": since, "until": until,
    }  # fmt: skip
    async with reading.connection(company) as connection:
        return await trail(connection, company, wanted, before, limit)


async def trail(
    connection: asyncpg.Connection, company: str, wanted: Mapping[str, object], before: int, limit: int
) -> TrailPage:
    """The records that fit everything that is named."""
    asked = {name: value for name, value in wanted.items() if value is not None}
    conditions = [CONDITIONS[name].format(f"${place}") for place, name in enumerate(asked, 4)]
    query = TRAIL.format(conditions="".join(f"and {condition} " for condition in conditions))
    rows = await connection.fetch(query, company, before, limit + 1, *asked.values())
    records = [_record(row) for row in rows[:limit]]
    return TrailPage(records=records, next=records[-1].id if len(rows) > limit else None)


def _record(row: asyncpg.Record) -> TrailRecord:
    detail = None if row["detail"] is None else orjson.loads(row["detail"])
    return TrailRecord(**{**dict(row), "cause": str(row["cause"]), "detail": detail})
