"""Splitting an amount by fixed shares: nothing is lost, nothing is added, and the same parts come out every time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

WHOLE = 1_000_000
"""Shares are counted in millionths."""


class Share(NamedTuple):
    """What one department and cost centre get of an amount."""

    department: str | None
    cost_centre: str | None
    millionths: int


def split(amount: int, shares: Sequence[Share]) -> list[int]:
    """The parts of an amount in minor units, in the shares' order; they add up to it exactly.

    Each part is rounded down; what is left over goes, one unit each, to the largest remainders, the earlier first.
    """
    exact = [amount * share.millionths for share in shares]
    parts = [value // WHOLE for value in exact]
    left = amount - sum(parts)
    by_remainder = sorted(range(len(shares)), key=lambda n: (-(exact[n] % WHOLE), n))
    for n in by_remainder[:left]:
        parts[n] += 1
    return parts
