"""The load's HTTP: keep-alive connections, little work per request, no repeat that the history would not know of."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

SILENCE = (OSError, EOFError, ValueError, TimeoutError, asyncio.LimitOverrunError)
"""What a request ends with when nobody can say whether it was heard."""


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer of the gateway."""

    status: int
    body: bytes
    headers: Mapping[str, str]


class Line:
    """One keep-alive connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def send(self, request: bytes) -> Reply:
        """Send one request once. Raises one of SILENCE when no whole answer comes."""
        self._writer.write(request)
        head = (await self._reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        pairs = (line.partition(":") for line in head[1:] if line)
        headers = {name.lower(): value.strip() for name, _, value in pairs}
        length = int(headers.get("content-length", "0"))
        body = await self._reader.readexactly(length) if length else b""
        return Reply(int(head[0].split(" ")[1]), body, headers)

    @property
    def usable(self) -> bool:
        """Whether the other side has not hung up, as far as we know."""
        return not (self._reader.at_eof() or self._writer.is_closing())

    def close(self) -> None:
        """Hang up."""
        self._writer.close()


@dataclass(slots=True)
class Lines:
    """A client's connections: as many as it has requests under way."""

    host: str
    port: int
    idle: list[Line] = field(default_factory=list)

    async def send(self, request: bytes, within_s: float) -> Reply:
        """Send one request once over a free connection. Raises one of SILENCE."""
        async with asyncio.timeout(within_s), self._line() as line:
            return await line.send(request)

    def close(self) -> None:
        """Hang up all that are idle."""
        while self.idle:
            self.idle.pop().close()

    @asynccontextmanager
    async def _line(self) -> AsyncIterator[Line]:
        while self.idle:
            line = self.idle.pop()
            if line.usable:
                break
            line.close()
        else:
            line = Line(*await asyncio.open_connection(self.host, self.port))
        try:
            yield line
        except BaseException:
            line.close()
            raise
        self.idle.append(line)


def request_bytes(method: str, host: str, path: str, body: bytes, headers: Mapping[str, str]) -> bytes:
    """A request as it goes over the wire."""
    lines = [f"{method} {path} HTTP/1.1", f"Host: {host}", f"Content-Length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body
