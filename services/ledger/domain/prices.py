"""What an item costs a customer: by its own list, else by the usual one; of the quantities that fit the highest."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import NamedTuple

from chassis.ids import UUID, derive


class ListedPrice(NamedTuple):
    """What a list says of an item, from a quantity (millionths) and a day on; no price is none any more."""

    item: str
    from_quantity: int
    valid_from: date
    unit_price: str | None


class Offer(NamedTuple):
    """A price that holds, and where it stands."""

    list: str
    from_quantity: int
    valid_from: date
    unit_price: str


class Said(NamedTuple):
    """A price of the item in question as a list has it, with what was said of it in which turn."""

    list: str
    from_quantity: int
    valid_from: date
    change: int
    unit_price: str | None


def list_id(company: str, code: str) -> UUID:
    """The id of a price list: found from its code, without a search."""
    return derive(company, "price-list", code)


def offer_of(said: Iterable[Said], lists: Sequence[str]) -> Offer | None:
    """The price of the first of these lists that has one, of what holds on the day for the quantity.

    Of what was said of one quantity the latest day counts, and of one day the last word; a quantity whose price has
    ended leaves the one below it.
    """
    newest: dict[tuple[str, int], Said] = {}
    for one in sorted(said, key=lambda x: (x.valid_from, x.change)):
        newest[one.list, one.from_quantity] = one
    for code in lists:
        steps = [x for (of, _), x in newest.items() if of == code and x.unit_price is not None]
        best = max(steps, key=lambda x: x.from_quantity, default=None)
        if best is not None and best.unit_price is not None:
            return Offer(code, best.from_quantity, best.valid_from, best.unit_price)
    return None
