"""Calling another service over HTTP: what every client of ours is made from."""

from __future__ import annotations

import httpx


class CallingTransport(httpx.AsyncHTTPTransport):
    """A connection that the other side closes in the moment in which it is opened is an httpx.ConnectError.

    Under uvloop such a connection has lost its socket before the client looks at its address, and what comes out is an
    AttributeError (anyio, one in twenty while a service dies): to callers that was a fault of ours, a 500.
    """

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """As the library does it. Raises httpx.TransportError, whatever became of the connection."""
        try:
            return await super().handle_async_request(request)
        except AttributeError as gone:
            raise httpx.ConnectError("closed while it was opened", request=request) from gone
