"""What other currencies are worth in the company's own: recorded by people, with the source."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from fastapi import Query
from pydantic import Field
from starlette.responses import Response

from chassis.http import Router
from contracts.base import CurrencyCode, Text
from services.ledger import handlers
from services.ledger.api.inputs import Body, Day, Limit, Read, Write
from services.ledger.commands import NewRate, RecordRates
from services.ledger.queries import rates

router = Router(prefix="/v1/companies/{company}", tags=["ledger"])

RateText = Annotated[
    str,
    Field(
        pattern=r"^(?:0|[1-9][0-9]{0,8})(?:\.[0-9]{1,10})?$",
        description="What one unit of the currency is worth in the company's own: decimal, at most ten decimals.",
    ),
]


class RateBody(Body):
    """A rate that holds from a day on, until the next one."""

    currency: CurrencyCode
    valid_on: Day
    rate: RateText
    source: Text


class RatesBody(Body):
    """Rates to record together: all of them or none."""

    rates: Annotated[list[RateBody], Field(min_length=1, max_length=500)]


@router.post("/exchange-rates", status_code=201)
async def record_rates(company: str, body: RatesBody, call: Write) -> Response:
    """Record rates. A rate of a day is given once: what was booked by it stays."""
    rates_ = [
        NewRate(rate.currency, rate.valid_on, rate.rate, rate.source, f"/rates/{index}")
        for index, rate in enumerate(body.rates)
    ]
    return await call.run(handlers.record_rates, RecordRates(company, rates_, call.cause(company)))


@router.get("/exchange-rates")
async def list_rates(
    company: str,
    reading: Read,
    currency: Annotated[str | None, Query(pattern="^[A-Z]{3}$")] = None,
    before: Annotated[date | None, Query(description="`next` of the page before.")] = None,
    limit: Limit = 50,
) -> rates.RatesAnswer:
    """Rates, the newest first, each with who said so and who recorded it."""
    async with reading.connection(company) as connection:
        return await rates.listed(connection, company, currency=currency, before=before, limit=limit)
