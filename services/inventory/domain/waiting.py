"""Who gets goods that arrive: the most urgent order first, then the one that waits longest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from services.inventory.domain.book import StockKey

PRIORITY = 5
"""Of an order that says nothing about it; 1 is served before 9."""


class WaitingLine(NamedTuple):
    """A line of an order that waits for goods, in micro-units."""

    company: str
    order: UUID
    line: int
    sku: str
    waiting: int
    priority: int
    since: datetime


def hand_out(lines: Sequence[WaitingLine], free: Mapping[StockKey, int]) -> list[tuple[WaitingLine, int]]:
    """What each line gets of what is free; lines that get nothing are left out."""
    left = dict(free)
    given: list[tuple[WaitingLine, int]] = []
    for line in sorted(lines, key=lambda one: (one.priority, one.since, one.order, one.line)):
        key = (line.company, line.sku)
        quantity = min(line.waiting, left.get(key, 0))
        if quantity > 0:
            left[key] -= quantity
            given.append((line, quantity))
    return given
