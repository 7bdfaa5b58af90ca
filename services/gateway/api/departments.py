"""The departments' own APIs behind one address: `/ledger/v1/…`, `/inventory/v1/…`, `/payroll/v1/…`, `/documents/v1/…`.

The caller's key becomes an internal token of a minute; what a caller says about itself in headers goes no further. The
body passes through memory and is never stored here; answers are streamed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final, cast

import httpx
import orjson
from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import Response

from chassis.auth import Caller, TokenSigner
from chassis.errors import Problem
from chassis.form import read_body
from services.gateway.api.line import Answer, Line, LineBusy, Streamed
from services.gateway.settings import GatewaySettings

DEPARTMENTS: Final = ("ledger", "inventory", "payroll", "documents")
METHODS: Final = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
READY_S = 0.5
"""How long a department may take to say that it is ready, when somebody asks why a request takes so long."""
READY_CALLS = 4
DOCUMENT_CALLS = 4
"""Per department; its OpenAPI document needs no key, so what it may take is bounded by itself."""

PASSED_ON = frozenset(
    {"accept", "accept-language", "content-type", "content-encoding", "idempotency-key", "if-match", "if-none-match"}
    | {"if-modified-since", "if-unmodified-since", "prefer", "range"}
)
"""Request headers that mean something to a department. A list of what is let through needs no list of what is not:
hop-by-hop headers, cookies, forwarded addresses and self-made identities all stay outside."""
KEPT_BACK = frozenset(
    {"connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "proxy-connection", "te", "trailer"}
    | {"transfer-encoding", "upgrade", "server", "date", "set-cookie", "x-request-id", "x-content-type-options"}
)
"""Answer headers that belong to one hop (RFC 9110, 7.6.1), or that our own shell sets."""

_PLAIN_PATH = re.compile(
    rb"(?:/(?!\.{1,2}(?:/|$))(?:[A-Za-z0-9._~!$&'()*+,;=:@-]|%(?!00|2[eEfF]|5[cC])[0-9A-Fa-f]{2})+)+"
)
"""Segments without `.`, `..`, empty ones, encoded slashes, dots, backslashes or NUL: nothing that another reader would
understand as another path."""


class Departments:
    """The way to the departments."""

    def __init__(self, settings: GatewaySettings, signer: TokenSigner | None) -> None:
        self._addresses: Mapping[str, str | None] = settings.addresses()
        self._signer = signer
        tls = httpx.create_ssl_context(trust_env=False)  # one for all: reading the authorities is slow

        def lines(calls: int) -> Mapping[str, Line]:
            answer_s, connect_s = settings.department_answer_s, settings.department_connect_s
            return {name: Line(calls, answer_s, connect_s, tls) for name in self._addresses}

        # never shared between departments, nor between callers and whoever needs no key
        self._lines = lines(settings.department_connections)
        self._readiness = lines(READY_CALLS)
        self._documents = lines(DOCUMENT_CALLS)

    async def pass_on(
        self, request: Request, department: str, path: str, caller: Caller, *, as_it_comes: bool = False
    ) -> Response:
        """The department's answer. Raises Problem 503 with Retry-After when there is none.

        A body that is passed on as it comes (a file) is never whole in memory here, and is sent once.
        """
        address = self._addresses.get(department)
        if address is None or self._signer is None:
            raise department_down(department, "is not connected")
        content = request.stream() if as_it_comes else await read_body(request)
        headers = [(name, value) for name, value in request.headers.items() if name in PASSED_ON]
        headers.append(("authorization", f"Bearer {self._signer.sign(caller, department)}"))
        trace = request.scope["state"].get("traceparent")
        if trace is not None:
            headers.append(("traceparent", trace))
        query = request.scope["query_string"]
        url = httpx.URL(address).copy_with(raw_path=path.encode("ascii") + (b"?" + query if query else b""))
        if as_it_comes and "content-length" in request.headers:
            headers.append(("content-length", request.headers["content-length"]))
        asked = {"headers": headers, "content": content or None}
        line = self._lines[department]
        begun = await _called(line, department, request.method, url, again=not as_it_comes, **asked)
        return _streamed(begun, department)

    async def ask(
        self, department: str, method: str, path: str, caller: Caller, body: Mapping[str, object] | None = None
    ) -> dict[str, Any]:
        """A department's JSON answer to a question of the gateway's own. Raises Problem 404 when it has no such thing,
        403 when it does not open this to the caller, what else it refuses as it does, 503 when there is no answer.
        """
        address = self._addresses.get(department)
        if address is None or self._signer is None:
            raise department_down(department, "is not connected")
        headers = {"authorization": f"Bearer {self._signer.sign(caller, department)}"}
        begun = await _called(
            self._lines[department], department, method, f"{address}{path}", headers=headers, json=body
        )
        try:
            answer = await begun.read()
        except httpx.HTTPError as error:
            raise department_down(department, _why(error)) from error
        if answer.status_code == 404:
            raise Problem(404, "not-found", f"The department {department} has no such thing.")
        if answer.status_code in (401, 403):
            raise Problem(403, "scope-missing", f"The key may not ask the department {department} for this.")
        told = _json(answer)
        if answer.status_code in (400, 409, 422) and isinstance(told.get("type"), str):
            code = told["type"].removeprefix("/problems/")
            raise Problem(answer.status_code, code, f"{department}: {told.get('detail', code)}")
        if answer.status_code not in (200, 202) or not told:
            raise department_down(department, f"answers {answer.status_code}, which cannot be used")
        return told

    async def document(self, department: str) -> Response:
        """The department's OpenAPI document. Raises Problem 503."""
        address = self._addresses.get(department)
        if address is None:
            raise department_down(department, "is not connected")
        begun = await _called(self._documents[department], department, "GET", f"{address}/openapi.json")
        return _streamed(begun, department)

    async def is_ready(self, department: str) -> bool:
        """Whether the department says that it can work."""
        address = self._addresses.get(department)
        if address is None:
            return False
        try:
            begun = await self._readiness[department].send("GET", f"{address}/readyz", timeout=READY_S)
            return (await begun.read()).status_code == 200
        except (httpx.HTTPError, LineBusy):
            return False

    async def close(self) -> None:
        """Give the connections back."""
        for lines in (self._lines, self._readiness, self._documents):
            for line in lines.values():
                await line.close()


