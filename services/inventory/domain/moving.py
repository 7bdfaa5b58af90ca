"""The rules of documents that move goods between places or say how many there are: transfers, arrivals, counts."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from services.inventory.domain.days import EARLIEST, check_day
from services.inventory.domain.items import ItemTerms
from services.inventory.domain.quantities import plain
from services.inventory.domain.units import NotConverted, to_base


@dataclass(frozen=True, slots=True)
class NotMoved:
    """A document that is not booked; `pointer` is the JSON pointer of the field at fault."""

    code: str
    detail: str
    pointer: str
    conflict: bool = False
    """It would be right if things stood otherwise."""


def in_base_units(
    lines: Sequence[tuple[str, int]], units: Mapping[str, str], terms: Mapping[str, ItemTerms], most: int, what: str
) -> list[tuple[str, int]] | NotMoved:
    """The lines (sku, quantity) of a document in base units, or the first that cannot be said so.

    `units` has the unit of each item that is not in its base one; a line of an unknown item stays as it is. `most` is
    what a quantity may be, and `what` the field in which it stands.
    """
    converted: list[tuple[str, int]] = []
    for index, (sku, stated) in enumerate(lines):
        item, unit, quantity = terms.get(sku), units.get(sku), stated
        if item is not None and unit is not None:
            base = to_base(stated, unit, item.unit, dict(item.packagings))
            if isinstance(base, NotConverted):
                return NotMoved(base.code, base.detail, f"/lines/{index}/unit")
            if base > most:
                detail = f"{plain(stated)} {unit} of {sku} are more than the {plain(most)} {item.unit} of one line."
                return NotMoved("quantity-too-large", detail, f"/lines/{index}/{what}")
            quantity = base
        converted.append((sku, quantity))
    return converted


def check_items(skus: Sequence[str], known: Container[str]) -> NotMoved | None:
    """Each item of a document is known, and in it once."""
    seen: set[str] = set()
    for index, sku in enumerate(skus):
        at = f"/lines/{index}/item"
        if sku not in known:
            return NotMoved("item-unknown", f"There is no item {sku}.", at)
        if sku in seen:
            return NotMoved("item-repeated", f"{sku} is in this document twice.", at)
        seen.add(sku)
    return None


def check_date(day: date, today: date, at: str, since: date = EARLIEST) -> NotMoved | None:
    """The day of a document is one on which it can have happened."""
    wrong = check_day(day, today, since)
    return None if wrong is None else NotMoved(wrong.code, wrong.detail, at)


def check_transfer(source: str, target: str, sent_on: date, today: date) -> NotMoved | None:
    """Goods go from one place to another one, on a day that has come."""
    if source == target:
        return NotMoved("same-warehouse", "Goods are sent to another warehouse.", "/to")
    return check_date(sent_on, today, "/sent_on")


def check_arrival(lines: Sequence[tuple[str, int]], on_the_way: Mapping[str, int]) -> NotMoved | None:
    """No more arrives than is on its way: (sku, micro-units)."""
    seen: set[str] = set()
    for index, (sku, quantity) in enumerate(lines):
        expected = on_the_way.get(sku)
        if expected is None:
            return NotMoved("item-not-sent", f"{sku} was not sent with this transfer.", f"/lines/{index}/item")
        if sku in seen:
            return NotMoved("item-repeated", f"{sku} is in this document twice.", f"/lines/{index}/item")
        seen.add(sku)
        if quantity > expected:
            detail = f"Of {sku} only {plain(expected)} are on the way."
            return NotMoved("more-than-sent", detail, f"/lines/{index}/quantity", conflict=True)
    return None
