"""Every plain route, in one list: the hot doors, the streams, the departments, the pages."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from chassis.problems import FILE_BODY_BYTES_MAX, takes_long_bodies
from services.gateway.api import (
    audit,
    census,
    dead_letters,
    error_rates,
    oauth,
    orders,
    pages,
    requests,
    subscriptions,
    trace,
    typed,
)
from services.gateway.api.departments import DEPARTMENTS, METHODS, plain_path
from services.gateway.api.entry import admit, gateway_of, refuse_credentials_in_url
from services.gateway.api.events import post_events
from services.gateway.api.streams import get_stream

FILE_PATHS = (
    "/documents/v1/companies/{company}/files",
    "/documents/v1/companies/{company}/documents/{document}/versions",
)
Endpoint = Callable[[Request], Awaitable[Response]]
ROUTERS = (
    orders.router,
    requests.router,
    audit.router,
    trace.router,
    census.router,
    dead_letters.router,
    error_rates.router,
    subscriptions.router,
)
"""Every module's own routers, which FastAPI documents by itself."""


def hot_routes() -> list[BaseRoute]:
    """What must be found first: routes are tried one after the other, at about 2 µs each."""
    return [
        Route("/v1/events", post_events, methods=["POST"]),
        Route("/v1/orders", typed.post_order, methods=["POST"]),
    ]


def routes() -> list[BaseRoute]:
    """The other routes beside FastAPI's own."""
    made: list[BaseRoute] = [
        Route("/oauth/token", oauth.post_token, methods=["POST"]),
        Route("/v1/payments", typed.post_payment, methods=["POST"]),
        Route("/v1/employees", typed.post_employee, methods=["POST"]),
        Route("/v1/orders/{order:path}/changes", typed.post_change, methods=["POST"]),
        Route("/v1/orders/{order:path}/cancellation", typed.post_cancellation, methods=["POST"]),
        Route("/v1/streams/{topic}", get_stream, methods=["GET"]),
    ]
    for path in FILE_PATHS:
        made.append(Route(path, pass_file_on, methods=["POST"]))
    for department in DEPARTMENTS:
        made.append(Route(f"/{department}/openapi.json", _document_of(department), methods=["GET"]))
        made.append(Route(f"/{department}/v1/{{path:path}}", _passing_on(department), methods=list(METHODS)))
    for path, page in (
        ("/docs", pages.get_docs),
        ("/asyncapi", pages.get_asyncapi),
        ("/asyncapi.json", pages.get_asyncapi_json),
        ("/v1/schemas", pages.get_schemas),
        ("/schemas/{type}", pages.get_schema),
        ("/schemas/{type}/form", pages.get_form),
    ):
        made.append(Route(path, page, methods=["GET"]))
    return made


def _passing_on(department: str) -> Endpoint:
    async def pass_on(request: Request) -> Response:
        key = await admit(request)
        path = plain_path(request, department)
        return await gateway_of(request).departments.pass_on(request, department, path, key.caller)

    return pass_on


@takes_long_bodies(FILE_BODY_BYTES_MAX)
async def pass_file_on(request: Request) -> Response:
    """A file for documents, passed on as it comes; documents says what is wrong with it."""
    key = await admit(request)
    path = plain_path(request, "documents")
    return await gateway_of(request).departments.pass_on(request, "documents", path, key.caller, as_it_comes=True)


def _document_of(department: str) -> Endpoint:
    async def document(request: Request) -> Response:
        refuse_credentials_in_url(request)
        return await gateway_of(request).departments.document(department)

    return document
