"""What the superuser sees of a database, past row-level security."""

from __future__ import annotations

import asyncio
from typing import Any

import asyncpg


class Superuser:
    """A look at rows between the steps of a test. Its one connection is kept: a new one costs more than most looks."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._connection: asyncpg.Connection | None = None
        self._turn = asyncio.Lock()

    async def rows(self, query: str, *arguments: object) -> list[tuple[Any, ...]]:
        """What a query returns. Nothing is remembered of a query: a test may change the schema after it."""
        async with self._turn:
            if self._connection is None or self._connection.is_closed():
                self._connection = await asyncpg.connect(self._url, statement_cache_size=0)
            return [tuple(row) for row in await self._connection.fetch(query, *arguments)]

    async def close(self) -> None:
        """Give the connection back."""
        if self._connection is not None:
            await self._connection.close()
