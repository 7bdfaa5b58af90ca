"""The operators' door to background work that failed too often: see it, and let it be tried again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Query
from starlette.responses import Response

from chassis.cause import Cause
from chassis.database import UnitOfWork
from chassis.errors import Refused
from chassis.http import Call, Reading, Router, read, write
from chassis.requests import Answer, Result

PAGE = 100

BURIED = """
select id, queue, key, attempts, error, at from job
where company = $1 and run_at = 'infinity' and id > $2 order by id limit $3
"""
REVIVE = """
update job set run_at = now(), attempts = 0 where company = $1 and id = $2 and run_at = 'infinity' returning queue, key
"""

router = Router(prefix="/v1", tags=["operations"])


@dataclass(frozen=True, slots=True)
class ReviveJob:
    """A person has mended what a job failed of."""

    cause: Cause
    id: int


@router.get("/companies/{company}/jobs")
async def list_buried(
    company: str,
    reading: Annotated[Reading, Depends(read("operations:read"))],
    after: Annotated[int, Query(ge=0, le=2**62)] = 0,
) -> dict[str, object]:
    """Background work of a company that failed too often and waits for a person; `next` continues."""
    async with reading.connection(company) as connection:
        rows = await connection.fetch(BURIED, company, after, PAGE)
    jobs = [{**row, "at": row["at"].isoformat()} for row in rows]
    return {"jobs": jobs, "next": rows[-1]["id"] if len(rows) == PAGE else None}


@router.post("/companies/{company}/jobs/{job}/revive")
async def revive_job(company: str, job: int, call: Annotated[Call, Depends(write("operations:write"))]) -> Response:
    """Try it again from the start, with all its attempts."""
    return await call.run(revive, ReviveJob(call.cause(company), job))


async def revive(commands: Sequence[ReviveJob], unit: UnitOfWork) -> Sequence[Result]:
    """Make buried work due again."""
    return [await _revive(command, unit) for command in commands]


async def _revive(command: ReviveJob, unit: UnitOfWork) -> Result:
    row = await unit.raw.fetchrow(REVIVE, command.cause.company, command.id)
    if row is None:
        return Refused("job-not-found", f"no job {command.id} waits for a person", status=404)
    unit.audit(command.cause, "job-revived", f"{row['queue']}/{row['key']}")
    return Answer(200, {"job": command.id, "queue": row["queue"], "key": row["key"]})
