"""A small TCP proxy that bends and breaks one link while it is in use.

    async with Proxy("127.0.0.1", 9092) as link:
        link.bend(delay_s=0.1)      # slow: every chunk comes 100 ms later, each way
        link.silence()              # half open: connections stay, nothing passes, new ones are taken and not served
        link.cut()                  # what is open is reset, new connections are refused
        link.heal()

Chunks keep their order whatever the delay, and a delay does not lower the throughput.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import socket
import struct
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal, Self

CHUNK = 65_536
WAITING_CHUNKS = 64
"""So many chunks may be on the way in one direction; after that the sender feels it."""
HOST = "127.0.0.1"
RESET = struct.pack("ii", 1, 0)

Direction = Literal["up", "down"]
"""`up` is from the client to the server."""


@dataclass(frozen=True, slots=True)
class Weather:
    """What a link does to what passes."""

    delay_s: float = 0.0
    jitter_s: float = 0.0
    """Added to the delay, between nought and this."""
    bytes_per_s: float | None = None
    """Per direction of each connection; None is no limit."""
    silent_up: bool = False
    silent_down: bool = False
    refusing: bool = False

    def silent(self, direction: Direction) -> bool:
        """Whether nothing passes in this direction."""
        return self.silent_up if direction == "up" else self.silent_down


@dataclass(eq=False, slots=True)
class _Pair:
    """One client's connection and ours to the server."""

    client: asyncio.StreamWriter
    server: asyncio.StreamWriter | None = None
    forgotten: bool = False

    def drop(self) -> None:
        """Reset both sides: no goodbye, as when a cable is pulled out of a router that answers."""
        for writer in (self.client, self.server):
            if writer is not None:
                _reset(writer)


class Proxy:
    """One link to one server. `port` is where clients connect; 0 asks for any free one."""

    def __init__(self, host: str, target_port: int, *, port: int = 0, dice: random.Random | None = None) -> None:
        self._target = (host, target_port)
        self._wanted = port
        self._dice = dice or random.Random(1)
        self._server: asyncio.Server | None = None
        self._weather = Weather()
        self._changed = asyncio.Event()
        self._pairs: set[_Pair] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self.accepted = 0
        """Connections that were ever taken."""
        self.passed = {"up": 0, "down": 0}
        """Bytes handed on, by direction."""

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._take, HOST, self._wanted)
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        self._drop_all()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._server.wait_closed()

    @property
    def port(self) -> int:
        """Where clients connect."""
        assert self._server is not None
        return int(self._server.sockets[0].getsockname()[1])

    @property
    def open_connections(self) -> int:
        """How many clients are connected now."""
        return len(self._pairs)

    # -- what can be done to it ----------------------------------------------------------------------------------------

    def bend(self, *, delay_s: float = 0.0, jitter_s: float = 0.0, bytes_per_s: float | None = None) -> None:
        """Slow: what is sent from now on comes later, or in a trickle."""
        self._set(lambda now: replace(now, delay_s=delay_s, jitter_s=jitter_s, bytes_per_s=bytes_per_s))

    def silence(self, *directions: Direction) -> None:
        """Half open: nothing passes (in these directions, both when none is named), and nobody is told."""
        ways = directions or ("up", "down")
        self._set(
            lambda now: replace(
                now, silent_up=now.silent_up or "up" in ways, silent_down=now.silent_down or "down" in ways
            )
        )

    def cut(self) -> None:
        """Reset what is open and refuse what comes: a client is told at once."""
        self._set(lambda now: replace(now, refusing=True))
        self._drop_all()

    def reset(self) -> None:
        """Reset what is open; new connections are welcome."""
        self._drop_all()

    def forget(self) -> None:
        """What is open now is half open for ever, as when a router loses its table; new connections are well."""
        for pair in self._pairs:
            pair.forgotten = True

    def heal(self) -> None:
        """Fair weather again. What was held in silence is handed on, as after a lost route came back."""
        self._set(lambda _: Weather())

    def _set(self, change: Callable[[Weather], Weather]) -> None:
        self._weather = change(self._weather)
        self._changed.set()
        self._changed = asyncio.Event()

    def _drop_all(self) -> None:
        for pair in list(self._pairs):
            pair.drop()

    # -- how it is done ------------------------------------------------------------------------------------------------

    async def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self.accepted += 1
        pair = _Pair(writer)
        self._pairs.add(pair)
        try:
            if not self._weather.refusing:
                await self._serve(pair, reader)
        except (OSError, asyncio.CancelledError):
            pass  # the proxy closes, or a side is gone; the other is told below
        finally:
            pair.drop()
            self._pairs.discard(pair)
            self._tasks.discard(task)

    async def _serve(self, pair: _Pair, reader: asyncio.StreamReader) -> None:
        await self._while_silent(pair, "up")
        answers, pair.server = await asyncio.open_connection(*self._target)
        if pair.client.is_closing():  # cut while we were connecting
            return
        ways = [
            asyncio.create_task(self._carry(pair, reader, pair.server, "up")),
            asyncio.create_task(self._carry(pair, answers, pair.client, "down")),
        ]
        try:
            await asyncio.gather(*ways)
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)

    async def _carry(
        self, pair: _Pair, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, direction: Direction
    ) -> None:
        """Read and hand on, side by side, so that a delay does not become a lower throughput."""
        on_the_way: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(WAITING_CHUNKS)
        handing_on = asyncio.create_task(self._hand_on(pair, on_the_way, writer, direction))
        reading = asyncio.create_task(self._read(reader, on_the_way))
        try:
            await asyncio.gather(reading, handing_on)
        finally:
            for task in (reading, handing_on):
                task.cancel()
            await asyncio.gather(reading, handing_on, return_exceptions=True)

    async def _read(self, reader: asyncio.StreamReader, on_the_way: asyncio.Queue[tuple[float, bytes]]) -> None:
        loop = asyncio.get_running_loop()
        while True:
            chunk = await reader.read(CHUNK)
            weather = self._weather
            await on_the_way.put((loop.time() + weather.delay_s + self._dice.uniform(0, weather.jitter_s), chunk))
            if not chunk:
                return

    async def _hand_on(
        self,
        pair: _Pair,
        on_the_way: asyncio.Queue[tuple[float, bytes]],
        writer: asyncio.StreamWriter,
        direction: Direction,
    ) -> None:
        loop = asyncio.get_running_loop()
        while True:
            due, chunk = await on_the_way.get()
            await asyncio.sleep(max(0.0, due - loop.time()))
            await self._while_silent(pair, direction)
            if not chunk:
                with contextlib.suppress(OSError):
                    writer.write_eof()
                return
            writer.write(chunk)
            await writer.drain()
            self.passed[direction] += len(chunk)
            if (limit := self._weather.bytes_per_s) is not None:
                await asyncio.sleep(len(chunk) / limit)

    async def _while_silent(self, pair: _Pair, direction: Direction) -> None:
        while pair.forgotten or self._weather.silent(direction):
            await self._changed.wait()


def _reset(writer: asyncio.StreamWriter) -> None:
    """Close with a reset instead of a goodbye."""
    if (connection := writer.get_extra_info("socket")) is not None:
        with contextlib.suppress(OSError):
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
    writer.transport.abort()
