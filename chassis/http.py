"""The HTTP door of a department: who calls, for which company, with which key; then one command or one query.

A route reads like this, three lines as at the Kafka door::

    router = Router(prefix="/v1")

    @router.post("/companies/{company}/receipts", status_code=201)
    async def receive_goods(
        company: str, body: GoodsReceiptBody, call: Annotated[Call, Depends(write("inventory:write"))]
    ) -> Response:
        return await call.run(handlers.receive_goods, to_receive_goods(company, body, call.cause(company)))

Rights are looked at before a body is read, and a route without a door cannot be opened.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Collection, Coroutine, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from typing import Any, Protocol

import asyncpg
import orjson
from fastapi import APIRouter, FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match, compile_path
from starlette.types import Receive, Scope, Send

from chassis import companies
from chassis.auth import Caller, InternalSecrets, TokenVerifier, Wanted, bearer
from chassis.cause import Cause
from chassis.database import COMPANY, Database
from chassis.database_clock import DatabaseClock
from chassis.direct import Direct, direct_of
from chassis.errors import Problem, Refused, problem_of
from chassis.form import check_accept, check_query, offered_by, read_json
from chassis.freshness import Standing
from chassis.ids import derive
from chassis.previewing import preview
from chassis.problems import Shell, install_problems, long_bodies_of
from chassis.requests import Answer, C, CommandDoor, Handler, RequestIdentity, company_not_found
from chassis.settings import ServiceSettings
from chassis.tally import Tally, counted
from chassis.telemetry import Metrics

KEY_CHARS_MAX = 255


class Host(Protocol):
    """What an HTTP door needs of the service it belongs to."""

    @property
    def settings(self) -> ServiceSettings:
        """Its settings."""

    @property
    def database(self) -> Database:
        """Its database."""

    @property
    def door(self) -> CommandDoor:
        """Where commands are grouped."""

    @property
    def metrics(self) -> Metrics:
        """Its numbers."""


class Doors:
    """What the doors of one process share; at `app.state.doors`."""

    def __init__(self, service: Host) -> None:
        secret_file = service.settings.stack.backbone_internal_secret_file
        self.database = service.database
        self.commands = service.door
        self.tally = Tally(service.database, service.metrics, service.settings.replica)
        self.clock = DatabaseClock(service.database)
        self.secrets = InternalSecrets(secret_file) if secret_file is not None else None
        self.verifier = TokenVerifier(self.secrets, service.settings.service, self.clock.seconds)
        self._known: set[str] = set()

    async def knows(self, connection: asyncpg.Connection, company: str) -> bool:
        """Whether this department has heard of the company; what was known once stays known."""
        if company not in self._known:
            self._known |= await companies.known(connection, [company])
        return company in self._known


def install(app: FastAPI, service: Host) -> Doors:
    """Give an app its shell, its problem documents and its doors. Call it last: the shell goes around everything."""
    stack = service.settings.stack
    doors = Doors(service)
    app.state.doors = doors
    app.router.redirect_slashes = False
    install_problems(app)
    ratio = stack.backbone_trace_ratio if stack.otel_exporter_otlp_endpoint else 0.0
    long_bodies = long_bodies_of(app.router.routes)
    app.add_middleware(Shell, metrics=service.metrics, long_bodies=long_bodies, trace_ratio=ratio)
    return doors


# -- routes ----------------------------------------------------------------------------------------------------------


class StrictRoute(APIRoute):
    """A route that looks at rights, then at form, then reads the body as strict JSON, then runs.

    FastAPI reads the signature of every route into validators, which for a whole department takes a third of its start.
    So a route first knows only what finds it, and FastAPI makes the rest of it when that is first asked for: by a
    request that came to it, or by whoever writes the OpenAPI document. And a command that comes without a query does
    not pass through the rest of it at all (`chassis/direct.py`).
    """

    _direct: Direct | None
    _commands: bool

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        self.path = path
        self.endpoint = endpoint
        self.name = endpoint.__name__
        self.methods = {method.upper() for method in options["methods"]}
        self.path_regex, self.path_format, self.param_convertors = compile_path(path)
        self._ending = self.path_format.rpartition("}")[2]
        self._make: Callable[[], None] = partial(super().__init__, path, endpoint, **options)

    def __getattr__(self, name: str) -> Any:
        """What is not there yet. Raises TypeError for a route without a door."""
        make = self.__dict__.pop("_make", None)
        if make is None:
            raise AttributeError(name)
        make()
        return getattr(self, name)

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """As FastAPI does it, once the end of the address fits: a department asks dozens of routes for each request."""
        if not scope.get("path", "").endswith(self._ending):
            return Match.NONE, {}
        return super().matches(scope)

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, by the short way where there is one; a question is told how current the answer is."""
        standing: Standing | None = getattr(scope["app"].state, "standing", None)
        if standing is not None and scope["method"] == "GET":
            scope["state"]["headers"] = standing.headers()  # before anything is read: it may only be more current
        direct = self._direct
        if direct is None or scope["query_string"] or scope["method"] not in (self.methods or ()):
            await super().handle(scope, receive, send)
            return
        request = Request(scope, receive, send)

        async def run() -> Response:
            await self._check(request)
            return await direct.run(request)

        response = await counted(request, run) if self._commands else await run()
        await response(scope, receive, send)

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """FastAPI's handler behind our own checks. Raises TypeError for a route without a door."""
        calls: list[object] = [dependency.call for dependency in self.dependant.dependencies]
        doors = [call for call in calls if isinstance(call, _Door)]
        if not doors:
            raise TypeError(f"{self.path} has no door: it needs Depends(read(...)) or Depends(write(...))")
        known = frozenset(_query_names(self.dependant))
        takes_body = self.body_field is not None
        offered = offered_by(self)
        handle = super().get_route_handler()

        async def check(request: Request) -> None:
            for door in doors:
                await door.admit(request)
            check_query(request, known)
            check_accept(request, offered)
            if takes_body:
                request._json = await read_json(request)  # what FastAPI takes as the parsed body

        async def run(request: Request) -> Response:
            await check(request)
            return await handle(request)

        async def strict(request: Request) -> Response:
            return await counted(request, partial(run, request)) if self._commands else await run(request)

        self._check = check
        self._commands = any(isinstance(door, write) for door in doors)
        self._direct = direct_of(self) if len(doors) == 1 else None
        return strict


