"""uvicorn's HTTP protocol with what it leaves open: how long a head may be and may take, how it is refused, and how a
connection ends when the service drains.

A caller that goes silent in the middle of a head would hold a connection for ever, and one that never ends it would
fill the memory; both are told (408, 431) and left. What cannot be parsed is answered by a problem document too.
"""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from typing import Any

import orjson
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from chassis.errors import Problem

HEAD_PATIENCE_S = 10.0
HEAD_BYTES_MAX = 65_536
"""Counted from the second piece on: the first piece of a head is as large as the kernel hands over (256 KiB)."""
DRAIN_GRACE_S = 0.5
"""How long a quiet connection stays open when the service drains. Closed at once, it would swallow a request that its
client had sent just before: taken, and never answered."""


class BoundedProtocol(HttpToolsProtocol):
    """Costs two flags a request; a timer only for a head that does not come in one piece."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._open_head = False
        self._pieces_bytes = 0
        self._patience: asyncio.TimerHandle | None = None
        self._draining = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Wait for a head, not for ever."""
        super().connection_made(transport)
        self._be_patient()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nobody to wait for."""
        self._be_content()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Parse; then see whether a head is still open."""
        was_open = self._open_head
        super().data_received(data)
        if not self._open_head or self.transport.is_closing():
            return
        self._pieces_bytes = self._pieces_bytes + len(data) if was_open else 0
        if self._pieces_bytes > HEAD_BYTES_MAX:
            self._refuse(Problem(431, "headers-too-large", "The headers are too large."))
        elif self._patience is None:
            self._be_patient()

    def on_message_begin(self) -> None:
        """A head begins."""
        self._open_head = True
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """A head has come in time."""
        self._open_head = False
        self._be_content()
        super().on_headers_complete()
        if self._draining and self.cycle is not None:
            self.cycle.keep_alive = False  # and the answer says so

    def shutdown(self) -> None:
        """The service drains: what has been asked is answered, what is asked just now too; then it closes."""
        self._draining = True
        if self.cycle is not None and not self.cycle.response_complete:
            self.cycle.keep_alive = False
        else:
            self.loop.call_later(DRAIN_GRACE_S, self._leave)

    def send_400_response(self, msg: str) -> None:
        """What cannot be parsed."""
        self._refuse(Problem(400, "malformed-request", "The request is not well-formed HTTP."))

    def _unsupported_upgrade_warning(self) -> None:
        """An upgrade that nobody offers is passed over, as HTTP says; a log line for each would be a gift."""

    def _be_patient(self) -> None:
        self._patience = self.loop.call_later(HEAD_PATIENCE_S, self._run_out)

    def _be_content(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None

    def _leave(self) -> None:
        """Nobody asked for anything more; an open head has its own patience."""
        if not self._open_head and (self.cycle is None or self.cycle.response_complete):
            self.transport.close()

    def _run_out(self) -> None:
        self._patience = None
        if not self.transport.is_closing():
            self._refuse(Problem(408, "request-too-slow", "The request did not arrive in time."))

    def _refuse(self, problem: Problem) -> None:
        body = orjson.dumps(problem.document())
        status = HTTPStatus(problem.status)
        head = (
            f"HTTP/1.1 {status.value} {status.phrase}\r\n"
            "content-type: application/problem+json\r\n"
            "x-content-type-options: nosniff\r\n"
            f"content-length: {len(body)}\r\n"
            "connection: close\r\n\r\n"
        )
        self.transport.write(head.encode("ascii") + body)
        self.transport.close()
