"""Calling a service that is dying: its connections close as they are opened."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from collections import Counter
from collections.abc import Iterator
from threading import Thread

import httpx
import pytest
import uvloop

from chassis.calling import CallingTransport

CALLS = 400
"""Of which some twenty find their socket gone before its address was looked at."""
RESET = struct.pack("ii", 1, 0)
"""SO_LINGER of no seconds: closing resets."""


@pytest.fixture
def dying() -> Iterator[str]:
    """The address of one who accepts every connection and resets it at once."""
    with socket.create_server(("127.0.0.1", 0), backlog=100) as listening:

        def refuse() -> None:
            with contextlib.suppress(OSError):  # the end of the test
                while True:
                    connection, _ = listening.accept()
                    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
                    connection.close()

        thread = Thread(target=refuse, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/"
        listening.shutdown(socket.SHUT_RDWR)
        thread.join(10)


def test_a_connection_that_closes_as_it_opens_is_a_department_that_is_down_and_no_fault_of_ours(dying: str) -> None:
    # Given a service that dies while it is called, and our own event loop
    async def call() -> Counter[str]:
        became: Counter[str] = Counter()
        async with httpx.AsyncClient(transport=CallingTransport()) as client:
            for _ in range(CALLS):
                try:
                    await client.get(dying)
                except httpx.TransportError:
                    became["no answer"] += 1
                except Exception as fault:
                    became[repr(fault)] += 1
        return became

    # When it is called again and again, then all that is told is that there was no answer
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        assert runner.run(call()) == {"no answer": CALLS}