def _query_names(dependant: Dependant) -> Iterator[str]:
    """The query parameters that a route takes, those of its dependencies and of parameter models included."""
    for parameter in dependant.query_params:
        annotation = parameter.field_info.annotation
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            yield from (field.alias or name for name, field in annotation.model_fields.items())
        else:
            yield parameter.alias
    for inner in dependant.dependencies:
        yield from _query_names(inner)


class Router(APIRouter):
    """A department's router: every route of it is strict."""

    def __init__(self, **options: Any) -> None:
        super().__init__(route_class=StrictRoute, redirect_slashes=False, **options)


# -- doors -----------------------------------------------------------------------------------------------------------


class _Door:
    """Looks at the token, the scopes (one of them is enough) and the company in the address, once per request.

    A scope among `by_name` counts by its own name alone, whatever wildcard somebody has.
    """

    def __init__(self, scope: str, *others: str, by_name: Collection[str] = ()) -> None:
        self.scope = scope
        self.wanted = Wanted((scope, *others), frozenset(by_name))

    async def admit(self, request: Request) -> Caller:
        """The caller. Raises Problem 401, 403 (scope) or 404 (a company that this caller does not see)."""
        doors: Doors = request.app.state.doors
        await doors.clock.fresh()
        caller = doors.verifier.verify(bearer(request.headers.getlist("authorization")))
        company = request.path_params.get("company")
        if not (self.wanted.held(caller) if company is None else self.wanted.held_somewhere(caller)):
            raise missing_scope(str(self.wanted))
        if company is not None:
            check_company(caller, company)
            if not self.wanted.held(caller, company):
                raise missing_scope(str(self.wanted))
        request.state.caller = caller
        return caller


def missing_scope(scope: str) -> Problem:
    """403: the caller may not do this."""
    return Problem(403, "scope-missing", f"The caller does not have the scope {scope}.")


def check_company(caller: Caller, company: str) -> None:
    """Raises Problem 404 for a company that does not exist for this caller."""
    if not COMPANY.fullmatch(company) or not caller.sees(company):
        raise company_not_found()


class write(_Door):  # noqa: N801 - used as a word: Depends(write("ledger:write"))
    """The door for commands; gives a `Call`. The Idempotency-Key header is required."""

    async def admit(self, request: Request) -> Caller:
        """As for every door; then 503 when too many wait, 428 without a key, 400 for one that cannot be one."""
        caller = await super().admit(request)
        doors: Doors = request.app.state.doors
        doors.commands.check_wait()
        request.state.key = idempotency_key(request.headers.getlist("idempotency-key"))
        return caller

    async def __call__(self, request: Request) -> Call:
        if not hasattr(request.state, "key"):
            await self.admit(request)
        return Call(request.state.caller, request.state.key, request)


