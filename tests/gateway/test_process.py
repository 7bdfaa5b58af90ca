"""The gateway as a process of its own: started without Kafka's help, stopped while streams are open."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import httpx

from tests.gateway.front import NOWHERE, ORDER, FrontOffice, Gateway
from tests.gateway.listening import Payroll, listening
from tests.support.eventually import eventually


@asynccontextmanager
async def running(gateway: Gateway, port: int, kafka: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """`python -m services.gateway --only api`, killed at the end if it still runs."""
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(Path(__file__).parents[2]),
        "GATEWAY_DATABASE_URL": gateway.urls.database_url,
        "GATEWAY_RELAY_URL": gateway.urls.relay_url,
        "GATEWAY_HTTP_PORT": str(port),
        "KAFKA_BOOTSTRAP_SERVERS": kafka,
        "BACKBONE_INTERNAL_SECRET_FILE": str(gateway.settings.stack.backbone_internal_secret_file),
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "services.gateway", "--only", "api", env=environment, stdout=asyncio.subprocess.DEVNULL
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def is_ready(client: httpx.AsyncClient) -> bool:
    return (await client.get("/readyz")).status_code == 200


async def test_it_is_ready_and_accepts_while_kafka_is_away(gateway: Gateway, free_port: Callable[[], int]) -> None:
    """G20: accepted while Kafka is away."""
    port = free_port()
    key = await gateway.make_key()
    async with (
        running(gateway, port, NOWHERE),
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client,
    ):
        await eventually(lambda: is_ready(client), what="it is ready")
        office = FrontOffice(client, key["key"])
        assert (await office.post("/v1/orders", ORDER | {"placed_at": "2020-01-01T00:00:00Z"})).status_code == 202
        assert (await office.get("/v1/streams/sales.orders")).status_code == 503
    assert await gateway.counts() == (1, 1, 1)


async def test_open_streams_do_not_hold_up_a_stop(
    gateway: Gateway, payroll: Payroll, free_port: Callable[[], int], kafka_bootstrap: str
) -> None:
    port = free_port()
    key = await gateway.make_key("analyst", "*")
    async with (
        running(gateway, port, kafka_bootstrap) as process,
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client,
    ):
        await eventually(lambda: is_ready(client), what="it is ready")
        async with listening(FrontOffice(client, key["key"]), company=payroll.company) as got:
            began = time.monotonic()
            process.send_signal(signal.SIGTERM)
            await eventually(lambda: got.end is not None, what="the reader is told", within_s=5)
            assert await asyncio.wait_for(process.wait(), 5) == 0
            assert time.monotonic() - began < 5
    assert got.end is not None
    assert got.end["code"] == "stopping"
