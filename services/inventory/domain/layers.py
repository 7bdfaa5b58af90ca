"""Goods at one cost beside others: layers over whole numbers, so that what is issued and what is left add up exactly.

Quantities are micro-units, values minor units of the company's currency. A value is rounded once, half up, where a part
is cut off a whole; what is left keeps the remainder, and the last unit out takes all of it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from typing import Literal, NamedTuple

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


class Layer(NamedTuple):
    """Goods that came in at one price, as far as they are still here. The moving average has one."""

    quantity: int
    value: int

    def cut(self, quantity: int) -> tuple[Layer, Layer]:
        """A part of it, and what is left."""
        part = share(self.value, quantity, self.quantity)
        return Layer(quantity, part), Layer(self.quantity - quantity, self.value - part)

    def with_(self, other: Layer) -> Layer:
        """Both together."""
        return Layer(self.quantity + other.quantity, self.value + other.value)


NO_LAYER = Layer(0, 0)


class Pool:
    """Goods that leave in one order, the oldest first. Its sums are kept, so that they cost nothing to look at."""

    __slots__ = ("held", "layers", "method", "owed")

    def __init__(self, method: Method, layers: Iterable[Layer] = (), owed: Layer = NO_LAYER) -> None:
        self.method = method
        self.layers = deque(layers)
        self.owed = owed
        """Goods that were issued before they came, at a provisional cost."""
        self.held = Layer(sum(layer.quantity for layer in self.layers), sum(layer.value for layer in self.layers))

    @property
    def value(self) -> int:
        """What stands in the books for these goods."""
        return self.held.value - self.owed.value

    @property
    def quantity(self) -> int:
        """What is there; below zero when more was issued than came."""
        return self.held.quantity - self.owed.quantity

    def put(self, layer: Layer) -> int:
        """Goods come in. The answer is by how much goods that were issued before they came cost more than was said."""
        difference = 0
        if self.owed.quantity:
            covered = min(layer.quantity, self.owed.quantity)
            (_, cost), layer = layer.cut(covered)
            (_, said), self.owed = self.owed.cut(covered)
            difference = cost - said
        if layer.quantity:
            self._add(layer)
        return difference

    def take(self, quantity: int, last: Layer) -> list[Layer]:
        """Goods go out, by what they cost. `last` is the price of those that are not there yet: a guess."""
        taken: list[Layer] = []
        while quantity and self.layers:
            layer = self.layers.popleft()
            if layer.quantity > quantity:
                layer, rest = layer.cut(quantity)
                self.layers.appendleft(rest)
            taken.append(layer)
            self.held = Layer(self.held.quantity - layer.quantity, self.held.value - layer.value)
            quantity -= layer.quantity
        if quantity:
            guess = share(last.value, quantity, last.quantity) if last.quantity else 0
            taken.append(Layer(quantity, guess))
            self.owed = self.owed.with_(taken[-1])
        return taken

    def _add(self, layer: Layer) -> None:
        self.held = self.held.with_(layer)
        if self.method == "moving-average" and self.layers:
            self.layers[0] = self.held
        else:
            self.layers.append(layer)

    def copy(self) -> Pool:
        """The same, to go on from twice."""
        return Pool(self.method, self.layers, self.owed)
