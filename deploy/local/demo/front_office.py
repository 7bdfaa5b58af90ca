"""A front office: speaks to the gateway alone, with its key, and repeats what it got no answer to."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx

PATIENCE_S = 120.0
"""How long one request is repeated, with the same idempotency key, before the day fails."""
REPEAT = frozenset({429, 502, 503, 504})


class Unanswered(Exception):
    """The gateway did not answer in time, whatever was tried."""


@dataclass(slots=True)
class Tally:
    """How the gateway answered, by status; and how often something had to be repeated."""

    statuses: dict[int, int] = field(default_factory=dict)
    repeated: int = 0

    def count(self, status: int) -> None:
        """One answer."""
        self.statuses[status] = self.statuses.get(status, 0) + 1


class FrontOffice:
    """An HTTP client with a key. Safe to use from many tasks."""

    def __init__(self, address: str, key: str, *, connections: int = 8) -> None:
        self.tally = Tally()
        self._turn = asyncio.Semaphore(connections)
        self._client = httpx.AsyncClient(
            base_url=address,
            headers={"Authorization": f"Bearer {key}"},
            timeout=httpx.Timeout(30, connect=5),
            limits=httpx.Limits(max_connections=connections),
        )

    async def close(self) -> None:
        """Hang up."""
        await self._client.aclose()

    async def post(
        self, path: str, body: object, *, key: str, headers: Mapping[str, str] | None = None
    ) -> httpx.Response:
        """Send JSON under an idempotency key until there is an answer."""
        return await self.send("POST", path, json=body, headers={"Idempotency-Key": key, **(headers or {})})

    async def get(self, path: str, **parameters: str | int) -> Any:
        """What a query answers, as JSON. Raises RuntimeError when it is refused."""
        answer = await self.send("GET", path, params=parameters)
        if answer.status_code != 200:
            raise RuntimeError(f"GET {path}: {answer.status_code} {answer.text[:500]}")
        return answer.json()

    async def first_event(self, topic: str, within_s: float, **filter_by: str) -> dict[str, Any]:
        """The first event of a topic that fits, as a subscriber sees it; waits for it. Raises TimeoutError."""
        asked = {"from": "beginning", **filter_by}
        async with (
            asyncio.timeout(within_s),
            self._client.stream("GET", f"/v1/streams/{topic}", params=asked, timeout=None) as answer,
        ):
            async for line in answer.aiter_lines():
                if line.startswith("data:"):
                    return dict(json.loads(line.removeprefix("data:")))
        raise RuntimeError(f"the stream of {topic} ended: {answer.status_code}")

    async def pages(
        self, path: str, rows: str, cursor: str = "cursor", **parameters: str | int
    ) -> list[dict[str, Any]]:
        """All rows of a list, page by page."""
        found: list[dict[str, Any]] = []
        after: str | None = None
        while True:
            page = await self.get(path, **parameters, **({cursor: after} if after else {}))
            found += page[rows]
            after = page.get("next")
            if not after:
                return found

    async def send(self, method: str, path: str, **what: Any) -> httpx.Response:
        """Send until there is an answer that is neither 'later' nor silence. Raises Unanswered."""
        deadline = asyncio.get_running_loop().time() + PATIENCE_S
        pause = 0.05
        said = "nothing"
        while asyncio.get_running_loop().time() < deadline:
            try:
                async with self._turn:
                    answer = await self._client.request(method, path, **what)
            except httpx.TransportError as silence:
                said = type(silence).__name__
            else:
                self.tally.count(answer.status_code)
                if answer.status_code not in REPEAT:
                    return answer
                said = f"{answer.status_code} {answer.text[:200]}"
            self.tally.repeated += 1
            await asyncio.sleep(pause)
            pause = min(1.0, pause * 2)
        raise Unanswered(f"{method} {path}: no answer in {PATIENCE_S:.0f} s; last was {said}")


def stable_key(*parts: object) -> str:
    """An idempotency key that is the same in every run of the day."""
    return hashlib.sha256("/".join(map(str, parts)).encode()).hexdigest()[:32]
