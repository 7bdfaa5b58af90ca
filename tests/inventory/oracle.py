"""Quantities and costs recomputed by a clerk with a notebook; shares no code with the service.

He writes down every unit of value by hand: a history is sorted by day and then by arrival and worked through from its
beginning, in `Decimal`, whatever came late.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from typing import NamedTuple

Lot = tuple[Decimal, Decimal]
"""Quantity and value."""


def cents(value: Decimal) -> Decimal:
    """A whole number of minor units, rounded half up."""
    return value.quantize(Decimal(1), rounding=ROUND_HALF_UP)


class Moved(NamedTuple):
    """A move as it is on record; values of what goes out are not looked at."""

    kind: str
    place: str
    quantity: int
    value: int | None


@dataclass
class Notebook:
    """One item. By FIFO each place has a page, with its lots in their order; the average keeps all in one lot."""

    fifo: bool
    pages: defaultdict[str, list[Lot]] = field(default_factory=lambda: defaultdict(list))
    carried: list[Lot] = field(default_factory=list)
    """Between two places, in a clerk's hands."""

    def bring(self, place: str, lots: Iterable[Lot]) -> None:
        """Goods come in."""
        page = self.pages[place]
        for quantity, value in lots:
            if page and not self.fifo:
                page[0] = (page[0][0] + quantity, page[0][1] + value)
            else:
                page.append((quantity, value))

    def take(self, place: str, quantity: Decimal) -> list[Lot]:
        """Goods go out; what they cost, lot by lot."""
        page, taken = self.pages[place], []
        while quantity:
            there, worth = page.pop(0)
            part = min(quantity, there)
            cost = worth if part == there else cents(worth * part / there)
            if part < there:
                page.insert(0, (there - part, worth - cost))
            taken.append((part, cost))
            quantity -= part
        return taken

    def write(self, move: Moved) -> None:
        """The next move."""
        quantity = Decimal(abs(move.quantity))
        place = move.place if self.fifo else "all"
        if move.kind == "transfer-out":
            self.carried = self.take(place, quantity)
        elif move.kind == "transfer-in":
            self.bring(place, self.carried)
        elif move.quantity > 0:
            self.bring(place, [(quantity, Decimal(move.value or 0))])
        else:
            self.take(place, quantity)

    @property
    def value(self) -> Decimal:
        """What all of it is worth."""
        return sum((value for page in self.pages.values() for _, value in page), Decimal(0))

    @property
    def quantity(self) -> Decimal:
        """What there is."""
        return sum((quantity for page in self.pages.values() for quantity, _ in page), Decimal(0))


def work_through(method: str, moves: Iterable[Moved]) -> Notebook:
    """Every move in the order in which it happened."""
    notebook = Notebook(method == "fifo")
    for move in moves:
        notebook.write(move)
    return notebook
