"""The operators' door to records that could not be read: list, repair, dismiss.

They belong to no company, so they are for operators of all companies. The record itself is kept whatever is decided.
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
from chassis.operating import plain
from chassis.records import pack_headers
from chassis.requests import Answer, Result
from contracts.envelope import EnvelopeError, from_headers

PAGE = 100

UNREADABLE = """
select consumer, topic, partition, "offset", key, headers, body, error, at, settled_by, settled_at, hash
from inbox_unreadable
where ($7 or settled_at is null) and (topic, partition, "offset", consumer, hash) > ($1, $2, $3, $4, $5)
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


@router.get("/companies/{company}/unreadable")
async def list_unreadable(
    company: str,
    reading: Annotated[Reading, Depends(read("operations:read"))],
    after: Annotated[str | None, Query(max_length=1_000)] = None,
    settled: bool = False,
) -> dict[str, object]:
    """Records without a usable envelope that nobody has settled; `next` continues. With `settled` those as well that
    were repaired or dismissed, with who and when: none of them is ever forgotten. They belong to no company, so only
    who sees all companies sees them.
    """
    _sees_all(reading.caller)
    async with reading.connection(company) as connection:
        rows = await connection.fetch(UNREADABLE, *_place(after), PAGE, settled)
    shown = [{name: plain(value) for name, value in row.items() if name != "hash"} for row in rows]
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
