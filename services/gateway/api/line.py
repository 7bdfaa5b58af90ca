"""A line to one department: at most so many calls at once, the others wait for a moment and are then told so.

The calls are counted here and not in the HTTP client's pool. There, a caller who gives up waiting at the moment in
which a connection becomes free takes it along for ever (a frozen department stayed unreachable after it had thawed),
and what a call costs grows with the square of how many wait.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator

import httpx
from starlette.datastructures import MutableHeaders
from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from chassis.calling import CallingTransport

WAIT_S = 1.0
"""How long a call waits until another one has ended."""
IDLE_KEPT = 32


class LineBusy(Exception):
    """As many calls as there may be at once, for longer than one may wait."""


class Line:
    """Calls of one department."""

    def __init__(self, calls: int, answer_s: float, connect_s: float, tls: ssl.SSLContext) -> None:
        self._free = asyncio.Semaphore(calls)
        self._client = httpx.AsyncClient(
            timeout=httpx.Timeout(answer_s, connect=connect_s, pool=None),
            follow_redirects=False,
            trust_env=False,
            transport=CallingTransport(
                verify=tls,
                limits=httpx.Limits(max_connections=None, max_keepalive_connections=min(calls, IDLE_KEPT)),
            ),
        )

    async def send(self, method: str, url: httpx.URL | str, *, again: bool = True, **asked: object) -> Answer:
        """The beginning of an answer, which the caller has to close.

        A connection that the department has closed meanwhile is replaced once, unless the body can be read only once:
        commands carry idempotency keys, so asking twice is asking once. Raises LineBusy, httpx.HTTPError.
        """
        request = self._client.build_request(method, url, **asked)  # type: ignore[arg-type]
        request.headers.pop("user-agent", None)
        try:
            async with asyncio.timeout(WAIT_S):
                await self._free.acquire()
        except TimeoutError:
            raise LineBusy from None
        try:
            return Answer(await self._begun(request, again), self._free)
        except BaseException:
            self._free.release()
            raise

    async def _begun(self, request: httpx.Request, again: bool) -> httpx.Response:
        try:
            return await self._client.send(request, stream=True)
        except (httpx.RemoteProtocolError, httpx.ReadError, httpx.WriteError):
            if not again:
                raise
            return await self._client.send(request, stream=True)

    async def close(self) -> None:
        """Give the connections back."""
        await self._client.aclose()


class Answer:
    """An answer that has begun; until it is closed it counts as a call."""

    def __init__(self, response: httpx.Response, free: asyncio.Semaphore) -> None:
        self.response = response
        self._free: asyncio.Semaphore | None = free

    async def read(self) -> httpx.Response:
        """The whole answer; closes it."""
        try:
            await self.response.aread()
        finally:
            await self.close()
        return self.response

    async def close(self) -> None:
        """Give the connection back, once."""
        free, self._free = self._free, None
        if free is not None:
            try:
                await self.response.aclose()
            finally:
                free.release()


class Streamed(StreamingResponse):
    """An answer passed on as it comes. The call ends with it, also when the caller went away before anything came."""

    def __init__(self, answer: Answer, headers: MutableHeaders) -> None:
        super().__init__(_parts(answer.response), answer.response.status_code, headers)
        self._answer = answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it, then end the call."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            await self._answer.close()


async def _parts(response: httpx.Response) -> AsyncIterator[bytes]:
    async for part in response.aiter_raw():
        yield part
