"""The rules of pick → pack → ship: nothing leaves that was not reserved, and nothing leaves twice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from services.inventory.domain.items import ItemTerms
from services.inventory.domain.quantities import plain
from services.inventory.domain.units import NotConverted, to_base

ShipmentState = Literal["picked", "packed", "shipped", "withdrawn"]


class LineProgress(NamedTuple):
    """How far one line of an order is, in micro-units."""

    line: int
    sku: str
    quantity: int
    """Ordered."""
    waiting: int = 0
    """Back-ordered: reserved as soon as goods arrive."""
    dropped: int = 0
    """Never to be served: the order took what there was."""
    picked: int = 0
    shipped: int = 0
    revision: int = 1
    """Of the order."""

    @property
    def held(self) -> int:
        """Reserved in stock, picked or not."""
        return self.quantity - self.waiting - self.dropped - self.shipped

    @property
    def to_pick(self) -> int:
        """Held, and in no open shipment."""
        return self.held - self.picked

    @property
    def to_ship(self) -> int:
        """Still to leave the house, now or when goods have arrived."""
        return self.quantity - self.dropped - self.shipped


class Portion(NamedTuple):
    """A part of one line that travels together; in micro-units."""

    line: int
    sku: str
    quantity: int


@dataclass(frozen=True, slots=True)
class NotPicked:
    """A pick is refused; `pointer` is the place within the pick."""

    code: str
    detail: str
    pointer: str


def asked_in_base(
    lines: Sequence[LineProgress],
    asked: Sequence[tuple[int, int]],
    units: Mapping[int, str],
    terms: Mapping[str, ItemTerms],
) -> list[tuple[int, int]] | NotPicked:
    """What is asked for by line, in base units; `units` has the unit of each line that is not. Unknown lines stay."""
    skus = {line.line: line.sku for line in lines}
    converted: list[tuple[int, int]] = []
    for index, (number, quantity) in enumerate(asked):
        item, unit = terms.get(skus.get(number, "")), units.get(number)
        if item is None or unit is None:
            converted.append((number, quantity))
            continue
        base = to_base(quantity, unit, item.unit, dict(item.packagings))
        if isinstance(base, NotConverted):
            return NotPicked(base.code, base.detail, f"/lines/{index}/unit")
        converted.append((number, base))
    return converted


def pick(lines: Sequence[LineProgress], asked: Sequence[tuple[int, int]] | None) -> list[Portion] | NotPicked:
    """What is taken from the shelves: the quantities that are asked for by line, or all that is held and not picked."""
    if asked is None:
        portions = [Portion(line.line, line.sku, line.to_pick) for line in lines if line.to_pick > 0]
        return portions or NotPicked("nothing-to-pick", "Nothing that is reserved is left to be picked.", "")
    by_number: Mapping[int, LineProgress] = {line.line: line for line in lines}
    portions, seen = [], set[int]()
    for index, (number, quantity) in enumerate(asked):
        line = by_number.get(number)
        if line is None:
            return NotPicked("line-unknown", f"The order has no line {number}.", f"/lines/{index}/line")
        if number in seen:
            return NotPicked("line-repeated", f"Line {number} is in this pick twice.", f"/lines/{index}/line")
        seen.add(number)
        if quantity > line.to_pick:
            detail = f"Of line {number} ({line.sku}) {plain(line.to_pick)} can be picked, not {plain(quantity)}."
            return NotPicked("not-enough-reserved", detail, f"/lines/{index}/quantity")
        portions.append(Portion(number, line.sku, quantity))
    return portions


def is_complete(lines: Sequence[LineProgress], leaving: Mapping[int, int]) -> bool:
    """Whether nothing of the order is left once these quantities (by line) have left too."""
    return all(line.to_ship == leaving.get(line.line, 0) for line in lines)
