"""A load generator's HTTP: keep-alive connections, requests made beforehand, as little work per request as can be."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

BUSY = (429, 503)
"""A house that is behind asks its callers to come back; whoever loads it does as it says."""


@dataclass(slots=True)
class Sent:
    """What came of a load: answers by status, seconds per request, and how often it was asked to come back later."""

    statuses: dict[int, int] = field(default_factory=dict)
    seconds: list[float] = field(default_factory=list)
    asked_to_wait: int = 0

    def count(self, status: int, seconds: float) -> None:
        """One answer."""
        self.statuses[status] = self.statuses.get(status, 0) + 1
        self.seconds.append(seconds)


class Connection:
    """One keep-alive connection to one address."""

    def __init__(self, host: str, port: int) -> None:
        self._place = (host, port)
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None
        self.retry_after_s = 1
        """What the last answer that named a time to wait has named."""

    async def send(self, request: bytes) -> tuple[int, bytes]:
        """Send one request; returns status and body. A connection that the server closed meanwhile is opened anew."""
        try:
            return await self._send(request)
        except (ConnectionError, asyncio.IncompleteReadError):
            self.close()
            self._reader = self._writer = None
            return await self._send(request)

    async def _send(self, request: bytes) -> tuple[int, bytes]:
        if self._writer is None or self._reader is None:
            self._reader, self._writer = await asyncio.open_connection(*self._place)
        self._writer.write(request)
        head = await self._reader.readuntil(b"\r\n\r\n")
        length = 0
        for line in head.split(b"\r\n")[1:]:
            if line[:15].lower() == b"content-length:":
                length = int(line[15:])
            elif line[:12].lower() == b"retry-after:":
                self.retry_after_s = int(line[12:])
        body = await self._reader.readexactly(length) if length else b""
        return int(head[9:12]), body

    def close(self) -> None:
        """Hang up."""
        if self._writer is not None:
            self._writer.close()


def request_bytes(host: str, path: str, body: bytes, headers: dict[str, str]) -> bytes:
    """A POST as it goes over the wire."""
    lines = [f"POST {path} HTTP/1.1", f"Host: {host}", f"Content-Length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


async def closed_loop(host: str, port: int, requests: Sequence[bytes], clients: int) -> Sent:
    """As fast as it goes with so many clients, each waiting for its answer, and for as long as it is asked to."""
    sent = Sent()
    queue = iter(requests)

    async def client() -> None:
        connection = Connection(host, port)
        for request in queue:
            await patiently(connection, request, sent)
        connection.close()

    await asyncio.gather(*(client() for _ in range(clients)))
    return sent


async def patiently(connection: Connection, request: bytes, sent: Sent) -> tuple[int, bytes]:
    """Send one request for as long as it is asked to come back; counted once, from the time that it was let in."""
    began = time.perf_counter()
    status, body = await connection.send(request)
    while status in BUSY:
        sent.asked_to_wait += 1
        await asyncio.sleep(connection.retry_after_s)
        began = time.perf_counter()
        status, body = await connection.send(request)
    sent.count(status, time.perf_counter() - began)
    return status, body


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which this share of the values lies."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]
