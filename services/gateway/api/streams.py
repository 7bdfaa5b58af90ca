"""`GET /v1/streams/{topic}`: a topic as server-sent events, filtered, from any place, resumed by `Last-Event-ID`.

Every event carries a token as its `id`. A reader that comes back with it sees each later event at least once.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing

import orjson
from aiokafka.errors import KafkaError
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from chassis.database import COMPANY
from chassis.errors import Fault, Problem
from chassis.form import check_query
from chassis.requests import company_not_found, unavailable
from contracts.topics import TOPICS
from services.gateway.api.entry import Gateway, admit, gateway_of
from services.gateway.keys import Key, missing_scope
from services.gateway.streams.entries import Entry
from services.gateway.streams.hub import Hub, Reader, Wanted
from services.gateway.streams.position import BadToken, Mark, position_of, token_of
from services.gateway.streams.replay import Placed, Start, caught_up, starting_marks
from services.gateway.translate.moments import milliseconds, moment

PARAMETERS = frozenset({"type", "company", "subject", "from"})
SEND_S = 30.0
"""A reader that takes nothing for so long is gone."""
TEXT_CHARS_MAX = 200
SALES = {"sales.orders": "orders:read", "sales.payments": "payments:read", "sales.hires": "employees:read"}


def scope_of(topic: str) -> str:
    """The right to read a topic: that of what it tells of."""
    return SALES.get(topic) or f"{topic.partition('.')[0]}:read"


async def get_stream(request: Request) -> Response:
    """Begin a stream. Everything that can be refused is refused before the first byte."""
    gateway = gateway_of(request)
    key = await admit(request)
    check_query(request, PARAMETERS)
    _check_accept(request)
    topic = TOPICS.get(request.path_params["topic"])
    if topic is None:
        raise Problem(404, "topic-not-found", f"There is no such topic; there are {', '.join(TOPICS)}.")
    if not key.caller.may_somewhere(scope_of(topic.name)):
        raise missing_scope(scope_of(topic.name))
    wanted = _wanted(request, key, topic.holds, scope_of(topic.name))
    start = _start(request, topic.name, topic.partitions)
    if gateway.hubs.readers >= gateway.settings.streams_max:
        raise unavailable("too-many-streams", "Too many streams are open here.")
    hub = gateway.hubs.of(topic.name)
    marks = await starting_marks(hub, start)
    return EventStream(gateway, key, hub, Reader(wanted, marks, gateway.settings.stream_queue_events))


# -- what is asked for -------------------------------------------------------------------------------------------------


def _wanted(request: Request, key: Key, holds: Sequence[str], scope: str) -> Wanted:
    """The filter. Raises Problem 404 for a company that the key does not see, 422 for a type of another topic."""
    query = request.query_params
    kind, company, subject = query.get("type"), query.get("company"), query.get("subject")
    if kind is not None and kind not in holds:
        raise _wrong("?type", "unknown-type", f"This topic holds {', '.join(holds)}.")
    if subject is not None and not 1 <= len(subject) <= TEXT_CHARS_MAX:
        raise _wrong("?subject", "pattern", f"Must be 1 to {TEXT_CHARS_MAX} characters.")
    if company is not None and (not COMPANY.fullmatch(company) or not key.caller.sees(company)):
        raise company_not_found()
    visible = key.caller.companies_for(scope)
    if company is not None:
        if not key.caller.may(scope, company):
            raise missing_scope(scope)
        visible = frozenset({company})
    return filter_of(visible, kind, subject)


def filter_of(visible: frozenset[str] | None, kind: str | None, subject: str | None) -> Wanted:
    """Lets through what is of these companies (None for all), this type and this subject."""

    def wanted(entry: Entry) -> bool:
        return (
            entry.is_event
            and (visible is None or entry.company in visible)
            and (kind is None or entry.type == kind)
            and (subject is None or entry.subject == subject)
        )

    return wanted


def _start(request: Request, topic: str, partitions: int) -> Start:
    """Where to begin; what a client resumes from comes before what its address says. Raises Problem 422."""
    resumed = request.headers.get("last-event-id")
    if resumed:
        return _from_token(resumed, topic, partitions, "header:last-event-id")
    return start_of(request.query_params.get("from", "end"), topic, partitions, "?from")


def start_of(place: str, topic: str, partitions: int, where: str) -> Start:
    """What a place in words means: `beginning`, `end`, a time, a token. Raises Problem 422."""
    if place == "end":
        return Start()
    if place == "beginning":
        return Start(at_ms=0)
    at = moment(place)
    if at is not None:
        return Start(at_ms=max(0, milliseconds(at)))
    return _from_token(place, topic, partitions, where)


def _from_token(text: str, topic: str, partitions: int, where: str) -> Start:
    try:
        return Start(position=position_of(text, topic, partitions))
    except BadToken as wrong:
        detail = f"The value {wrong}. Give a token, an RFC 3339 time, beginning or end."
        raise _wrong(where, "place-invalid", detail) from None


def _wrong(pointer: str, code: str, detail: str) -> Problem:
    return Problem(422, "invalid-request", detail, [Fault(pointer, code, detail)])


def _check_accept(request: Request) -> None:
    accept = request.headers.get("accept", "")
    if accept.strip() and not any(part in accept for part in ("text/event-stream", "text/*", "*/*")):
        raise Problem(406, "not-acceptable", "A stream is text/event-stream.")


# -- what is sent ------------------------------------------------------------------------------------------------------


class EventStream(Response):
    """The stream itself: what was missed, then what comes, a sign of life when nothing does, and a last word.

    The key is looked at before each sending, and a sign of life is one, so a stream ends about a heartbeat after its
    key at the latest.
    """

    def __init__(self, gateway: Gateway, key: Key, hub: Hub, reader: Reader, ids: str = "") -> None:
        super().__init__(None, 200, {"cache-control": "no-store", "x-accel-buffering": "no"}, "text/event-stream")
        self._ids = ids
        """What stands before each token."""
        self._gateway = gateway
        self._key = key
        self._hub = hub
        self._reader = reader

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send until the reader goes, is dropped, or the process stops."""
        headers = [(name, value) for name, value in self.raw_headers if name != b"content-length"]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        self._gateway.hubs.readers += 1
        gone = asyncio.create_task(_gone(receive))
        sending = asyncio.create_task(self._send_all(send))
        try:
            await asyncio.wait({gone, sending}, return_when=asyncio.FIRST_COMPLETED)
            if sending.done() and not sending.cancelled():
                sending.result()
        finally:
            self._gateway.hubs.readers -= 1
            self._hub.detach(self._reader)
            for task in (gone, sending):
                task.cancel()
            await asyncio.gather(gone, sending, return_exceptions=True)

    async def _send_all(self, send: Send) -> None:
        try:
            async with aclosing(self._parts()) as parts:
                async for part in parts:
                    live = self._gateway.keys.is_live(self._key, self._gateway.clock.now())
                    body = part if live else _last_word("key-revoked", "The key is no longer valid.")
                    async with asyncio.timeout(SEND_S):
                        await send({"type": "http.response.body", "body": body, "more_body": True})
                    if not live:
                        break
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        except TimeoutError:
            return

    async def _parts(self) -> AsyncGenerator[bytes, None]:
        reader = self._reader
        yield b"retry: 1000\n\n"
        try:
            async with aclosing(caught_up(self._hub, reader, self._gateway.settings.stream_heartbeat_s)) as missed:
                async for placed in missed:
                    yield self._frames(placed) if placed else self._sign_of_life()
        except (Problem, OSError, KafkaError) as error:
            yield _last_word("stream-interrupted", str(error))
            return
        yield self._sign_of_life()
        while True:
            try:
                async with asyncio.timeout(self._gateway.settings.stream_heartbeat_s):
                    await reader.arrived.wait()
            except TimeoutError:
                yield self._sign_of_life()
                continue
            taken = reader.take()
            if taken:
                yield self._frames(taken)
            elif reader.dropped is not None:
                yield _last_word(reader.dropped, "Come back with the last event's id; nothing is lost.")
                return

    def _sign_of_life(self) -> bytes:
        """A comment, and the place so far: a reader whose filter lets little through need not read it all again."""
        return f": alive\nid: {self._id(self._reader.marks)}\n\n".encode()

    def _frames(self, placed: Sequence[Placed]) -> bytes:
        return b"".join(entry.frame(self._id(marks)) for entry, marks in placed)

    def _id(self, marks: Sequence[Mark]) -> str:
        return self._ids + token_of(self._hub.topic, self._hub.cluster, marks)


async def _gone(receive: Receive) -> None:
    """Returns when the reader has gone."""
    while (await receive())["type"] != "http.disconnect":
        pass


def _last_word(code: str, detail: str) -> bytes:
    return b"event: end\ndata: " + orjson.dumps({"code": code, "detail": detail}) + b"\n\n"
