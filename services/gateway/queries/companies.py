"""Which companies there are: the directory, which the entry reads before it knows for whom a caller may speak."""

from __future__ import annotations

import asyncpg

COMPANIES = "select company from company_directory order by company"


async def all_companies(connection: asyncpg.Connection) -> list[str]:
    """Every company in the directory, for callers who see them all."""
    return [row[0] for row in await connection.fetch(COMPANIES)]
