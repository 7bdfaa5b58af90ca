"""What a caller sees when something is wrong, whatever raised it: a problem document (RFC 9457), no inner detail.

`Shell` is the outermost part of every HTTP door: it names the request, carries its trace, bounds its body, and turns
what nobody caught into a 500 that says nothing and a log line that says everything.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterable, Sequence
from http import HTTPStatus
from time import monotonic
from typing import Any, TypeVar, cast

import asyncpg
import orjson
import structlog
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Match, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from chassis.database import is_transient
from chassis.errors import Problem
from chassis.ids import new_id
from chassis.strict_json import faults_of
from chassis.telemetry import Metrics, is_sampled, logger, new_traceparent, sampled_by, valid_traceparent

MEDIA_TYPE = "application/problem+json"
BODY_BYTES_MAX = 1_048_576
URL_BYTES_MAX = 8_192
HEADERS_MAX = 100
HEADER_BYTES_MAX = 16_384
SAMPLED_PER_S_MAX = 20
"""Traces recorded a second at most, whatever callers ask for: a recorded one costs a span in every service."""
FILE_BODY_BYTES_MAX = 268_435_456
"""A body that is a file: whoever takes files decides below this, and whoever passes them on believes it."""
LongBody = tuple[re.Pattern[str], int]
"""Addresses that take longer bodies than others, and how long they may be."""
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


class Shell:
    """Pure ASGI, because it is passed by every request: a few microseconds, no task, no copy of the body."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        metrics: Metrics,
        body_bytes_max: int = BODY_BYTES_MAX,
        long_bodies: Sequence[LongBody] = (),
        trace_ratio: float = 0.0,
    ) -> None:
        self._app = app
        self._metrics = metrics
        self._body_bytes_max = body_bytes_max
        self._long_bodies = tuple(long_bodies)
        self._trace_ratio = trace_ratio
        self._second = 0
        self._sampled = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        length, traceparent, header_bytes, hosts = _look_at(scope["headers"])
        request_id = str(new_id())
        scope.setdefault("state", {}).update(request_id=request_id, traceparent=self._trace(traceparent))
        started = False

        async def answer(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                self._metrics.responded(message["status"])
                message["headers"] = [
                    *message.get("headers", ()),
                    (b"x-content-type-options", b"nosniff"),
                    (b"x-request-id", request_id.encode()),
                    *scope["state"].get("headers", ()),
                ]
            await send(message)

        try:
            self._bound_head(scope, header_bytes)
            if hosts != 1 and scope.get("http_version") != "1.0":
                raise Problem(400, "malformed-request", "Exactly one Host header is needed.")
            bounded = receive if length == 0 else _bounded(receive, length, self._longest(scope, length))
            await self._app(scope, bounded, answer)
        except ClientDisconnect:
            return
        except Exception as error:
            problem = problem_for(error)
            if problem.status >= 500:
                self._log(scope, error)
            if started:
                raise
            await render(problem, scope)(scope, receive, answer)

    def _trace(self, given: str | None) -> str:
        """The caller's trace context, or a new one; not recorded when this second has had its share."""
        traceparent = given or new_traceparent(sampled_by(self._trace_ratio))
        if not is_sampled(traceparent):
            return traceparent
        second = int(monotonic())
        if second != self._second:
            self._second, self._sampled = second, 0
        self._sampled += 1
        return traceparent if self._sampled <= SAMPLED_PER_S_MAX else f"{traceparent[:-2]}00"

    def _longest(self, scope: Scope, length: int | None) -> int:
        """How long the body may be: the few addresses that take files are looked at only where it would matter."""
        if self._long_bodies and scope["method"] == "POST" and (length is None or length > self._body_bytes_max):
            for path, longest in self._long_bodies:
                if path.match(scope["path"]):
                    return longest
        return self._body_bytes_max

    def _bound_head(self, scope: Scope, header_bytes: int) -> None:
        query = scope["query_string"]
        if header_bytes > HEADER_BYTES_MAX or len(scope["headers"]) > HEADERS_MAX:
            limits = f"{HEADERS_MAX} headers and {HEADER_BYTES_MAX} bytes"
            raise Problem(431, "headers-too-large", f"There are more than {limits} of headers.")
        if len(scope.get("raw_path") or b"") + len(query) > URL_BYTES_MAX:
            raise Problem(414, "url-too-long", f"The address is longer than {URL_BYTES_MAX} bytes.")
        if "\x00" in scope["path"]:
            raise Problem(404, "not-found", "There is nothing at this address.")
        if b"%00" in query:
            raise Problem(422, "character-not-allowed", "A parameter holds the character NUL.")

    def _log(self, scope: Scope, error: Exception) -> None:
        state = scope["state"]
        with structlog.contextvars.bound_contextvars(request=state["request_id"], trace=state["traceparent"][3:35]):
            logger.error("request failed", action="http", method=scope["method"], exc_info=error)


def _bounded(receive: Receive, length: int | None, longest: int) -> Receive:
    """The body as it comes, until it is too long. A length that was told is believed: the server holds it to it."""
    if length is not None:
        if not 0 <= length <= longest:
            raise too_large(longest)
        return receive
    got = 0

    async def next_part() -> Message:
        nonlocal got
        message = await receive()
        got += len(message.get("body", b""))
        if got > longest:
            raise too_large(longest)
        return message

    return next_part


def _look_at(headers: list[tuple[bytes, bytes]]) -> tuple[int | None, str | None, int, int]:
    """Length of the body (0 when the headers announce none, None when it is not told), trace context, size, hosts."""
    length: int | None = 0
    traceparent: str | None = None
    size = hosts = 0
    for name, value in headers:
        size += len(name) + len(value)
        if name == b"content-length":
            length = int(value) if value.isdigit() and len(value) < 19 else -1
        elif name == b"transfer-encoding":
            length = None
        elif name == b"traceparent":
            text = value.decode("latin-1")
            traceparent = text if valid_traceparent(text) else None
        elif name == b"host":
            hosts += 1
    return length, traceparent, size, hosts


def too_large(limit: int) -> Problem:
    """413: the body is longer than any request needs."""
    return Problem(413, "body-too-large", f"The body is larger than {limit} bytes.", headers={"Connection": "close"})


E = TypeVar("E", bound=Callable[..., object])


def takes_long_bodies(bytes_max: int) -> Callable[[E], E]:
    """Marks an endpoint that takes files: its bodies may be longer than any other's."""

    def mark(endpoint: E) -> E:
        endpoint.__dict__["body_bytes_max"] = bytes_max
        return endpoint

    return mark


def long_bodies_of(routes: Iterable[BaseRoute]) -> list[LongBody]:
    """Which of these routes are so marked."""
    marked = ((route, getattr(getattr(route, "endpoint", None), "body_bytes_max", None)) for route in routes)
    return [(route.path_regex, longest) for route, longest in marked if longest and isinstance(route, Route)]


# -- from exceptions to documents ------------------------------------------------------------------------------------


def install_problems(app: FastAPI) -> None:
    """Answer every refusal of this app, its routing and its validation included, by a problem document."""

    async def on_http(request: Request, error: Exception) -> Response:
        problem = _of_http(cast(HTTPException, error))
        if problem.status == 405:
            problem.headers["Allow"] = ", ".join(allowed_methods(app.router.routes, request.scope))
        return render(problem, request.scope)

    async def on_any(request: Request, error: Exception) -> Response:
        return render(problem_for(error), request.scope)

    handler = Callable[[Request, Exception], Awaitable[Response]]
    handlers: dict[Any, handler] = {HTTPException: on_http, Problem: on_any, RequestValidationError: on_any}
    for kind, function in handlers.items():
        app.add_exception_handler(kind, function)


def problem_for(error: Exception) -> Problem:
    """The problem that an exception means to the caller."""
    if isinstance(error, Problem):
        return error
    if isinstance(error, RequestValidationError):
        return _of_validation(error)
    if isinstance(error, HTTPException):
        return _of_http(error)
    if is_transient(error):
        detail = "A part that is needed does not answer; nothing is wrong with the request."
        return Problem(503, "database-unavailable", detail, headers={"Retry-After": "1"})
    if isinstance(error, asyncpg.DataError):  # a query was asked for a value that no column can hold
        return Problem(422, "not-storable", "A value is outside of what can be stored.")
    return Problem(500, "unexpected", "Something went wrong here; it has been recorded under the request's id.")


def _of_validation(error: RequestValidationError) -> Problem:
    errors = error.errors()
    if any(e["loc"][:1] == ("path",) for e in errors):
        return Problem(404, "not-found", "There is nothing at this address.")
    broken = next((e for e in errors if e["type"] == "json_invalid"), None)
    if broken is not None:
        return Problem(400, "malformed-json", "The body is not well-formed JSON.")
    return Problem(422, "invalid-request", "The request does not fit what this address takes.", faults_of(errors))


def _of_http(error: HTTPException) -> Problem:
    status = HTTPStatus(error.status_code)
    words = {
        400: ("malformed-request", "The request cannot be understood."),
        404: ("not-found", "There is nothing at this address."),
        405: ("method-not-allowed", "This address does not take this method."),
        413: ("body-too-large", "The body is too large."),
    }
    code, detail = words.get(status, (status.phrase.lower().replace(" ", "-"), f"{status.phrase}."))
    return Problem(status, code, detail, headers=error.headers)


def render(problem: Problem, scope: Scope) -> Response:
    """The document, with the request it belongs to and its trace."""
    state = scope.get("state", {})
    instance = f"urn:uuid:{state['request_id']}" if "request_id" in state else None
    body = problem.document(instance)
    if "traceparent" in state:
        body["traceId"] = state["traceparent"][3:35]
    return Response(orjson.dumps(body, default=str), problem.status, problem.headers, MEDIA_TYPE)


def allowed_methods(routes: list[BaseRoute], scope: Scope) -> list[str]:
    """Every method that some route takes at this address."""
    taken: list[str] = []
    for method in METHODS:
        probe = {**scope, "method": method}
        if any(route.matches(dict(probe))[0] is Match.FULL for route in routes):
            taken.append(method)
    return taken
