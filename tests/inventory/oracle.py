"""Quantities and costs recomputed by a clerk with a notebook; shares no code with the service.

He writes down every unit of value by hand: a history is sorted by day and then by arrival and worked through from its
beginning, in `Decimal`, whatever came late.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal


def cents(value: Decimal) -> Decimal:
    """A whole number of minor units, rounded half up."""
    return value.quantize(Decimal(1), rounding=ROUND_HALF_UP)


@dataclass
class Notebook:
    """One item. Lots are [quantity, value]; the moving average keeps all in one."""

    fifo: bool
    lots: list[list[Decimal]] = field(default_factory=list)

    def bring(self, quantity: Decimal, value: Decimal) -> None:
        """Goods come in."""
        if self.lots and not self.fifo:
            self.lots[0][0] += quantity
            self.lots[0][1] += value
        else:
            self.lots.append([quantity, value])

    def take(self, quantity: Decimal) -> Decimal:
        """Goods go out; what they cost."""
        cost = Decimal(0)
        while quantity:
            lot = self.lots[0]
            part = min(quantity, lot[0])
            worth = lot[1] if part == lot[0] else cents(lot[1] * part / lot[0])
            lot[0] -= part
            lot[1] -= worth
            cost += worth
            quantity -= part
            if not lot[0]:
                self.lots.pop(0)
        return cost

    @property
    def value(self) -> Decimal:
        """What all of it is worth."""
        return sum((value for _, value in self.lots), Decimal(0))

    @property
    def quantity(self) -> Decimal:
        """What there is."""
        return sum((quantity for quantity, _ in self.lots), Decimal(0))


def work_through(method: str, moves: Iterable[tuple[int, int]]) -> Notebook:
    """(quantity, value) of every move in the order in which it happened; values of what goes out are not looked at."""
    notebook = Notebook(method == "fifo")
    for quantity, value in moves:
        if quantity > 0:
            notebook.bring(Decimal(quantity), Decimal(value))
        else:
            notebook.take(Decimal(-quantity))
    return notebook
