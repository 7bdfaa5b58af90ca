"""The rules of bins: which of them goods are taken from, and what a move between them may be."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Literal, NamedTuple

from services.inventory.domain.moving import NotMoved

PickFrom = Literal["by-code", "emptiest-first", "fullest-first"]
"""In which order bins are gone to: along the shelves; so that bins become free; so that there are few ways."""
PICK_FROM: PickFrom = "by-code"
"""Of a company that said nothing."""


class Taken(NamedTuple):
    """How much is taken from a bin, in micro-units."""

    bin: str
    quantity: int


class Carried(NamedTuple):
    """Goods that are carried from a bin to another one; None is loose: on the floor, a table, the bay."""

    sku: str
    quantity: int
    source: str | None
    target: str | None


def take_from(quantity: int, bins: Mapping[str, int], order: PickFrom) -> list[Taken]:
    """From which bins a quantity is taken. What is missing in them is taken from what lies loose."""
    taken: list[Taken] = []
    for code in sorted(bins, key=lambda code: _rank(code, bins[code], order)):
        if quantity and bins[code]:
            taken.append(Taken(code, min(quantity, bins[code])))
            quantity -= taken[-1].quantity
    return taken


def _rank(code: str, there: int, order: PickFrom) -> tuple[int, str]:
    return ({"by-code": 0, "emptiest-first": there, "fullest-first": -there}[order], code)


def check_carried(lines: Sequence[Carried], known: Collection[str], bins: Collection[str]) -> NotMoved | None:
    """Each line carries a known item from one place to another one, both of them there."""
    for index, line in enumerate(lines):
        at = f"/lines/{index}"
        if line.sku not in known:
            return NotMoved("item-unknown", f"There is no item {line.sku}.", f"{at}/item")
        for code, side in ((line.source, "from"), (line.target, "to")):
            if code is not None and code not in bins:
                return bin_unknown(code, f"{at}/{side}")
        if line.source == line.target:
            return NotMoved("same-bin", "Goods are carried to another place.", f"{at}/to")
    return None


def bin_unknown(code: str, at: str) -> NotMoved:
    """There is no such bin in this warehouse."""
    return NotMoved("bin-unknown", f"There is no bin {code} in this warehouse.", at)
