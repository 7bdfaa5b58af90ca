"""The departments behind one address: what is passed on, what is kept back, and what happens when one is down."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any
from urllib.parse import unquote
from uuid import UUID

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response, StreamingResponse
from starlette.routing import Route

from chassis.auth import Caller, InternalSecrets, TokenVerifier
from chassis.errors import Problem
from tests.gateway.conftest import MakeGateway
from tests.gateway.front import FrontOffice, Gateway, cloud_event
from tests.gateway.serving import serving
from tests.support.eventually import eventually

PDF = b"%PDF-1.7 " + bytes(range(256)) * 4_000


async def echo(request: Request) -> Response:
    """Says what came."""
    body = await request.body()
    told = {
        "method": request.method,
        "path": request.scope["raw_path"].decode(),
        "query": request.scope["query_string"].decode(),
        "headers": dict(request.headers),
        "body": body.decode(),
    }
    return JSONResponse(told, 201, {"location": "/v1/things/7", "set-cookie": "a=b", "etag": '"1"'})


async def pdf(_request: Request) -> Response:
    async def parts() -> AsyncIterator[bytes]:
        for start in range(0, len(PDF), 65_536):
            yield PDF[start : start + 65_536]

    return StreamingResponse(parts(), media_type="application/pdf", headers={"content-disposition": "attachment"})


async def slow(_request: Request) -> Response:
    await asyncio.sleep(30)
    return Response()


async def refusing(_request: Request) -> Response:
    return JSONResponse({"type": "/problems/period-closed"}, 409, media_type="application/problem+json")


async def away(_request: Request) -> Response:
    return RedirectResponse("http://example.com/")


async def hangs(request: Request) -> Response:
    request.app.state.hanging = getattr(request.app.state, "hanging", 0) + 1
    await asyncio.sleep(60)
    return Response()


METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]
LEDGER = Starlette(
    routes=[
        Route("/v1/pdf", pdf),
        Route("/v1/slow", slow),
        Route("/v1/refusing", refusing, methods=METHODS),
        Route("/v1/away", away),
        Route("/openapi.json", echo),
        Route("/{path:path}", echo, methods=METHODS),
    ]
)


@asynccontextmanager
async def calling(gateway: Gateway, **key: str) -> AsyncIterator[FrontOffice]:
    made = await gateway.make_key(**key)
    async with gateway.open() as client:
        yield FrontOffice(client, made["key"])


async def test_a_call_is_passed_on_with_a_token_of_the_callers_rights(make_gateway: MakeGateway) -> None:
    async with serving(LEDGER) as address:
        gateway = make_gateway(ledger_address=address)
        async with calling(gateway, client="desk", companies="acme", scopes="ledger:read,ledger:write") as office:
            answer = await office.client.post(
                "/ledger/v1/companies/acme/accounts?a=%20b&c",
                content=b'{"name":"Cash"}',
                headers={**office.headers, "content-type": "application/json", "idempotency-key": "k-1"},
            )
            secrets = InternalSecrets(gateway.settings.stack.backbone_internal_secret_file)  # type: ignore[arg-type]
            now = gateway.service.app.state.gateway.clock.seconds
            told = answer.json()

    assert answer.status_code == 201
    assert (told["method"], told["path"], told["query"]) == ("POST", "/v1/companies/acme/accounts", "a=%20b&c")
    assert (told["body"], told["headers"]["idempotency-key"]) == ('{"name":"Cash"}', "k-1")
    token = told["headers"]["authorization"].removeprefix("Bearer ")
    caller = TokenVerifier(secrets, "ledger", gateway.service.app.state.doors.clock.seconds).verify(token)
    assert (caller.client, caller.actor) == ("desk", "desk")
    assert (caller.companies, caller.scopes) == (frozenset({"acme"}), frozenset({"ledger:read", "ledger:write"}))
    assert answer.headers["location"] == "/ledger/v1/things/7"
    assert "set-cookie" not in answer.headers
    assert answer.headers["etag"] == '"1"'
    with pytest.raises(Exception, match="not meant"):
        TokenVerifier(secrets, "payroll", now).verify(token)


async def test_what_a_caller_says_of_itself_goes_no_further(make_gateway: MakeGateway) -> None:
    """C16 of the framing rules: identities are made here and nowhere else."""
    async with serving(LEDGER) as address, calling(make_gateway(ledger_address=address)) as office:
        mine = {"x-forwarded-for": "1.2.3.4", "x-user-id": "boss", "cookie": "a=b", "forwarded": "for=1",
                "x-actor": "boss", "connection": "x-actor", "te": "trailers", "accept-language": "el"}  # fmt: skip
        told = (await office.client.get("/ledger/v1/x", headers={**office.headers, **mine})).json()
    assert set(told["headers"]) == {
        "host", "accept", "accept-language", "accept-encoding", "authorization", "connection", "traceparent",
    }  # fmt: skip
    assert office.key not in str(told)


async def test_a_document_is_streamed_through_as_it_is(make_gateway: MakeGateway) -> None:
    async with serving(LEDGER) as address, calling(make_gateway(documents_address=address)) as office:
        answer = await office.client.get("/documents/v1/pdf", headers=office.headers | {"accept": "application/pdf"})
    assert answer.content == PDF
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.headers["content-disposition"] == "attachment"


@pytest.mark.parametrize("told", [True, False], ids=["length told", "in chunks"])
async def test_a_file_is_passed_on_as_it_comes_and_nothing_else_may_be_so_long(
    make_gateway: MakeGateway, told: bool
) -> None:
    """D1: only the addresses that take files take long bodies."""
    file = b"0123456789abcdef" * 131_072

    async def parts() -> AsyncIterator[bytes]:
        for start in range(0, len(file), 65_536):
            yield file[start : start + 65_536]

    async with serving(LEDGER) as address, calling(make_gateway(documents_address=address)) as office:
        for path, status in (("files", 201), (f"documents/{UUID(int=1)}/versions", 201), ("papers", 413)):
            content = file if told else parts()
            headers = {**office.headers, "content-type": "multipart/form-data; boundary=x", "idempotency-key": path}
            answer = await office.client.post(f"/documents/v1/companies/acme/{path}", content=content, headers=headers)
            assert answer.status_code == status, answer.text[:300]
            if status == 201:
                assert answer.json()["body"] == file.decode()
                assert answer.json()["headers"].get("content-length") == (str(len(file)) if told else None)


async def test_a_departments_refusal_is_the_callers_answer(make_gateway: MakeGateway) -> None:
    async with serving(LEDGER) as address, calling(make_gateway(ledger_address=address)) as office:
        answer = await office.client.post("/ledger/v1/refusing", headers=office.headers)
        redirect = await office.get("/ledger/v1/away")
    assert (answer.status_code, answer.json()) == (409, {"type": "/problems/period-closed"})
    assert redirect.status_code == 307, "redirects are not followed"


async def test_a_department_that_is_down_or_slow_is_503_and_events_are_accepted_all_the_same(
    make_gateway: MakeGateway,
) -> None:
    """G20: events are accepted while a department is down."""
    async with serving(LEDGER) as address:
        gateway = make_gateway(ledger_address=address, inventory_address="http://127.0.0.1:1", department_answer_s=0.2)
        await gateway.opens_for("acme")
        async with calling(gateway) as office:
            for path in ("/ledger/v1/slow", "/inventory/v1/x", "/payroll/v1/x", "/payroll/openapi.json"):
                answer = await office.get(path)
                assert (answer.status_code, answer.headers["retry-after"]) == (503, "2"), path
                assert answer.json()["type"] == "/problems/department-unavailable"
                assert answer.json()["department"] == path.split("/")[1]
            assert (await office.send(cloud_event())).status_code == 202


HANGING = Starlette(routes=[Route("/openapi.json", hangs), Route("/v1/hangs", hangs), Route("/{path:path}", echo)])


async def test_a_department_that_hangs_holds_up_nobody_but_its_own_callers(make_gateway: MakeGateway) -> None:
    async with serving(HANGING) as ledger, serving(LEDGER) as inventory:
        gateway = make_gateway(ledger_address=ledger, inventory_address=inventory, department_connections=2)
        async with calling(gateway) as office, waiting(office, "/ledger/v1/hangs", 2):
            async with asyncio.timeout(5):
                assert (await office.get("/inventory/v1/x")).status_code == 201
                assert (await office.get("/inventory/openapi.json")).status_code == 201
                refused = await office.get("/ledger/v1/x")
    assert (refused.status_code, refused.headers["retry-after"]) == (503, "2")
    assert refused.json()["detail"].startswith("The department ledger has as many requests as it may have at once.")


async def test_whoever_asks_for_documents_without_a_key_takes_no_connection_from_callers(
    make_gateway: MakeGateway,
) -> None:
    async with serving(HANGING) as ledger:
        gateway = make_gateway(ledger_address=ledger, department_connections=2)
        async with calling(gateway) as office, waiting(office, "/ledger/openapi.json", 8):
            async with asyncio.timeout(5):
                assert (await office.get("/ledger/v1/x")).status_code == 201
                assert (await office.client.get("/ledger/openapi.json")).status_code == 503


@asynccontextmanager
async def waiting(office: FrontOffice, path: str, count: int) -> AsyncIterator[None]:
    """So many requests that have been sent and are not answered."""
    HANGING.state.hanging = 0
    asked = [asyncio.create_task(office.get(path)) for _ in range(count)]
    try:
        await eventually(lambda: HANGING.state.hanging >= 2, what="requests hang", every_s=0.01)
        yield
    finally:
        for each in asked:
            each.cancel()
        await asyncio.gather(*asked, return_exceptions=True)


def _asked_times(department: Starlette, count: int) -> bool:
    return bool(department.state.asked >= count)


async def test_callers_who_go_away_before_the_answer_give_their_connection_back(make_gateway: MakeGateway) -> None:
    """G20: whoever gives up costs the department nothing."""
    answers = asyncio.Event()

    async def late(request: Request) -> Response:
        request.app.state.asked += 1
        await answers.wait()
        return Response(b"late")

    department = Starlette(routes=[Route("/v1/late", late), Route("/{path:path}", echo)])
    department.state.asked = 0
    async with serving(department) as ledger:
        gateway = make_gateway(ledger_address=ledger, department_connections=2)
        async with calling(gateway) as office, serving(gateway.service.app) as address:
            for count in (1, 2):
                _, writer = await asyncio.open_connection(*address.removeprefix("http://").split(":"))
                head = f"GET /ledger/v1/late HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {office.key}\r\n\r\n"
                writer.write(head.encode())
                await eventually(partial(_asked_times, department, count), what="it is asked", every_s=0.01)
                writer.close()
                await writer.wait_closed()
            answers.set()
            answer = await eventually(
                lambda: office.get("/ledger/v1/x"), lambda a: a.status_code == 201, what="there is a connection again"
            )
    assert answer.status_code == 201


async def test_a_department_that_was_frozen_is_reached_again_however_many_waited_for_it(
    make_gateway: MakeGateway,
) -> None:
    """G20: who waits for a connection gives up at the moment in which one is given back; it is not lost (found by the
    proof: a frozen department stayed unreachable, and the gateway was busy with nothing else).
    """
    thawed = asyncio.Event()

    async def frozen(_request: Request) -> Response:
        await thawed.wait()
        return Response()

    async with serving(Starlette(routes=[Route("/v1/frozen", frozen), Route("/{path:path}", echo)])) as ledger:
        gateway = make_gateway(ledger_address=ledger, department_connections=4, department_answer_s=1.0)
        async with calling(gateway) as office:
            for _ in range(3):
                answers = await asyncio.gather(*(office.get("/ledger/v1/frozen") for _ in range(40)))
                assert {answer.status_code for answer in answers} == {503}
            thawed.set()
            answers = await asyncio.gather(*(office.get("/ledger/v1/x") for _ in range(4)))
    assert [answer.status_code for answer in answers] == [201] * 4


async def test_a_department_that_was_restarted_is_found_again(make_gateway: MakeGateway) -> None:
    async with serving(LEDGER) as address:
        gateway = make_gateway(ledger_address=address)
    key = await gateway.make_key()
    async with gateway.open() as client:
        office = FrontOffice(client, key["key"])
        assert (await office.get("/ledger/v1/x")).status_code == 503
        port = int(address.rpartition(":")[2])
        async with serving_on(port):
            assert (await office.get("/ledger/v1/x")).status_code == 201


@asynccontextmanager
async def serving_on(port: int) -> AsyncIterator[None]:
    """A department on a given port, made of bytes."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 201 Created\r\ncontent-length: 0\r\n\r\n")
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", port):
        yield


