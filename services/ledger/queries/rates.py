"""Exchange rates as they were recorded."""

from __future__ import annotations

from datetime import date, datetime

import asyncpg
from pydantic import BaseModel

from services.ledger.domain.exchange import from_scaled

LISTED = """
select currency, valid_on, scaled, source, recorded_by, at from exchange_rate
where company = $1 and ($2::text is null or currency = $2) and ($3::date is null or valid_on < $3)
order by valid_on desc, currency limit $4
"""


class RateAnswer(BaseModel):
    """What one unit of a currency is worth in the company's own from a day on."""

    currency: str
    valid_on: date
    rate: str
    source: str
    recorded_by: str
    recorded_at: datetime


class RatesAnswer(BaseModel):
    """Rates, the newest first. `next` goes into `before`: pages end with a day, so one may be longer than asked."""

    rates: list[RateAnswer]
    next: date | None


async def listed(
    connection: asyncpg.Connection, company: str, *, currency: str | None, before: date | None, limit: int
) -> RatesAnswer:
    """A page of rates: whole days, so that none is torn by a page."""
    rows = await connection.fetch(LISTED, company, currency, before, limit + 200)
    shown = rows[:limit]
    if shown and len(rows) > limit:
        shown += [row for row in rows[limit:] if row["valid_on"] == shown[-1]["valid_on"]]
    answers = [
        RateAnswer(
            currency=row["currency"],
            valid_on=row["valid_on"],
            rate=from_scaled(row["scaled"]),
            source=row["source"],
            recorded_by=row["recorded_by"],
            recorded_at=row["at"],
        )
        for row in shown
    ]
    return RatesAnswer(rates=answers, next=shown[-1]["valid_on"] if len(rows) > len(shown) else None)
