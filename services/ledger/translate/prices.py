"""Price lists, told to everybody."""

from __future__ import annotations

from collections.abc import Sequence

from contracts.ledger_prices import PriceListDefined, PricesAnnounced
from contracts.money import from_micro
from services.ledger.commands import DefinePriceList
from services.ledger.domain.prices import ListedPrice, list_id
from services.ledger.translate.emission import Emission


def price_list_defined(command: DefinePriceList) -> Emission:
    """There is a list."""
    identity = list_id(command.company, command.code)
    data: dict[str, object] = {
        "list_id": identity,
        "code": command.code,
        "name": command.name,
        "currency": command.currency,
        "usual": command.usual,
    }
    return PriceListDefined, identity, data


def prices_announced(company: str, code: str, change: int, prices: Sequence[ListedPrice]) -> Emission:
    """A list has these prices."""
    identity = list_id(company, code)
    told = [
        {
            "item": one.item,
            "from_quantity": from_micro(one.from_quantity) if one.from_quantity else None,
            "valid_from": one.valid_from,
            "unit_price": one.unit_price,
        }
        for one in prices
    ]
    return PricesAnnounced, identity, {"list_id": identity, "code": code, "change": change, "prices": told}
