"""Who waits for goods gets them: the highest priority first, then who waits longest. And no order waits for ever."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from services.inventory.domain.book import OrderedLine, OrderKey, StockKey
from services.inventory.domain.shipping import LineProgress


class WaitingLine(NamedTuple):
    """A line of an order that waits for goods; in micro-units."""

    order: OrderKey
    revision: int
    line: int
    sku: str
    waiting: int
    before: int
    """What was set aside for the line until now."""


class Given(NamedTuple):
    """What a waiting line gets now, in micro-units."""

    to: WaitingLine
    quantity: int


def share_out(queue: Iterable[WaitingLine], free: Mapping[StockKey, int]) -> list[Given]:
    """Give what is free to who waits, in the order of the queue; the last one may get a part of what it waits for."""
    left = dict(free)
    given: list[Given] = []
    for one in queue:
        key = (one.order[0], one.sku)
        quantity = min(left.get(key, 0), one.waiting)
        if quantity > 0:
            left[key] -= quantity
            given.append(Given(one, quantity))
    return given


class Expired(NamedTuple):
    """What becomes of an order whose time is over."""

    released: Sequence[OrderedLine]
    waiting: Sequence[OrderedLine]
    lines: Sequence[LineProgress]
    """As they stand afterwards."""
    left: bool
    """Goods of it have left, or will: they are picked."""
    over: bool
    """Nothing more will leave."""


def expire(lines: Sequence[LineProgress]) -> Expired:
    """Free what is not picked, and wait no more. What is picked is on its way, and leaves."""
    return Expired(
        [OrderedLine(x.line, x.sku, x.to_pick) for x in lines if x.to_pick],
        [OrderedLine(x.line, x.sku, x.waiting) for x in lines if x.waiting],
        [x._replace(dropped=x.dropped + x.to_pick + x.waiting, waiting=0) for x in lines],
        any(x.picked or x.shipped for x in lines),
        not any(x.picked for x in lines),
    )
