"""The currency in which a company keeps its books."""

from __future__ import annotations

import asyncpg

OWN_CURRENCY = "select currency from legal_entity where company = $1"


async def own_currency(connection: asyncpg.Connection, company: str) -> str:
    """Of a company that is known here."""
    currency: str = await connection.fetchval(OWN_CURRENCY, company)
    return currency
