"""The rules of taking goods in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from services.inventory.domain.days import NotADay, check_day
from services.inventory.domain.items import ItemTerms
from services.inventory.domain.quantities import ON_HAND_MAX, RECEIVED_MAX, plain
from services.inventory.domain.units import NotConverted, to_base


class ReceivedLine(NamedTuple):
    """What came in of one item; the quantity in micro-units."""

    sku: str
    quantity: int


class StatedLine(NamedTuple):
    """What a receipt says of one item, in the unit and at the cost per unit (in millionths) that it says."""

    sku: str
    quantity: int
    unit: str | None = None
    unit_cost: int | None = None
    bin: str | None = None
    """Where in the warehouse it is put; else it lies loose."""


class NewLevel(NamedTuple):
    """One item of a receipt: how much came in over all its lines, and what is on hand afterwards (micro-units)."""

    quantity: int
    on_hand: int


@dataclass(frozen=True, slots=True)
class NotReceived:
    """The receipt is refused; `pointer` is the JSON pointer of the field at fault."""

    code: str
    detail: str
    pointer: str


def in_base_units(
    lines: Sequence[StatedLine], terms: Mapping[str, ItemTerms | None]
) -> list[ReceivedLine] | NotReceived:
    """The lines in base units, or the first that is of no known item or in no unit of it."""
    converted: list[ReceivedLine] = []
    for index, (sku, quantity, unit, *_) in enumerate(lines):
        item = terms.get(sku)
        if item is None:
            return NotReceived("item-unknown", f"There is no item {sku}.", f"/lines/{index}/item")
        base = to_base(quantity, unit, item.unit, dict(item.packagings))
        if isinstance(base, NotConverted):
            return NotReceived(base.code, base.detail, f"/lines/{index}/unit")
        converted.append(ReceivedLine(sku, base))
    return converted


def receive(
    lines: Sequence[ReceivedLine],
    on_hand: Mapping[str, int | None],
    *,
    received_on: date,
    today: date,
) -> dict[str, NewLevel] | NotReceived:
    """New levels by sku, or the first line that cannot be received and why.

    `on_hand` has a level for every item that exists; one that is missing or None is unknown.
    """
    wrong = check_day(received_on, today)
    if isinstance(wrong, NotADay):
        return NotReceived(wrong.code, wrong.detail, "/received_on")
    levels: dict[str, NewLevel] = {}
    for index, (sku, quantity) in enumerate(lines):
        before = on_hand.get(sku)
        if before is None:
            return NotReceived("item-unknown", f"There is no item {sku}.", f"/lines/{index}/item")
        taken = quantity + (levels[sku].quantity if sku in levels else 0)
        if taken > RECEIVED_MAX:
            limit = f"One receipt takes in at most {plain(RECEIVED_MAX)} of {sku}."
            return NotReceived("quantity-too-large", limit, f"/lines/{index}/quantity")
        if before + taken > ON_HAND_MAX:
            limit = f"There would be more of {sku} on hand than a stock level can hold."
            return NotReceived("stock-level-too-large", limit, f"/lines/{index}/quantity")
        levels[sku] = NewLevel(taken, before + taken)
    return levels