@pytest.mark.parametrize(
    "path",
    [
        "/ledger/v1/../../healthz",
        "/ledger/v1/%2e%2e/x",
        "/ledger/v1/a%2Fb",
        "/ledger/v1/a%5cb",
        "/ledger/v1/a//b",
        "/ledger/v1/./b",
        "/ledger/v1/%00",
        "/ledger/v1/",
        "/ledger/metrics",
        "/ledger/readyz",
        "/ledger/v2/x",
        "/ledgers/v1/x",
        "/ledger/v1/%CE%BA%zz",
    ],
)
async def test_an_address_that_two_readers_could_read_differently_goes_nowhere(
    make_gateway: MakeGateway, path: str
) -> None:
    async with serving(LEDGER) as address, calling(make_gateway(ledger_address=address)) as office:
        answer = await _raw(office, path)
    assert answer == 404, path


async def _raw(office: FrontOffice, path: str) -> int:
    """The status for an address exactly as written; a client library would tidy it."""
    statuses: list[int] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start":
            statuses.append(message["status"])

    app = office.client._transport.app  # type: ignore[attr-defined]
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "GET", "scheme": "http",
        "path": unquote(path), "raw_path": path.encode(), "query_string": b"", "root_path": "",
        "server": ("gateway", 80), "client": ("127.0.0.1", 1),
        "headers": [(b"host", b"gateway"), (b"authorization", office.headers["authorization"].encode())],
    }  # fmt: skip
    await app(scope, receive, send)
    return statuses[0]


