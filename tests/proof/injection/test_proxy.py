"""The proxy does to a link what it is told, and nothing else."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from tests.proof.injection.proxy import HOST, Proxy
from tests.support.eventually import eventually


@asynccontextmanager
async def echo() -> AsyncIterator[int]:
    """A server that says what it hears."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while chunk := await reader.read(65_536):
                writer.write(chunk)
                await writer.drain()
        except OSError:
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(answer, HOST, 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


async def said(line: tuple[asyncio.StreamReader, asyncio.StreamWriter], words: bytes, within_s: float = 5.0) -> bytes:
    """Send and wait for as many bytes."""
    line[1].write(words)
    return await asyncio.wait_for(line[0].readexactly(len(words)), within_s)


async def test_what_is_sent_arrives_unchanged_and_in_order() -> None:
    async with echo() as port, Proxy(HOST, port) as proxy:
        proxy.bend(jitter_s=0.01)
        words = bytes(range(256)) * 4_000
        line = await asyncio.open_connection(HOST, proxy.port)

        assert await said(line, words) == words
        assert proxy.passed == {"up": len(words), "down": len(words)}
        line[1].close()


async def test_a_slow_link_delays_each_way_and_heals() -> None:
    async with echo() as port, Proxy(HOST, port) as proxy:
        line = await asyncio.open_connection(HOST, proxy.port)
        proxy.bend(delay_s=0.1)
        began = time.monotonic()
        await said(line, b"slow")
        slow_s = time.monotonic() - began
        proxy.heal()
        began = time.monotonic()
        await said(line, b"fast")

        assert 0.2 <= slow_s < 1.0
        assert time.monotonic() - began < 0.1
        line[1].close()


async def test_a_trickle_lets_so_many_bytes_through_a_second() -> None:
    async with echo() as port, Proxy(HOST, port) as proxy:
        line = await asyncio.open_connection(HOST, proxy.port)
        proxy.bend(bytes_per_s=200_000)
        began = time.monotonic()
        await said(line, b"x" * 60_000)
        await said(line, b"x")

        assert time.monotonic() - began >= 0.3
        line[1].close()


async def test_a_half_open_link_says_nothing_and_hands_on_what_it_held_when_it_heals() -> None:
    async with echo() as port, Proxy(HOST, port) as proxy:
        line = await asyncio.open_connection(HOST, proxy.port)
        await said(line, b"hello")
        proxy.silence()
        with pytest.raises(TimeoutError):
            await said(line, b"anyone", within_s=0.2)
        stranger = await asyncio.open_connection(HOST, proxy.port)  # taken, and not served
        stranger[1].write(b"hello?")
        proxy.heal()

        assert await asyncio.wait_for(line[0].readexactly(6), 5) == b"anyone"
        assert await asyncio.wait_for(stranger[0].readexactly(6), 5) == b"hello?"
        line[1].close()
        stranger[1].close()


async def test_one_direction_can_be_cut_alone() -> None:
    async with echo() as port, Proxy(HOST, port) as proxy:
        line = await asyncio.open_connection(HOST, proxy.port)
        await said(line, b"hello")
        proxy.silence("down")
        line[1].write(b"heard")

        await eventually(lambda: proxy.passed["up"] == 10, what="the words arrived", within_s=5)
        assert proxy.passed["down"] == 5
        line[1].close()


async def test_a_cut_link_resets_what_is_open_and_refuses_what_comes() -> None:
    async with echo() as port, Proxy(HOST, port) as proxy:
        line = await asyncio.open_connection(HOST, proxy.port)
        await said(line, b"hello")
        proxy.cut()

        with pytest.raises(ConnectionResetError):
            await asyncio.wait_for(line[0].read(1), 5)
        with pytest.raises((OSError, EOFError)):
            await said(await asyncio.open_connection(HOST, proxy.port), b"anyone")
        proxy.heal()
        again = await asyncio.open_connection(HOST, proxy.port)
        assert await said(again, b"again") == b"again"
        again[1].close()


async def test_a_reset_ends_what_is_open_and_welcomes_the_next() -> None:
    async with echo() as port, Proxy(HOST, port) as proxy:
        line = await asyncio.open_connection(HOST, proxy.port)
        await said(line, b"hello")
        proxy.reset()

        with pytest.raises(ConnectionResetError):
            await asyncio.wait_for(line[0].read(1), 5)
        again = await asyncio.open_connection(HOST, proxy.port)
        assert await said(again, b"again") == b"again"
        again[1].close()


async def test_a_client_that_hangs_up_leaves_nothing_behind() -> None:
    async with echo() as port, Proxy(HOST, port) as proxy:
        line = await asyncio.open_connection(HOST, proxy.port)
        await said(line, b"hello")
        line[1].close()

        await eventually(lambda: proxy.open_connections == 0, what="the link is empty", within_s=5)


async def test_a_forgotten_connection_stays_half_open_while_new_ones_are_well() -> None:
    async with echo() as port, Proxy(HOST, port) as proxy:
        line = await asyncio.open_connection(HOST, proxy.port)
        await said(line, b"hello")
        proxy.forget()
        again = await asyncio.open_connection(HOST, proxy.port)

        assert await said(again, b"again") == b"again"
        with pytest.raises(TimeoutError):
            await said(line, b"anyone", within_s=0.2)
        line[1].close()
        again[1].close()