class read(_Door):  # noqa: N801
    """The door for queries; gives a `Reading`."""

    async def __call__(self, request: Request) -> Reading:
        if not hasattr(request.state, "caller"):
            await self.admit(request)
        return Reading(request.state.caller, request.app.state.doors)


def idempotency_key(values: list[str]) -> str:
    """The one key of a request: 1 to 255 printable ASCII characters. Raises Problem 428 or 400."""
    if not values:
        raise Problem(428, "idempotency-key-required", "Send an Idempotency-Key header, the same one with each repeat.")
    key = values[0]
    if len(values) > 1 or not 1 <= len(key) <= KEY_CHARS_MAX or not key.isascii() or not key.isprintable():
        detail = f"The Idempotency-Key must be one value of 1 to {KEY_CHARS_MAX} printable ASCII characters."
        raise Problem(400, "idempotency-key-malformed", detail)
    return key


@dataclass(frozen=True, slots=True)
class Call:
    """One request for a change, by a caller who may ask for it."""

    caller: Caller
    key: str
    request: Request

    def cause(self, company: str) -> Cause:
        """The request as a cause; its id is derived from the key, so a repeat causes the same events.

        Raises Problem 404 for a company that the caller does not see (for addresses that carry it in the body).
        """
        check_company(self.caller, company)
        identity = derive("request", company, self._scope, self.key)
        state = self.request.state
        at = self.request.app.state.doors.clock.now()
        caller = self.caller
        return Cause(identity, company, str(identity), caller.actor, caller.on_behalf_of, state.traceparent, at)

    async def run(
        self,
        handler: Handler[C],
        command: C,
        *,
        introduces_company: str | None = None,
        conceal: Callable[[bytes], bytes] | None = None,
        dry_run: bool = False,
        with_events: bool = True,
    ) -> Response:
        """Give the command to the door and answer what its handler said. Raises Problem for every refusal.

        The company is the one in the address; a route that registers a company names it by `introduces_company`. A
        route whose input is secret conceals the hash that is kept of it, or short input could be found by trying.
        With `dry_run` the answer says what the command would do and tell, and nothing is kept, the key included; what
        it would tell is left out where there are thousands of it (`with_events=False`).
        """
        company = introduces_company or str(self.request.path_params["company"])
        self.request.state.company = company
        if dry_run:
            self.request.state.dry_run = True
            database = self.request.app.state.doors.database
            previewed = await preview(database, handler, command, company, with_events=with_events)
            if isinstance(previewed, Refused):
                raise problem_of(previewed)
            return response_of(previewed)
        introduces = introduces_company is not None
        asked = self._hash() if conceal is None else conceal(self._hash())
        identity = RequestIdentity(company, self._scope, self.key, asked, introduces)
        result = await self.request.app.state.doors.commands.submit(handler, command, identity)
        if isinstance(result, Refused):
            raise problem_of(result)
        return response_of(result)

    @property
    def _scope(self) -> str:
        return f"{self.request.method} {self.request.scope['route'].path}#{self.caller.client}"

    def _hash(self) -> bytes:
        """Over everything that was asked, in one form: an equal request hashes equal however it was written."""
        scope = self.request.scope
        asked = (scope["method"], scope["path"], scope["query_string"].decode("latin-1"), self.caller.client)
        body = getattr(self.request.state, "json", None)
        return sha256(orjson.dumps((asked, body), option=orjson.OPT_SORT_KEYS)).digest()


def response_of(answer: Answer) -> Response:
    """The HTTP form of an answer; `Idempotency-Replayed` says that nothing happened this time."""
    headers = {**answer.headers, "Idempotency-Replayed": "true"} if answer.replayed else dict(answer.headers)
    content = b"" if answer.status == 204 else orjson.dumps(answer.body, default=str)
    return Response(content, answer.status, headers, None if answer.status == 204 else "application/json")


@dataclass(frozen=True, slots=True)
class Reading:
    """One query, by a caller who may ask it."""

    caller: Caller
    doors: Doors

    @asynccontextmanager
    async def connection(self, company: str) -> AsyncIterator[asyncpg.Connection]:
        """A connection in a read-only transaction that sees this company alone. Raises Problem 404 when there is none
        for this caller, or this department has not heard of it.
        """
        check_company(self.caller, company)
        async with self.doors.database.read([company]) as unit:
            if not await self.doors.knows(unit.raw, company):
                raise company_not_found()
            yield unit.raw
