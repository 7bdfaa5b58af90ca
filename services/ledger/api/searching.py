"""What every search takes: days, amounts and texts; and what is answered to an amount that is none."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated

import asyncpg
from fastapi import Query

from chassis.errors import Fault, Problem
from chassis.http import Reading
from contracts.base import CurrencyCode, UnsignedAmount
from contracts.money import AmountError, UnknownCurrency
from services.ledger.api.inputs import Day
from services.ledger.queries.conditions import Amounts

AmountFrom = Annotated[UnsignedAmount | None, Query(description="At least so much, in `currency`.")]
AmountTo = Annotated[UnsignedAmount | None, Query(description="At most so much, in `currency`.")]
Currency = Annotated[CurrencyCode | None, Query(description="Of the amounts; the company's own where it is left out.")]
FirstDay = Annotated[Day | None, Query(description="From this day on.")]
LastDay = Annotated[Day | None, Query(description="Up to this day.")]
Text64 = Annotated[str | None, Query(max_length=64)]


@asynccontextmanager
async def searching(company: str, reading: Reading, amounts: Amounts) -> AsyncIterator[asyncpg.Connection]:
    """A connection to search with. Raises Problem 422 for what is no amount of the currency."""
    try:
        async with reading.connection(company) as connection:
            yield connection
    except UnknownCurrency as wrong:
        raise Problem(
            422, "query-invalid", f"{wrong}.", [Fault("?currency", "currency-unknown", f"{wrong}.")]
        ) from None
    except AmountError as wrong:
        name = "?amount_from" if amounts.least is not None else "?amount_to"
        raise Problem(422, "query-invalid", f"{wrong}.", [Fault(name, "amount-invalid", f"{wrong}.")]) from None