async def answers(request: Request) -> Response:
    """What the last part of the address says."""
    kind = request.path_params["kind"]
    if kind == "broken":
        return Response("<html>", 200, media_type="text/html")
    document = {"type": "/problems/period-closed", "detail": "The period is closed."}
    return JSONResponse(document, int(kind), media_type="application/problem+json")


@pytest.mark.parametrize(
    ("kind", "status", "code"),
    [
        ("401", 403, "scope-missing"),
        ("403", 403, "scope-missing"),
        ("404", 404, "not-found"),
        ("409", 409, "period-closed"),
        ("500", 503, "department-unavailable"),
        ("429", 503, "department-unavailable"),
        ("broken", 503, "department-unavailable"),
    ],
)
async def test_a_question_of_the_gateways_own_is_answered_in_the_departments_sense(
    make_gateway: MakeGateway, kind: str, status: int, code: str
) -> None:
    async with serving(Starlette(routes=[Route("/v1/{kind}", answers)])) as address:
        gateway = make_gateway(ledger_address=address)
        async with calling(gateway) as office:
            asked = office.client._transport.app.state.gateway.departments  # type: ignore[attr-defined]
            caller = Caller("desk", "desk", None, frozenset({"acme"}), frozenset({"ledger:read"}))
            with pytest.raises(Problem) as told:
                await asked.ask("ledger", "GET", f"/v1/{kind}", caller)
    assert (told.value.status, told.value.code) == (status, code)