async def _called(
    line: Line, department: str, method: str, url: httpx.URL | str, *, again: bool = True, **asked: Any
) -> Answer:
    """The beginning of the department's answer. Raises Problem 503 when there is none."""
    try:
        return await line.send(method, url, again=again, **asked)
    except (httpx.HTTPError, httpx.InvalidURL, LineBusy) as error:
        raise department_down(department, _why(error)) from error


def plain_path(request: Request, department: str) -> str:
    """The path behind the department's name, as it was written. Raises Problem 404 for one that could be read in two
    ways, and for anything that is not the department's public API.
    """
    raw = cast(bytes, request.scope.get("raw_path") or request.scope["path"].encode())
    written = raw.partition(b"?")[0].removeprefix(f"/{department}".encode())
    if _PLAIN_PATH.fullmatch(written) is None or not (written.startswith(b"/v1/") or written == b"/openapi.json"):
        raise Problem(404, "not-found", "There is nothing at this address.")
    return written.decode("ascii")


def department_down(department: str, why: str) -> Problem:
    """503: the others work on, and so does what goes through events."""
    detail = f"The department {department} {why}. What is sent as an event is accepted all the same."
    return Problem(
        503, "department-unavailable", detail, headers={"Retry-After": "2"}, extra={"department": department}
    )


def _json(answer: httpx.Response) -> dict[str, Any]:
    """The object that was answered; empty when it is none, as from a proxy that stands before a department."""
    try:
        told = orjson.loads(answer.content)
    except orjson.JSONDecodeError:
        return {}
    return told if isinstance(told, dict) else {}


def _why(error: Exception) -> str:
    if isinstance(error, LineBusy):
        return "has as many requests as it may have at once"
    return "takes too long to answer" if isinstance(error, httpx.TimeoutException) else "does not answer"


def _streamed(answer: Answer, department: str) -> Response:
    headers = MutableHeaders()
    for name, value in answer.response.headers.multi_items():
        if name not in KEPT_BACK and name != "content-type":
            headers.append(name, value)
    location = answer.response.headers.get("location")
    if location is not None and location.startswith("/v1/"):
        headers["location"] = f"/{department}{location}"
    response = Streamed(answer, headers)
    if "content-type" in answer.response.headers:
        response.headers["content-type"] = answer.response.headers["content-type"]
    return response
