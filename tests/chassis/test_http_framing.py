"""What comes over the socket before any route is looked for: malformed, too large, too slow."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import suppress

import pytest
import pytest_asyncio
import uvicorn
from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response

from chassis.http_protocol import BoundedProtocol
from chassis.problems import Shell, install_problems
from chassis.telemetry import Metrics
from tests.support.eventually import eventually

HEAD = b"POST /hot HTTP/1.1\r\nHost: x\r\n"


async def _hot(request: Request) -> Response:
    return Response(str(len(await request.body())), 202)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def address() -> AsyncIterator[tuple[str, int]]:
    """A server as a service runs it."""
    app = FastAPI()
    app.add_route("/hot", _hot, methods=["POST"])
    install_problems(app)
    app.add_middleware(Shell, metrics=Metrics("toy"))
    listening = socket.create_server(("127.0.0.1", 0))
    options = {"log_config": None, "access_log": False, "ws": "none", "http": BoundedProtocol}
    server = uvicorn.Server(uvicorn.Config(app, **options))  # type: ignore[arg-type]
    serving = asyncio.create_task(server.serve([listening]))
    await eventually(lambda: server.started, what="the server has started", every_s=0.01)
    yield listening.getsockname()
    server.should_exit = True
    await serving


async def say(address: tuple[str, int], *pieces: bytes, pause_s: float = 0.0) -> tuple[int, dict[str, str], bytes]:
    """Send pieces; the first answer's status, headers and body."""
    reader, writer = await asyncio.open_connection(*address)
    try:
        for piece in pieces:
            writer.write(piece)
            await asyncio.sleep(pause_s)
        head = (await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 10)).decode().split("\r\n")
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in head[1:] if line)}
        body = await reader.readexactly(int(headers.get("content-length", 0)))
        return int(head[0].split()[1]), headers, body
    finally:
        writer.close()


def is_problem(answer: tuple[int, dict[str, str], bytes], status: int, code: str) -> None:
    assert answer[0] == status, answer
    assert answer[1]["content-type"] == "application/problem+json"
    assert json.loads(answer[2])["type"] == f"/problems/{code}"


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"GARBAGE\r\n\r\n",
        b"POST /hot HTTP/9.9\r\nHost: x\r\n\r\n",
        HEAD + b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        HEAD + b"Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
        HEAD + b"Content-Length: -3\r\n\r\n",
        HEAD + b"Content-Length: 99999999999999999999\r\n\r\n",
        HEAD + b"X-A: a\x00b\r\n\r\n",
        b"POST /\xff\xfe HTTP/1.1\r\nHost: x\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"POST /hot HTTP/1.1\r\nContent-Length: 0\r\n\r\n",
        HEAD + b"Host: y\r\nContent-Length: 0\r\n\r\n",
    ],
)
async def test_what_is_not_well_formed_is_400(address: tuple[str, int], request_bytes: bytes) -> None:
    is_problem(await say(address, request_bytes), 400, "malformed-request")


@pytest.mark.parametrize(
    ("request_bytes", "status"),
    [
        (HEAD + b"Content-Length: 999999999999999999\r\n\r\n", 413),
        (HEAD + b"X-A: " + b"a" * 20_000 + b"\r\nContent-Length: 0\r\n\r\n", 431),
        (b"TRACE /hot HTTP/1.1\r\nHost: x\r\n\r\n", 405),
        (b"CONNECT /hot HTTP/1.1\r\nHost: x\r\n\r\n", 405),
        (b"POST /%2e%2e/hot HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n", 404),
        (b"POST /%c0%ae/hot HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n", 404),
        (b"POST /hot%00 HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n", 404),
    ],
)
async def test_what_is_well_formed_and_still_not_wanted_is_a_problem_too(
    address: tuple[str, int], request_bytes: bytes, status: int
) -> None:
    answer = await say(address, request_bytes)
    assert (answer[0], answer[1]["content-type"]) == (status, "application/problem+json")


