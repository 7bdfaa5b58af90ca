"""The operators' door to what is held: list, edit, retry, skip.

Commands come one at a time from people, so each runs its own statements. Every one is audited with who did it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import asyncpg
import orjson
from fastapi import Depends, Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from chassis import inbox
from chassis.cause import Cause
from chassis.database import UnitOfWork
from chassis.errors import Refused
from chassis.http import Call, Reading, Router, read, write
from chassis.inbox import Counted
from chassis.records import unpack_headers
from chassis.requests import Answer, Result
from contracts.envelope import from_headers

PAGE = 100

LIST = """
select id, consumer, topic, key, sequence, event_id, reason, detail, attempts, next_at, deadline, at,
    next_at = 'infinity' or reason = 'conflict' as needs_person, headers, body
from held where company = $1 and id > $2 and ($3::text is null or reason = $3)
    and ($5::text[] is null or key = any($5::text[])) order by id limit $4
"""
ONE = "select * from held where company = $1 and id = $2 for update"
EDIT = """
update held set body = $3, attempts = 0, next_at = now()
where company = $1 and id = $2
"""
RETRY = "update held set attempts = 0, next_at = now() where company = $1 and id = $2"
DELETE = "delete from held where company = $1 and id = $2"
HEAD = "select sequence from inbox where company = $1 and consumer = $2 and topic = $3 and key = $4 for update"
ADVANCE = """
update inbox set sequence = $5, hash = $6, held = held - 1
where company = $1 and consumer = $2 and topic = $3 and key = $4
"""
FIRST_HELD = """
select sequence, partition, headers from held
where company = $1 and consumer = $2 and topic = $3 and key = $4 and reason <> 'conflict' order by sequence limit 1
"""
CLOSE = "update inbox set sequence = $5, hash = null where company = $1 and consumer = $2 and topic = $3 and key = $4"
router = Router(prefix="/v1", tags=["operations"])


class EditBody(BaseModel):
    """New data for a held event."""

    model_config = ConfigDict(extra="forbid")
    data: dict[str, Any]


class GapBody(BaseModel):
    """Where a gap is, and up to which sequence its events are given up."""

    model_config = ConfigDict(extra="forbid")
    consumer: str
    topic: str
    key: str
    up_to: Annotated[int, Field(ge=1, lt=2**62)]


@dataclass(frozen=True, slots=True)
class DecideHeld:
    """What a person decides about one held event."""

    cause: Cause
    id: int
    decision: str
    body: bytes | None = None


@dataclass(frozen=True, slots=True)
class CloseGap:
    """A person has decided that these events will never come."""

    cause: Cause
    consumer: str
    topic: str
    key: str
    up_to: int


@router.get("/companies/{company}/held")
async def list_held(
    company: str,
    reading: Annotated[Reading, Depends(read("operations:read"))],
    reason: Annotated[str | None, Query(pattern="^(gap|poison|behind|waiting|conflict)$")] = None,
    after: Annotated[int, Query(ge=0, le=2**62)] = 0,
    keys: Annotated[
        str | None, Query(max_length=2_000, description="Of these keys alone; commas between several.")
    ] = None,
) -> dict[str, object]:
    """What is held for a company, oldest first; `next` continues."""
    async with reading.connection(company) as connection:
        return await held_page(connection, company, after, reason, None if keys is None else keys.split(","))


async def held_page(
    connection: asyncpg.Connection, company: str, after: int, reason: str | None = None,
    keys: Sequence[str] | None = None,
) -> dict[str, Any]:  # fmt: skip
    """A page of what this department holds for a company, of these keys alone if they are given."""
    rows = await connection.fetch(LIST, company, after, reason, PAGE, keys)
    return {"held": [_shown(row) for row in rows], "next": rows[-1]["id"] if len(rows) == PAGE else None}


@router.post("/companies/{company}/held/{held_id}/edit")
async def edit_held(
    company: str, held_id: int, body: EditBody, call: Annotated[Call, Depends(write("operations:write"))]
) -> Response:
    """Replace a held event's data; it is tried again at once."""
    return await call.run(decide, DecideHeld(call.cause(company), held_id, "edit", orjson.dumps(body.data)))


@router.post("/companies/{company}/held/{held_id}/retry")
async def retry_held(company: str, held_id: int, call: Annotated[Call, Depends(write("operations:write"))]) -> Response:
    """Try a held event again at once."""
    return await call.run(decide, DecideHeld(call.cause(company), held_id, "retry"))


@router.post("/companies/{company}/held/{held_id}/skip")
async def skip_held(company: str, held_id: int, call: Annotated[Call, Depends(write("operations:write"))]) -> Response:
    """Give a held event up; what waits behind it flows on."""
    return await call.run(decide, DecideHeld(call.cause(company), held_id, "skip"))


