"""The operators' door to what is held: list, edit, retry, skip; and to records that could not be read.

Commands come one at a time from people, so each runs its own statements. Every one is audited with who did it.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import asyncpg
import orjson
from fastapi import Depends, Path, Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from chassis import inbox
from chassis.auth import EVERYTHING, Caller
from chassis.cause import Cause
from chassis.database import UnitOfWork
from chassis.errors import Fault, Problem, Refused
from chassis.http import Call, Reading, Router, read, write
from chassis.inbox import Counted
from chassis.records import pack_headers, unpack_headers
from chassis.requests import Answer, Result
from contracts.envelope import EnvelopeError, from_headers

PAGE = 100

LIST = """
select id, consumer, topic, key, sequence, event_id, reason, detail, attempts, next_at, deadline, at, headers, body
from held where company = $1 and id > $2 and ($3::text is null or reason = $3) order by id limit $4
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
UNREADABLE = """
select consumer, topic, partition, "offset", key, headers, body, error, at, hash
from inbox_unreadable
where settled_at is null and (topic, partition, "offset", consumer, hash) > ($1, $2, $3, $4, $5)
order by topic, partition, "offset", consumer, hash limit $6
"""
FIRST = ("", 0, -1, "", b"")
"""Before every record that can be kept raw."""
SETTLE = """
update inbox_unreadable u set settled_by = $5, settled_at = now()
from (select consumer, topic, partition, "offset", hash from inbox_unreadable
      where consumer = $1 and topic = $2 and partition = $3 and "offset" = $4 and settled_at is null
      order by at limit 1) x
where u.consumer = x.consumer and u.topic = x.topic and u.partition = x.partition and u."offset" = x."offset"
    and u.hash = x.hash returning 1
"""
ENSURE_CURSOR = """
insert into inbox (company, consumer, topic, key, sequence) values ($1, $2, $3, $4, 0)
on conflict (company, consumer, topic, key) do update set held = inbox.held
"""

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


class DismissBody(BaseModel):
    """Why a record that cannot be read is given up."""

    model_config = ConfigDict(extra="forbid")
    consumer: str
    reason: Annotated[str, Field(min_length=1, max_length=500)]


class RepairBody(BaseModel):
    """The envelope (CloudEvents attributes by their header names) and data that a record should have had."""

    model_config = ConfigDict(extra="forbid")
    consumer: str
    headers: dict[str, str]
    data: dict[str, Any]


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


@dataclass(frozen=True, slots=True)
class RepairRecord:
    """An event made readable, in place of a record that was kept raw."""

    cause: Cause
    consumer: str
    topic: str
    partition: int
    offset: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class DismissRecord:
    """A record that was never an event of ours, and why somebody is sure."""

    cause: Cause
    consumer: str
    topic: str
    partition: int
    offset: int
    reason: str


@router.get("/companies/{company}/held")
async def list_held(
    company: str,
    reading: Annotated[Reading, Depends(read("operations:read"))],
    reason: Annotated[str | None, Query(pattern="^(gap|poison|behind|waiting|conflict)$")] = None,
    after: Annotated[int, Query(ge=0, le=2**62)] = 0,
) -> dict[str, object]:
    """What is held for a company, oldest first; `next` continues."""
    async with reading.connection(company) as connection:
        rows = await connection.fetch(LIST, company, after, reason, PAGE)
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


@router.get("/companies/{company}/unreadable")
async def list_unreadable(
    company: str,
    reading: Annotated[Reading, Depends(read("operations:read"))],
    after: Annotated[str | None, Query(max_length=1_000)] = None,
) -> dict[str, object]:
    """Records without a usable envelope that nobody has settled; `next` continues. They belong to no company, so only
    who sees all companies sees them.
    """
    _sees_all(reading.caller)
    async with reading.connection(company) as connection:
        rows = await connection.fetch(UNREADABLE, *_place(after), PAGE)
    shown = [{name: _plain(value) for name, value in row.items() if name != "hash"} for row in rows]
    return {"unreadable": shown, "next": _after(rows[-1]) if len(rows) == PAGE else None}


@router.post("/companies/{company}/unreadable/{topic}/{partition}/{offset}/dismiss")
async def dismiss_record(
    company: str,
    topic: str,
    partition: Annotated[int, Path(ge=0, lt=2**31)],
    offset: Annotated[int, Path(ge=0, lt=2**62)],
    body: DismissBody,
    call: Annotated[Call, Depends(write("operations:write"))],
) -> Response:
    """Settle a record that no event can be made of; who, when and why is kept, and the record too."""
    _sees_all(call.caller)
    command = DismissRecord(call.cause(company), body.consumer, topic, partition, offset, body.reason)
    return await call.run(dismiss, command)


@router.post("/companies/{company}/unreadable/{topic}/{partition}/{offset}/repair")
async def repair_record(
    company: str,
    topic: str,
    partition: Annotated[int, Path(ge=0, lt=2**31)],
    offset: Annotated[int, Path(ge=0, lt=2**62)],
    body: RepairBody,
    call: Annotated[Call, Depends(write("operations:write"))],
) -> Response:
    """Put a readable event in the place of a record that was kept raw; it takes its turn by its sequence."""
    _sees_all(call.caller)
    command = RepairRecord(
        call.cause(company), body.consumer, topic, partition, offset, body.headers, orjson.dumps(body.data)
    )
    return await call.run(repair, command)


