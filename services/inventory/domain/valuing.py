"""What goods cost: moving average over all places, FIFO in each warehouse by itself; in time and late."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple

from contracts.money import WHOLE_DIGITS_MAX, minor_units
from services.inventory.domain.layers import NO_LAYER, Layer, Method, Pool, share

EVERYWHERE = ""
"""The one pool of goods that are not kept apart by place."""


def book_value_max(currency: str) -> int:
    """Of one item, in minor units: a thousandth of what an amount can say, so that no document's sum is too long."""
    most: int = 10 ** (WHOLE_DIGITS_MAX - 3 + minor_units(currency))
    return most


@dataclass(slots=True)
class Stock:
    """An item's goods by cost."""

    method: Method
    apart: bool = False
    """Whether each warehouse has layers of its own. Else it makes no difference to the cost where goods are."""
    pools: dict[str, Pool] = field(default_factory=dict)
    """By warehouse, or one of them for all."""
    last: Layer = NO_LAYER
    """Quantity and value of what came in last, anywhere: the best guess where nothing is on hand."""

    @property
    def value(self) -> int:
        """What stands in the books for these goods."""
        return sum(pool.value for pool in self.pools.values())

    @property
    def quantity(self) -> int:
        """What is there; below zero when more was issued than came."""
        return sum(pool.quantity for pool in self.pools.values())

    def pool(self, place: str) -> Pool:
        """The goods of a warehouse."""
        key = place if self.apart else EVERYWHERE
        found = self.pools.get(key)
        if found is None:
            found = self.pools[key] = Pool(self.method)
        return found

    def price_of(self, place: str, quantity: int) -> int:
        """What goods are worth of which nobody said the cost: found ones, or a receipt without a price."""
        held = self.pool(place).held
        known = held if self.method == "moving-average" and held.quantity else self.last
        return share(known.value, quantity, known.quantity) if known.quantity else 0

    def has_price(self, place: str) -> bool:
        """Whether anything is known from which `price_of` can tell what goods are worth."""
        return bool(self.last.quantity or self.pool(place).held.quantity)

    def receive(self, place: str, quantity: int, value: int) -> int:
        """Goods come in. The answer is by how much goods that were issued before they came cost more than was said."""
        self.last = Layer(quantity, value)
        return self.pool(place).put(self.last)

    def issue(self, place: str, quantity: int) -> int:
        """Goods go out; what they cost."""
        return sum(layer.value for layer in self.pool(place).take(quantity, self.last))

    def transfer(self, source: str, target: str, quantity: int) -> tuple[int, int]:
        """Goods change their place, each at its own cost: what they are worth, and the difference as for a receipt."""
        moved, difference = 0, 0
        into = self.pool(target)
        for layer in self.pool(source).take(quantity, self.last):
            moved += layer.value
            difference += into.put(layer)
        return moved, difference

    def copy(self) -> Stock:
        """The same, to go on from twice."""
        pools = {place: pool.copy() for place, pool in self.pools.items()}
        return Stock(self.method, self.apart, pools, self.last)


class Move(NamedTuple):
    """Goods in (quantity above 0, with their value where it is known), out (below 0), or, with a target, from place to
    place."""

    on: date
    quantity: int
    value: int | None
    place: str
    target: str | None = None
    lost: bool = False
    """It was counted, or lost on the way: no sale."""

    @property
    def writes_off(self) -> bool:
        """Whether goods are missing."""
        return self.lost and self.quantity < 0


class Revalued(NamedTuple):
    """By how much the value of stock differs from what was told, and what of that is about goods written off."""

    value: int
    written_off: int = 0

    def plus(self, other: Revalued) -> Revalued:
        """Both together."""
        return Revalued(self.value + other.value, self.written_off + other.written_off)


@dataclass(frozen=True, slots=True)
class Valued:
    """What a move is worth (below zero when it goes out), and the difference it makes to what was issued before."""

    value: int
    revaluation: int = 0
    """By how much the value of what is left changes beside that: posted once, on the day it is found out."""


def apply(stock: Stock, move: Move) -> Valued:
    """Let a move happen after all others."""
    if move.target is not None:
        moved, difference = stock.transfer(move.place, move.target, -move.quantity)
        return Valued(-moved, -difference)
    if move.quantity < 0:
        return Valued(-stock.issue(move.place, -move.quantity))
    worth = stock.price_of(move.place, move.quantity) if move.value is None else move.value
    return Valued(worth, -stock.receive(move.place, move.quantity, worth))


def worth_of(stock: Stock, move: Move) -> int:
    """What a move is worth at most, before it is made: below zero when it goes out."""
    if move.quantity > 0:
        return stock.price_of(move.place, move.quantity) if move.value is None else move.value
    there, last = stock.pool(move.place).held, stock.last
    missing = -move.quantity - there.quantity
    if missing <= 0 or not last.quantity:
        return -there.value
    return -there.value - share(last.value, missing, last.quantity)


class LateMoves:
    """Moves of one document that come after others which happened later. Nothing that was posted is changed.

    The later moves are done again on paper, once for all of them; by how much the books would look different is the
    revaluation. What of it is about goods that were written off since is told by itself: it was no cost of goods sold.
    """

    __slots__ = ("_booked", "_old", "on", "stock")

    def __init__(self, on: date, before: Stock) -> None:
        """`before` is the stock at the end of the day: the late moves are the last ones of it."""
        self.on = on
        self.stock, self._old = before.copy(), before.copy()
        self._booked = 0

    @property
    def booked(self) -> int:
        """By how much the late moves change what stands in the books, apart from the revaluation."""
        return self._booked

    def add(self, move: Move) -> int:
        """What one of them is worth."""
        worth = apply(self.stock, move).value
        self._booked += worth if move.target is None else 0
        return worth

    def work_in(self, now: Stock, later: Sequence[Move], keep: Callable[[date], None]) -> Revalued:
        """Do again what happened later, in order. `keep` is called at the end of each day."""
        old = self._old if any(move.writes_off for move in later) else None
        written_off, day = 0, self.on
        for move in later:
            if move.on != day:
                keep(day)
                day = move.on
            worth = apply(self.stock, move).value
            if old is not None:
                before = apply(old, move).value
                written_off += worth - before if move.writes_off else 0
        return Revalued(self.stock.value - (now.value + self._booked), written_off)
