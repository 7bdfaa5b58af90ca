"""What a search asks for, put together from fixed parts; values are bound."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

import asyncpg

from contracts.money import to_minor
from services.ledger.queries.own_currency import own_currency


class Days(NamedTuple):
    """From the first to the last, both included; None is no bound."""

    first: date | None = None
    last: date | None = None


class Amounts(NamedTuple):
    """From the least to the most, both included, of one currency: the company's own where none is named."""

    least: str | None = None
    most: str | None = None
    currency: str | None = None


class Conditions:
    """Grows a `where`: each part has a place for each of its values."""

    def __init__(self) -> None:
        self.values: list[object] = []
        self._parts: list[str] = []

    def bound(self, value: object) -> str:
        """The place of a value."""
        self.values.append(value)
        return f"${len(self.values)}"

    def add(self, part: str, value: object) -> None:
        """One more thing that must be so, unless nothing is asked for."""
        if value is not None:
            self._parts.append(part.format(self.bound(value)))

    def within(self, column: str, days: Days) -> None:
        """A day is within these."""
        self.add(f"{column} >= {{}}", days.first)
        self.add(f"{column} <= {{}}", days.last)

    async def over(
        self, connection: asyncpg.Connection, company: str, table: str, column: str, wanted: Amounts
    ) -> None:
        """An amount is within these. Raises AmountError for what is no amount of the currency."""
        if wanted == Amounts():
            return
        currency = wanted.currency or await own_currency(connection, company)
        self.add(f"{table}.currency = {{}}", currency)
        for compared, amount in ((">=", wanted.least), ("<=", wanted.most)):
            self.add(f"{table}.{column} {compared} {{}}", None if amount is None else to_minor(amount, currency))

    @property
    def where(self) -> str:
        """All of it."""
        return " and ".join(self._parts)
