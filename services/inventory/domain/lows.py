"""How low a level was, or will have been, after each day on which something is taken from it: never below zero."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date
from typing import Generic, TypeVar

Key = TypeVar("Key")


class Lows(Generic[Key]):
    """The least that is there at any instant after the end of a day, for the days on which a batch takes something.

    What is there after the last move is not in here: everybody knows that. The batch's own moves are worked in. A move
    in between may be known to raise only what comes after it, so that the answer may be too low, and never too high.
    """

    __slots__ = ("_lows",)

    def __init__(
        self, days: Collection[tuple[Key, date]] = (), lowest: Mapping[tuple[Key, date], int] | None = None
    ) -> None:
        """`lowest` lacks the days after which nothing has moved."""
        self._lows: dict[Key, dict[date, int | None]] = {}
        for key, day in days:
            self._lows.setdefault(key, {})[day] = None if lowest is None else lowest.get((key, day))

    def after(self, key: Key, day: date) -> int | None:
        """The least after the end of a day; None where nothing has moved since."""
        return self._lows.get(key, {}).get(day)

    def move(self, key: Key, day: date, quantity: int, there: int) -> None:
        """Work in a move of the batch; `there` is what was there in the end, without it."""
        lows = self._lows.get(key)
        if not lows:
            return
        own = lows.get(day)
        from_then = (there if own is None else min(own, there)) + quantity
        for watched, low in lows.items():
            if watched >= day:
                lows[watched] = None if low is None else low + quantity
            elif day in lows and quantity < 0:
                lows[watched] = from_then if low is None else min(low, from_then)
            else:
                # what was there in the end may now be in between
                lows[watched] = (there if low is None else min(low, there)) + min(quantity, 0)
