"""What goods cost: moving average and FIFO over whole numbers, so that what is issued and what is left add up exactly.

Quantities are micro-units, values minor units of the company's currency. A value is rounded once, half up, where a part
is cut off a whole; what is left keeps the remainder, and the last unit out takes all of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Literal, NamedTuple

from contracts.money import WHOLE_DIGITS_MAX, minor_units

Method = Literal["moving-average", "fifo"]

METHODS: tuple[Method, ...] = ("moving-average", "fifo")


def as_method(valuation: str) -> Method:
    """The method by its name. Raises KeyError for one that is none."""
    return {"moving-average": METHODS[0], "fifo": METHODS[1]}[valuation]


def share(value: int, part: int, whole: int) -> int:
    """The part's portion of a value, rounded half up away from zero; all of it for the whole."""
    if part == whole:
        return value
    size = (2 * abs(value) * part + whole) // (2 * whole)
    return size if value >= 0 else -size


def book_value_max(currency: str) -> int:
    """Of one item, in minor units: a thousandth of what an amount can say, so that no document's sum is too long."""
    most: int = 10 ** (WHOLE_DIGITS_MAX - 3 + minor_units(currency))
    return most


class Layer(NamedTuple):
    """Goods that came in at one price, as far as they are still here. The moving average has one."""

    quantity: int
    value: int


NO_LAYER = Layer(0, 0)


@dataclass(slots=True)
class Stock:
    """An item's goods by cost. `owed` are goods that were issued before they came, at a provisional cost."""

    method: Method
    layers: list[Layer] = field(default_factory=list)
    owed: Layer = NO_LAYER
    last: Layer = NO_LAYER
    """Quantity and value of what came in last: the best guess where nothing is on hand."""

    @property
    def value(self) -> int:
        """What stands in the books for these goods."""
        return sum(layer.value for layer in self.layers) - self.owed.value

    @property
    def quantity(self) -> int:
        """What is there; below zero when more was issued than came."""
        return sum(layer.quantity for layer in self.layers) - self.owed.quantity

    def price_of(self, quantity: int) -> int:
        """What goods are worth of which nobody said the cost: found ones, or a receipt without a price."""
        if self.method == "moving-average" and self.layers:
            return share(self.layers[0].value, quantity, self.layers[0].quantity)
        return share(self.last.value, quantity, self.last.quantity) if self.last.quantity else 0

    def receive(self, quantity: int, value: int) -> int:
        """Goods come in. The answer is by how much goods that were issued before they came cost more than was said."""
        self.last = Layer(quantity, value)
        difference = 0
        if self.owed.quantity:
            covered = min(quantity, self.owed.quantity)
            cost, said = share(value, covered, quantity), share(self.owed.value, covered, self.owed.quantity)
            self.owed = Layer(self.owed.quantity - covered, self.owed.value - said)
            quantity, value, difference = quantity - covered, value - cost, cost - said
        if quantity:
            self._add(Layer(quantity, value))
        return difference

    def issue(self, quantity: int) -> int:
        """Goods go out; what they cost."""
        cost, kept = 0, 0
        for layer in self.layers:
            if not quantity:
                break
            taken = min(quantity, layer.quantity)
            part = share(layer.value, taken, layer.quantity)
            cost, quantity = cost + part, quantity - taken
            if taken < layer.quantity:
                self.layers[kept] = Layer(layer.quantity - taken, layer.value - part)
                break
            kept += 1
        del self.layers[:kept]
        if quantity:
            guess = share(self.last.value, quantity, self.last.quantity) if self.last.quantity else 0
            self.owed = Layer(self.owed.quantity + quantity, self.owed.value + guess)
            cost += guess
        return cost

    def _add(self, layer: Layer) -> None:
        if self.method == "moving-average" and self.layers:
            (there,) = self.layers
            self.layers[0] = Layer(there.quantity + layer.quantity, there.value + layer.value)
        else:
            self.layers.append(layer)

    def copy(self) -> Stock:
        """The same, to go on from twice."""
        return Stock(self.method, list(self.layers), self.owed, self.last)


class Move(NamedTuple):
    """Goods in (quantity above 0, with their value) or out (below 0; the value is decided here)."""

    on: date
    quantity: int
    value: int = 0


@dataclass(frozen=True, slots=True)
class Valued:
    """What a move is worth (below zero when it goes out), and the difference it makes to what was issued before."""

    value: int
    revaluation: int = 0
    """By how much the value of what is left changes beside that: posted once, on the day it is found out."""


def apply(stock: Stock, move: Move) -> None:
    """Take one move of the past once more."""
    if move.quantity > 0:
        stock.receive(move.quantity, move.value)
    else:
        stock.issue(-move.quantity)


def worth_of(stock: Stock, quantity: int, value: int | None) -> int:
    """What a move is worth at most, before it is made: below zero when it goes out."""
    if quantity > 0:
        return stock.price_of(quantity) if value is None else value
    there, all_of_it = sum(layer.quantity for layer in stock.layers), sum(layer.value for layer in stock.layers)
    missing, last = -quantity - there, stock.last
    if missing <= 0 or not last.quantity:
        return -all_of_it
    return -all_of_it - share(last.value, missing, last.quantity)


def value_in_time(stock: Stock, quantity: int, value: int | None) -> Valued:
    """Value a move that comes after all others. `value` is what goods that come in cost; None when nobody said."""
    if quantity < 0:
        return Valued(-stock.issue(-quantity))
    worth = stock.price_of(quantity) if value is None else value
    return Valued(worth, -stock.receive(quantity, worth))


def value_late(
    now: Stock, before: Stock, later: Sequence[Move], on: date, quantity: int, value: int | None
) -> tuple[Valued, Stock]:
    """Value a move that comes after others which happened later. Nothing that was posted is changed.

    `before` is the stock at the end of the day (of the late move's own day: it is the last one of it), and `later` what
    happened after that, in order. The later moves are done again on paper; by how much the books would look different
    is the revaluation. The stock that is answered is what to go on from.
    """
    stock = before
    if quantity < 0:
        own = -stock.issue(-quantity)
    else:
        own = stock.price_of(quantity) if value is None else value
        stock.receive(quantity, own)
    for move in later:
        apply(stock, move)
    return Valued(own, stock.value - (now.value + own)), stock


def replay(method: Method, moves: Iterable[Move]) -> Stock:
    """The stock after a whole history, in its order."""
    stock = Stock(method)
    for move in moves:
        apply(stock, move)
    return stock
