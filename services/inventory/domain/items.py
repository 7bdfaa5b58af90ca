"""The rules of defining items: a sku means one thing for ever."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple


class ItemTerms(NamedTuple):
    """What an item is; two definitions of one sku must agree on all of it."""

    sku: str
    name: str
    unit: str
    """Base unit: what a quantity of 1 means."""
    valuation: str = "none"
    """How its cost is kept, if it is."""
    packagings: tuple[tuple[str, int], ...] = ()
    """Other units with what one holds of the base unit, in micro-units; sorted."""


@dataclass(frozen=True, slots=True)
class NotDefined:
    """The definitions are refused because of the one at `index`."""

    code: str
    detail: str
    index: int
    known_before: bool
    """The clash is with what is stored, not within the request."""


def new_items(asked: Sequence[ItemTerms], known: Mapping[str, ItemTerms]) -> list[ItemTerms] | NotDefined:
    """Those that are new; an item that is known with the same terms is simply known."""
    seen: set[str] = set()
    new: list[ItemTerms] = []
    for index, item in enumerate(asked):
        if item.sku in seen:
            return NotDefined("item-repeated", f"{item.sku} is in this request twice.", index, False)
        seen.add(item.sku)
        before = known.get(item.sku)
        if before is None:
            new.append(item)
        elif before != item:
            detail = f"{item.sku} is {before.name} ({before.unit}) already; a sku does not change its meaning."
            return NotDefined("item-exists", detail, index, True)
    return new
