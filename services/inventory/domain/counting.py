"""The rules of counting: small differences are booked at once, others when another person agrees."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

WHOLE = 1_000_000


class CountLine(NamedTuple):
    """What was expected of an item when it was counted, and what was found; in micro-units."""

    line: int
    sku: str
    expected: int
    counted: int

    @property
    def difference(self) -> int:
        """What has to be booked, so that the level says what was found."""
        return self.counted - self.expected


def within_tolerance(lines: Iterable[CountLine], tolerance: int) -> bool:
    """Whether every difference is at most so many millionths of what was expected."""
    return all(abs(line.difference) * WHOLE <= abs(line.expected) * tolerance for line in lines)