@router.post("/companies/{company}/gaps")
async def close_gap(company: str, body: GapBody, call: Annotated[Call, Depends(write("operations:write"))]) -> Response:
    """Give up events of a key that will never come, up to a sequence; what waits behind them flows on."""
    command = CloseGap(call.cause(company), body.consumer, body.topic, body.key, body.up_to)
    return await call.run(close_gaps, command)


async def decide(commands: Sequence[DecideHeld], unit: UnitOfWork) -> Sequence[Result]:
    """Carry out what people decided about held events."""
    return [await _decide(command, unit) for command in commands]


async def close_gaps(commands: Sequence[CloseGap], unit: UnitOfWork) -> Sequence[Result]:
    """Move cursors over what will never come."""
    return [await _close(command, unit) for command in commands]


async def _decide(command: DecideHeld, unit: UnitOfWork) -> Result:
    company = command.cause.company
    row = await unit.raw.fetchrow(ONE, company, command.id)
    if row is None:
        return Refused("held-event-not-found", f"nothing is held under {command.id}", status=404)
    if row["reason"] == "conflict" and command.decision != "skip":
        detail = "A conflict is never applied: another event has its sequence. Skip it."
        return Refused("conflict-is-not-applied", detail, status=409)
    if command.decision == "skip":
        refused = await _skip(row, unit)
        if refused is not None:
            return refused
    elif command.body is not None:
        await unit.raw.execute(EDIT, company, command.id, command.body)
    else:
        await unit.raw.execute(RETRY, company, command.id)
    before, after = (
        inbox.content_hash(str(row["event_id"]), body).hex() for body in (row["body"], command.body or row["body"])
    )
    place = f"{row['topic']}/{row['key']}/{row['sequence']}"
    unit.audit(command.cause, f"held-event-{command.decision}", place, {"before": before, "after": after})
    unit.wake_drainer()
    return Answer(200, {"held": command.id, "decision": command.decision})


async def _skip(row: asyncpg.Record, unit: UnitOfWork) -> Refused | None:
    place = (row["company"], row["consumer"], row["topic"], row["key"])
    if row["reason"] != "conflict":
        cursor = await unit.raw.fetchval(HEAD, *place)
        if row["sequence"] != cursor + 1:
            return Refused("not-the-head", f"sequence {cursor + 1} of this key must be settled first", status=409)
        await unit.raw.execute(ADVANCE, *place, row["sequence"], row["hash"])
    await unit.raw.execute(DELETE, row["company"], row["id"])
    day = from_headers(unpack_headers(row["headers"])).time.date()
    outcome = "duplicate" if row["reason"] == "conflict" else "skipped"  # its sequence is another event's
    counted = Counted(row["company"], row["topic"], row["partition"], day, outcome)
    await inbox.count(unit.raw, row["consumer"], {counted: 1})
    return None


async def _close(command: CloseGap, unit: UnitOfWork) -> Result:
    place = (command.cause.company, command.consumer, command.topic, command.key)
    cursor = await unit.raw.fetchval(HEAD, *place)
    held = await unit.raw.fetchrow(FIRST_HELD, *place)
    if cursor is None or held is None:
        return Refused("no-gap", "Nothing is held behind a gap of this key.", status=404)
    first = held["sequence"]
    if not cursor < command.up_to < first:
        detail = f"The gap is from {cursor + 1} to {first - 1}."
        return Refused("not-in-the-gap", detail, "/up_to", status=409)
    await unit.raw.execute(CLOSE, *place, command.up_to)
    day = from_headers(unpack_headers(held["headers"])).time.date()  # when the lost ones were made, nobody knows
    counted = Counted(command.cause.company, command.topic, held["partition"], day, "skipped")
    await inbox.count(unit.raw, command.consumer, {counted: command.up_to - cursor})
    subject = f"{command.topic}/{command.key}/{command.up_to}"
    unit.audit(command.cause, "gap-closed", subject, {"from": cursor + 1, "to": command.up_to})
    unit.wake_drainer()
    return Answer(200, {"closed_from": cursor + 1, "closed_to": command.up_to})


def _shown(row: asyncpg.Record) -> dict[str, object]:
    shown = {name: plain(value) for name, value in row.items() if name not in ("headers", "body", "hash")}
    shown["envelope"] = dict(orjson.loads(row["headers"]))
    try:
        shown["data"] = orjson.loads(row["body"])
    except orjson.JSONDecodeError:
        shown["data"] = plain(row["body"])
    return shown


def plain(value: object) -> object:
    """A value of a row as JSON has it."""
    if isinstance(value, bytes):
        return value.decode(errors="backslashreplace")
    return value if value is None or isinstance(value, int) else str(value)
