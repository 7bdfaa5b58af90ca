"""Rates, discounts and what else there is about what customers owe."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

import orjson

from contracts.ledger import ExchangeRateRecorded
from contracts.money import to_minor
from services.ledger.domain.books import Books
from services.ledger.domain.discount import Taxed
from services.ledger.domain.exchange import from_scaled
from services.ledger.domain.posting import Line, Sold, sold
from services.ledger.translate.emission import Emission


def rate_recorded(row: tuple[str, str, date, int, str, str], own: str) -> Emission:
    """A currency is worth so much from a day on."""
    company, currency, valid_on, scaled, source, _ = row
    data: dict[str, object] = {
        "currency": currency,
        "base": own,
        "rate": from_scaled(scaled),
        "valid_on": valid_on,
        "source": source,
    }
    return ExchangeRateRecorded, company, data


def rate_answer(row: tuple[str, str, date, int, str, str]) -> dict[str, object]:
    """A rate as the API shows it."""
    _, currency, valid_on, scaled, source, recorded_by = row
    return {
        "currency": currency,
        "valid_on": valid_on.isoformat(),
        "rate": from_scaled(scaled),
        "source": source,
        "recorded_by": recorded_by,
    }


def to_taxed(printed: bytes, currency: str, books: Books, sale: Sequence[Line] = ()) -> list[Taxed]:
    """What an invoice states per tax code, from what was printed; and what that was booked at, from the lines of its
    sale where it is in another currency."""
    taxes = orjson.loads(printed)["taxes"]
    _, booked = to_sold(taxes, currency, sale) if sale else (None, {})
    return [
        Taxed(
            books.taxes[x["tax_code"]].account, x["rate"], to_minor(x["base"], currency), to_minor(x["tax"], currency),
            booked[x["tax_code"]].worth if x["tax_code"] in booked else 0 if sale else None,
        )
        for x in taxes
    ]  # fmt: skip


def to_sold(
    taxes: Sequence[Mapping[str, str]], currency: str, sale: Sequence[Line]
) -> tuple[Sold | None, Mapping[str, Sold]]:
    """What the income and the taxes of an invoice were booked at, from its printed taxes and the lines of its sale."""
    net = sum(to_minor(x["base"], currency) for x in taxes)
    return sold(sale, net, [x["tax_code"] for x in taxes if to_minor(x["tax"], currency)])
