"""The form of a request, before anybody looks at what it says: its body, its query, and what its caller can read."""

from __future__ import annotations

import asyncio
from typing import Any

from fastapi.routing import APIRoute
from starlette.requests import Request

from chassis import strict_json
from chassis.errors import Fault, Problem

BODY_PATIENCE_S = 10.0
"""How long a caller may take to send a body (slow senders hold a connection, never a transaction)."""


async def read_body(request: Request) -> bytes:
    """The whole body. Raises Problem 408 when it comes too slowly, 413 when it is too long."""
    try:
        async with asyncio.timeout(BODY_PATIENCE_S):
            return await request.body()
    except TimeoutError:
        raise Problem(408, "body-too-slow", f"The body took longer than {BODY_PATIENCE_S:.0f} s to arrive.") from None


async def read_json(request: Request) -> Any:
    """The body as strict JSON. Raises Problem 415 for another media type, and whatever `strict_json.parse` raises."""
    check_json_type(request.headers.getlist("content-type"), request.headers.get("content-encoding"))
    value = strict_json.parse(await read_body(request))
    request.state.json = value
    return value


def check_json_type(types: list[str], encoding: str | None, accepted: tuple[str, ...] = ("application/json",)) -> None:
    """Raises Problem 415 unless the body is said to be JSON in UTF-8, as it stands (not compressed)."""
    media_type, _, parameters = types[0].partition(";") if len(types) == 1 else ("", "", "")
    charset = parameters.lower().partition("charset=")[2].partition(";")[0].strip().strip('"')
    if media_type.strip().lower() not in accepted or charset not in ("", "utf-8", "utf8"):
        raise Problem(415, "media-type-not-supported", f"The body must be {' or '.join(accepted)} in UTF-8.")
    if encoding not in (None, "", "identity"):
        raise Problem(415, "content-encoding-not-supported", "The body must not be compressed.")


def check_query(request: Request, known: frozenset[str]) -> None:
    """Raises Problem 400 for a parameter given twice, 422 for one that this address does not know."""
    if not request.scope["query_string"]:
        return
    names = [name for name, _ in request.query_params.multi_items()]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        faults = [Fault(f"?{name[:64]}", "parameter-repeated", "Give this parameter once.") for name in twice[:10]]
        raise Problem(400, "parameter-repeated", "A parameter is given more than once.", faults)
    unknown = [name for name in names if name not in known]
    if unknown:
        faults = [Fault(f"?{n[:64]}", "unknown-parameter", "This address does not take it.") for n in unknown[:10]]
        raise Problem(422, "unknown-parameter", "A parameter is not known here.", faults)


def offered_by(route: APIRoute) -> str:
    """The media type of a route's answers: that of its response class, else JSON."""
    response_class = getattr(route.response_class, "value", route.response_class)
    return getattr(response_class, "media_type", None) or "application/json"


def check_accept(request: Request, offered: str = "application/json") -> None:
    """Raises Problem 406 when the caller does not take what is offered."""
    accept = request.headers.get("accept")
    subtype = offered.partition("/")[2]
    if accept is None or "*/*" in accept or subtype in accept or "application/*" in accept:
        return
    if accept.strip():
        raise Problem(406, "not-acceptable", f"Answers are {offered}.")
