"""`/v1/companies/{company}/subscriptions`: named cursors in the topics, kept here for whoever reads.

A cursor moves when its reader acknowledges, so that what was read and not acknowledged comes again. Every change may be
asked for twice: it says where the cursor shall stand, not by how much it moves.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import orjson
from fastapi import Depends, Path, Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import Response

from chassis.cause import Cause
from chassis.errors import Fault, Problem
from chassis.http import Router
from chassis.ids import new_id
from chassis.requests import unavailable
from chassis.settling import settle
from contracts.topics import TOPICS
from services.gateway import handlers
from services.gateway.api.entry import Asked, ask
from services.gateway.api.streams import TEXT_CHARS_MAX, EventStream, filter_of, scope_of, start_of
from services.gateway.commands import Acknowledge, CloseSubscription, OpenSubscription, SetBack, SubscriptionName
from services.gateway.keys import missing_scope
from services.gateway.queries import subscriptions as queries
from services.gateway.queries.subscriptions import Subscription
from services.gateway.streams.batches import ends_of, lag, next_batch
from services.gateway.streams.hub import Hub, Reader
from services.gateway.streams.position import BadToken, Position, position_of, token_of
from services.gateway.streams.replay import Start, starting_marks

router = Router(prefix="/v1/companies/{company}/subscriptions", tags=["streams"])

MOST = 100
"""Cursors of one client in one company."""
TRIES = 5
NAME = r"^[a-z0-9][a-z0-9._-]{0,63}$"
PLACE = "`beginning`, `end`, an RFC 3339 time, or a cursor or token that was given out for this topic."
Door = Annotated[Asked, Depends(ask(""))]
Name = Annotated[str, Path(pattern=NAME)]


class ServerSentEvents(Response):
    """What a stream answers, as the document of the routes names it."""

    media_type = "text/event-stream"


class SubscriptionBody(BaseModel):
    """What is read, and from where."""

    model_config = ConfigDict(extra="forbid", strict=True)
    topic: str
    type: str | None = Field(default=None, description="Only events of this type.")
    subject: str | None = Field(default=None, min_length=1, max_length=TEXT_CHARS_MAX, description="Only of this key.")
    start: str = Field(alias="from", default="end", description=PLACE)


class CursorBody(BaseModel):
    """Everything up to this cursor is done with."""

    model_config = ConfigDict(extra="forbid", strict=True)
    cursor: str


class PlaceBody(BaseModel):
    """Where to read on."""

    model_config = ConfigDict(extra="forbid", strict=True)
    start: str = Field(alias="from", description=PLACE)


class SubscriptionAnswer(BaseModel):
    """A named cursor and how far it is behind."""

    name: str
    topic: str
    type: str | None
    subject: str | None
    cursor: str = Field(description="Everything before it is acknowledged.")
    lag_events: int | None = Field(
        description="Events of the topic behind the cursor, of whatever company and type; null while Kafka is away."
    )
    opened_at: datetime
    moved_at: datetime = Field(description="When it was last acknowledged or set back.")


class SubscriptionList(BaseModel):
    """All of the caller's in this company."""

    subscriptions: list[SubscriptionAnswer]


class EventAt(BaseModel):
    """An event, and the cursor behind it."""

    cursor: str
    event: dict[str, object] = Field(description="A structured CloudEvent.")


class BatchAnswer(BaseModel):
    """What comes next. Nothing has moved yet: acknowledge its `cursor`, or that of one of its events."""

    events: list[EventAt]
    cursor: str = Field(description="Behind all that was looked at, what the filter held back included.")
    lag_events: int = Field(description="Events of the topic that stand behind `cursor`.")


@router.put("/{name}", status_code=201)
async def open_subscription(company: str, name: Name, body: SubscriptionBody, asked: Door) -> Response:
    """Keep a cursor of this name; 200 and nothing moved when there is one that reads the same already."""
    of = await _named(asked, company, name)
    topic = TOPICS.get(body.topic)
    if topic is None:
        raise _wrong("/topic", "unknown-topic", f"There are {', '.join(TOPICS)}.")
    if body.type is not None and body.type not in topic.holds:
        raise _wrong("/type", "unknown-type", f"This topic holds {', '.join(topic.holds)}.")
    _check_scope(asked, company, topic.name)
    known = await _all(asked, of)
    status = 200
    if name not in {one.name for one in known}:
        if len(known) >= MOST:
            raise Problem(409, "too-many-subscriptions", f"There are {MOST} already; close one that nobody reads.")
        hub = asked.gateway.hubs.of(topic.name)
        start = start_of(body.start.rpartition("!")[2], topic.name, topic.partitions, "/from")
        marks = await starting_marks(hub, start)
        place = token_of(topic.name, hub.cluster, marks)
        wanted = OpenSubscription(_cause(asked, company), of, topic.name, body.type, body.subject, place)
        opened = await settle(asked.gateway.database, company, handlers.open_subscription, wanted)
        status = 201 if opened else 200
    stands = await _found(asked, of)
    if (stands.topic, stands.type, stands.subject) != (topic.name, body.type, body.subject):
        raise Problem(409, "subscription-exists", "There is one of this name that reads something else.")
    return _told((await _answers(asked, [stands]))[0], status)


