"""How the public APIs are asked: again while they are silent or say "later", and page by page."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from typing import Any

import httpx
import orjson

TRIES = 20


class NotAnswered(Exception):
    """A question to the public API was refused, or not answered at all."""


async def ask_pages(client: httpx.AsyncClient, path: str, rows: str, cursor: str, **asked: str) -> list[dict[str, Any]]:
    """All rows of a list. Raises NotAnswered."""
    found: list[dict[str, Any]] = []
    after: object = None
    while True:
        page = await ask_json(client, path, {**asked} if after is None else {**asked, cursor: after})
        found += page[rows]
        after = page.get("next")
        if after is None or after == "":
            return found


async def ask_json(client: httpx.AsyncClient, path: str, more: Mapping[str, Any] | None = None) -> Any:
    """What is told of something that must be there. Raises NotAnswered."""
    answer = await ask(client, path, more)
    if answer.status_code != 200:
        raise NotAnswered(f"GET {path}: {answer.status_code} {answer.text[:300]}")
    return orjson.loads(answer.content)


async def ask(client: httpx.AsyncClient, path: str, more: Mapping[str, Any] | None = None) -> httpx.Response:
    """The answer to a question, asked again while it is silence or "later". Raises NotAnswered."""
    url = httpx.URL(path)
    for name, value in (more or {}).items():
        url = url.copy_add_param(name, str(value))
    said: Iterable[object] = ()
    for attempt in range(TRIES):
        try:
            answer = await client.get(url)
        except httpx.TransportError as silence:
            said = (type(silence).__name__,)
        else:
            if answer.status_code not in {429, 502, 503, 504}:
                return answer
            said = (answer.status_code, answer.text[:200])
        await asyncio.sleep(min(1.0, 0.05 * 2**attempt))
    raise NotAnswered(f"GET {path}: {said}")