async def decide(commands: Sequence[DecideHeld], unit: UnitOfWork) -> Sequence[Result]:
    """Carry out what people decided about held events."""
    return [await _decide(command, unit) for command in commands]


async def close_gaps(commands: Sequence[CloseGap], unit: UnitOfWork) -> Sequence[Result]:
    """Move cursors over what will never come."""
    return [await _close(command, unit) for command in commands]


async def repair(commands: Sequence[RepairRecord], unit: UnitOfWork) -> Sequence[Result]:
    """Let repaired records take their turn."""
    return [await _repair(command, unit) for command in commands]


async def dismiss(commands: Sequence[DismissRecord], unit: UnitOfWork) -> Sequence[Result]:
    """Settle records that people gave up."""
    return [await _dismiss(command, unit) for command in commands]


async def _dismiss(command: DismissRecord, unit: UnitOfWork) -> Result:
    who = command.cause.person
    place = (command.topic, command.partition, command.offset)
    if not await unit.raw.fetchval(SETTLE, command.consumer, *place, who):
        return Refused("record-not-found", "no unsettled record is kept there", status=404)
    where = "/".join(map(str, place))
    unit.audit(command.cause, "record-dismissed", where, {"consumer": command.consumer, "reason": command.reason})
    return Answer(200, {"record": where, "settled_by": who})


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


async def _repair(command: RepairRecord, unit: UnitOfWork) -> Result:
    headers = [(name, value.encode()) for name, value in command.headers.items()]
    try:
        envelope = from_headers(headers)
    except EnvelopeError as wrong:
        return Refused("envelope-invalid", str(wrong), f"/headers/{wrong.attribute}")
    company = command.cause.company
    if envelope.company != company:
        return Refused("company-differs", "the envelope names another company", "/headers/ce_company")
    who = command.cause.person
    if not await unit.raw.fetchval(SETTLE, command.consumer, command.topic, command.partition, command.offset, who):
        return Refused("record-not-found", "no unsettled record is kept there", status=404)
    place = inbox.Place(company, command.topic, envelope.subject)
    await unit.raw.execute(ENSURE_CURSOR, company, command.consumer, command.topic, envelope.subject)
    kept = inbox.ToHold(
        place,
        command.partition,
        envelope.sequence,
        envelope.id,
        pack_headers(headers),
        command.body,
        "behind",
        "repaired",
        inbox.content_hash(envelope.id, command.body),
    )
    held = (await inbox.hold(unit.raw, command.consumer, [kept])).counts
    await inbox.correct(unit.raw, command.consumer, {p: inbox.Correction(None, None, n) for p, n in held.items()})
    unit.audit(command.cause, "record-repaired", f"{command.topic}/{command.partition}/{command.offset}")
    unit.wake_drainer()
    return Answer(200, {"event": envelope.id, "sequence": envelope.sequence})


def _sees_all(caller: Caller) -> None:
    """Raises Problem 403: a record without an envelope may be any company's."""
    if EVERYTHING not in caller.companies:
        raise Problem(403, "scope-missing", "Records without a company are for operators of all companies only.")


def _after(row: asyncpg.Record) -> str:
    """The place of a record among those that cannot be read, as a word for a query."""
    place = [row["topic"], row["partition"], row["offset"], row["consumer"], row["hash"].hex()]
    return base64.urlsafe_b64encode(orjson.dumps(place)).decode().rstrip("=")


def _place(after: str | None) -> tuple[str, int, int, str, bytes]:
    """Where to go on. Raises Problem 422 for what is no `next` of this route."""
    if after is None:
        return FIRST
    try:
        packed = base64.b64decode((after + "=" * (-len(after) % 4)).encode("ascii"), b"-_", validate=True)
        topic, partition, offset, consumer, hashed = orjson.loads(packed)
        if not (0 <= partition < 2**31 and 0 <= offset < 2**62 and "\x00" not in topic + consumer):
            raise ValueError
        return topic, partition, offset, consumer, bytes.fromhex(hashed)
    except (ValueError, TypeError):
        fault = Fault("?after", "not-a-cursor", "Take the `next` of an answer of this route.")
        raise Problem(422, "invalid-query", fault.detail, [fault]) from None


def _shown(row: asyncpg.Record) -> dict[str, object]:
    shown = {name: _plain(value) for name, value in row.items() if name not in ("headers", "body", "hash")}
    shown["envelope"] = dict(orjson.loads(row["headers"]))
    try:
        shown["data"] = orjson.loads(row["body"])
    except orjson.JSONDecodeError:
        shown["data"] = _plain(row["body"])
    return shown


def _plain(value: object) -> object:
    if isinstance(value, bytes):
        return value.decode(errors="backslashreplace")
    return value if value is None or isinstance(value, int) else str(value)