@router.get("")
async def list_subscriptions(company: str, asked: Door) -> SubscriptionList:
    """The caller's cursors in this company, each with how far it is behind."""
    of = await _named(asked, company, "")
    mine = [one for one in await _all(asked, of) if asked.key.caller.may(scope_of(one.topic), company)]
    return SubscriptionList(subscriptions=await _answers(asked, mine))


@router.get("/{name}")
async def get_subscription(company: str, name: Name, asked: Door) -> SubscriptionAnswer:
    """One cursor."""
    found = await _found(asked, await _named(asked, company, name))
    return (await _answers(asked, [found]))[0]


@router.get("/{name}/events", response_model=BatchAnswer)
async def read_batch(
    company: str,
    name: Name,
    asked: Door,
    limit: Annotated[int, Query(ge=1, le=1_000, description="Events at most.")] = 100,
    wait_s: Annotated[float, Query(ge=0, le=25, description="At the end of the topic, wait so long for one.")] = 0,
) -> Response:
    """What comes behind the cursor, at least once and in order per subject; the cursor stays where it is."""
    of = await _named(asked, company, name)
    found = await _found(asked, of)
    hub, reader = await _reader(asked, company, found, found.place)
    hubs = asked.gateway.hubs
    hubs.readers += 1
    try:
        batch = await next_batch(hub, reader, limit, wait_s)
    finally:
        hubs.readers -= 1
    prefix = f"{found.turn}!"
    events = b",".join(
        b'{"cursor":"%s","event":%s}' % ((prefix + token_of(hub.topic, hub.cluster, marks)).encode(), entry.event())
        for entry, marks in batch.placed
    )
    cursor = prefix + token_of(hub.topic, hub.cluster, batch.marks)
    rest = b'"cursor":"%s","lag_events":%d}' % (cursor.encode(), batch.lag_events)
    return Response(b'{"events":[' + events + b"]," + rest, media_type="application/json")


@router.get("/{name}/stream", response_class=ServerSentEvents)
async def read_stream(company: str, name: Name, asked: Door, request: Request) -> Response:
    """The same as server-sent events, from the cursor or behind `Last-Event-ID`; each event's id is a cursor."""
    found = await _found(asked, await _named(asked, company, name))
    resumed = request.headers.get("last-event-id", "").rpartition("!")[2]
    hub, reader = await _reader(asked, company, found, resumed or found.place)
    return EventStream(asked.gateway, asked.key, hub, reader, f"{found.turn}!")


@router.put("/{name}/cursor")
async def acknowledge(company: str, name: Name, body: CursorBody, asked: Door) -> SubscriptionAnswer:
    """Move the cursor on to one that was read. It never moves back by this, however late a reader acknowledges."""
    of = await _named(asked, company, name)
    for _ in range(TRIES):
        stands = await _found(asked, of)
        turn, _, token = body.cursor.rpartition("!")
        told = _position(token, stands)
        if turn != str(stands.turn):
            detail = "The cursor was given out before the subscription was set back; read again."
            raise Problem(409, "subscription-set-back", detail, [Fault("/cursor", "subscription-set-back", detail)])
        if token == stands.place:
            return (await _answers(asked, [stands]))[0]
        if not await _is_behind(asked, stands, told):
            detail = "What was acknowledged already is behind this cursor; to read it again, set the subscription back."
            raise Problem(409, "cursor-behind", detail, [Fault("/cursor", "cursor-behind", detail)])
        moves = Acknowledge(of, stands.turn, stands.place, token)
        if await settle(asked.gateway.database, company, handlers.acknowledge, moves):
            break
    else:
        raise unavailable("subscription-busy", "Others move this cursor all the time; try again.")
    return (await _answers(asked, [await _found(asked, of)]))[0]


@router.put("/{name}/place")
async def set_back(company: str, name: Name, body: PlaceBody, asked: Door) -> SubscriptionAnswer:
    """Read on from another place, earlier or later. Cursors given out before acknowledge nothing any more."""
    of = await _named(asked, company, name)
    found = await _found(asked, of)
    topic = TOPICS[found.topic]
    hub = asked.gateway.hubs.of(found.topic)
    start = start_of(body.start.rpartition("!")[2], topic.name, topic.partitions, "/from")
    marks = await starting_marks(hub, start)
    moves = SetBack(_cause(asked, company), of, token_of(topic.name, hub.cluster, marks))
    await settle(asked.gateway.database, company, handlers.set_back, moves)
    return (await _answers(asked, [await _found(asked, of)]))[0]