async def test_an_endless_head_is_left_before_it_fills_the_memory(address: tuple[str, int]) -> None:
    reader, writer = await asyncio.open_connection(*address)
    writer.write(HEAD + b"X-A: ")
    sent = 0
    while not reader.at_eof() and not writer.is_closing() and sent < 5_000_000:
        writer.write(b"a" * 16_384)
        sent += 16_384
        await asyncio.sleep(0.001)
    assert sent < 1_000_000
    with suppress(ConnectionError):  # a reset may overtake the answer, because we never stopped talking
        assert (await reader.read()).startswith(b"HTTP/1.1 431 ")
    writer.close()


@pytest.mark.parametrize("said", [b"", b"POST /h", HEAD])
async def test_a_head_that_does_not_come_in_time_is_given_up(
    address: tuple[str, int], said: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chassis.http_protocol.HEAD_PATIENCE_S", 0.1)
    is_problem(await say(address, said), 408, "request-too-slow")


async def test_a_slow_second_request_on_a_connection_is_given_up_too(
    address: tuple[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chassis.http_protocol.HEAD_PATIENCE_S", 0.2)
    reader, writer = await asyncio.open_connection(*address)
    writer.write(HEAD + b"Content-Length: 0\r\n\r\n")
    assert await reader.readuntil(b"\r\n\r\n0")
    writer.write(b"POST /h")
    rest = await asyncio.wait_for(reader.read(), 5)
    assert rest.startswith(b"HTTP/1.1 408 ")
    writer.close()


async def test_requests_in_pieces_and_pipelined_requests_are_answered(address: tuple[str, int]) -> None:
    whole = HEAD + b"Content-Length: 5\r\n\r\nhello"
    status, _, body = await say(address, *(whole[n : n + 1] for n in range(len(whole))), pause_s=0.001)
    assert (status, body) == (202, b"5")
    reader, writer = await asyncio.open_connection(*address)
    writer.write(whole * 500)
    for _ in range(500):
        head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 10)
        assert head.startswith(b"HTTP/1.1 202 ")
        assert await reader.readexactly(1) == b"5"
    writer.close()


async def test_an_upgrade_that_is_not_offered_is_passed_over(address: tuple[str, int]) -> None:
    status, _, _ = await say(address, HEAD + b"Upgrade: websocket\r\nConnection: Upgrade\r\nContent-Length: 0\r\n\r\n")
    assert status == 202


async def test_what_is_asked_on_a_quiet_connection_while_the_service_drains_is_answered() -> None:
    # Given two clients who have asked and keep their connections
    app = FastAPI()
    app.add_route("/hot", _hot, methods=["POST"])
    listening = socket.create_server(("127.0.0.1", 0))
    options = {"log_config": None, "access_log": False, "ws": "none", "http": BoundedProtocol}
    server = uvicorn.Server(uvicorn.Config(app, **options))  # type: ignore[arg-type]
    serving = asyncio.create_task(server.serve([listening]))
    await eventually(lambda: server.started, what="the server has started", every_s=0.01)
    request = HEAD + b"Content-Length: 3\r\n\r\nabc"
    lines = [await asyncio.open_connection(*listening.getsockname()) for _ in range(2)]
    for reader, writer in lines:
        writer.write(request)
        await asyncio.wait_for(reader.readuntil(b"\r\n\r\n3"), 5)
    # When the service is asked to stop, and one of them asks again before he can know
    server.should_exit = True
    await eventually(lambda: not server.servers[0].is_serving(), what="the server drains", every_s=0.001)
    lines[0][1].write(request)
    answer = await asyncio.wait_for(lines[0][0].read(), 5)
    # Then he is answered and told to go; the quiet connection closes too, and the server ends
    assert answer.startswith(b"HTTP/1.1 202")
    assert b"connection: close" in answer.lower()
    assert await asyncio.wait_for(lines[1][0].read(), 5) == b""
    await asyncio.wait_for(serving, 5)
    for _, writer in lines:
        writer.close()