@router.delete("/{name}", status_code=204)
async def close_subscription(company: str, name: Name, asked: Door) -> Response:
    """Keep the cursor no more. Closing what is closed changes nothing."""
    of = await _named(asked, company, name)
    closing = CloseSubscription(_cause(asked, company), of)
    await settle(asked.gateway.database, company, handlers.close_subscription, closing)
    return Response(status_code=204)


# -- what they share -----------------------------------------------------------------------------------------------


async def _named(asked: Asked, company: str, name: str) -> SubscriptionName:
    """Whose cursor is meant. Raises Problem 404 for a company that the caller does not see."""
    (seen,) = await asked.companies(company)
    return SubscriptionName(seen, asked.key.caller.client, name)


async def _found(asked: Asked, of: SubscriptionName) -> Subscription:
    """The cursor. Raises Problem 404 when the client has none of this name, 403 when it may not read the topic now."""
    async with asked.gateway.database.read([of.company]) as unit:
        found = await queries.subscription(unit.raw, of)
    if found is None:
        raise Problem(404, "subscription-not-found", "There is no such subscription of yours here.")
    _check_scope(asked, of.company, found.topic)
    return found


async def _all(asked: Asked, of: SubscriptionName) -> list[Subscription]:
    async with asked.gateway.database.read([of.company]) as unit:
        return await queries.subscriptions(unit.raw, of.company, of.client)


def _check_scope(asked: Asked, company: str, topic: str) -> None:
    if not asked.key.caller.may(scope_of(topic), company):
        raise missing_scope(scope_of(topic))


def _cause(asked: Asked, company: str) -> Cause:
    caller, identity = asked.key.caller, new_id()
    return Cause(
        identity, company, str(identity), caller.actor, caller.on_behalf_of, None, asked.gateway.clock.now()
    )  # fmt: skip


async def _reader(asked: Asked, company: str, found: Subscription, place: str) -> tuple[Hub, Reader]:
    """A reader at the place. Raises Problem 422 for what is none, 503 while Kafka does not answer."""
    gateway = asked.gateway
    if gateway.hubs.readers >= gateway.settings.streams_max:
        raise unavailable("too-many-streams", "Too many streams are open here.")
    hub = gateway.hubs.of(found.topic)
    marks = await starting_marks(hub, Start(position=_position(place, found)))
    wanted = filter_of(frozenset({company}), found.type, found.subject)
    return hub, Reader(wanted, marks, gateway.settings.stream_queue_events)


def _position(token: str, found: Subscription) -> Position:
    try:
        return position_of(token, found.topic, TOPICS[found.topic].partitions)
    except BadToken as wrong:
        raise _wrong("/cursor", "place-invalid", f"The value {wrong}. Give a cursor of this subscription.") from None


async def _is_behind(asked: Asked, stands: Subscription, told: Position) -> bool:
    """Whether the subscription stands before the cursor, in every partition. Where its topic was written anew since, it
    stands where a reader would begin.
    """
    at = _position(stands.place, stands)
    if told.cluster == at.cluster and _none_later(at, told):
        return True
    hub = asked.gateway.hubs.of(stands.topic)
    marks = tuple(await starting_marks(hub, Start(position=at)))
    now = Position(hub.cluster, marks)
    return now != at and told.cluster == now.cluster and _none_later(now, told)


def _none_later(one: Position, other: Position) -> bool:
    return all(mark.next <= further.next for mark, further in zip(one.marks, other.marks, strict=True))


async def _answers(asked: Asked, found: list[Subscription]) -> list[SubscriptionAnswer]:
    hubs = asked.gateway.hubs
    topics = {one.topic: hubs.of(one.topic).partitions for one in found}
    servers = asked.gateway.settings.stack.kafka_bootstrap_servers
    ends = await ends_of(servers, topics) if found else None
    return [
        SubscriptionAnswer(
            name=one.name, topic=one.topic, type=one.type, subject=one.subject, cursor=f"{one.turn}!{one.place}",
            lag_events=None if ends is None else lag(_position(one.place, one).marks, ends[one.topic]),
            opened_at=one.opened_at, moved_at=one.moved_at,
        )
        for one in found
    ]  # fmt: skip


def _told(answer: SubscriptionAnswer, status: int) -> Response:
    return Response(orjson.dumps(answer.model_dump(mode="json")), status, media_type="application/json")


def _wrong(pointer: str, code: str, detail: str) -> Problem:
    return Problem(422, "invalid-request", detail, [Fault(pointer, code, detail)])
