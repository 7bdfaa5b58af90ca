"""Months of pay, and the days of a month that count."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import Literal, NamedTuple

Counting = Literal["calendar", "working"]
"""Which days of a month carry pay: all of them, or those of the working week without the holidays."""
SUNDAY_TO_THURSDAY = (6, 0, 1, 2, 3)
MONDAY_TO_FRIDAY = (0, 1, 2, 3, 4)
WORKING_WEEK: Mapping[str, Sequence[int]] = {"IL": SUNDAY_TO_THURSDAY}
"""Where the week of work is another than Monday to Friday."""


class Month(NamedTuple):
    """A month of pay. Months compare in time."""

    year: int
    month: int

    @property
    def first(self) -> date:
        """Its first day."""
        return date(self.year, self.month, 1)

    @property
    def last(self) -> date:
        """Its last day."""
        return date(self.year, self.month, monthrange(self.year, self.month)[1])

    def next(self) -> Month:
        """The month after it."""
        return Month(self.year + self.month // 12, self.month % 12 + 1)

    def __str__(self) -> str:
        return f"{self.year:04d}-{self.month:02d}"


def days(first: date, last: date) -> Iterator[date]:
    """Every day from the first to the last, both included; none when the last is earlier."""
    for offset in range((last - first).days + 1):
        yield first + timedelta(offset)


def working_week(country: str) -> Sequence[int]:
    """The weekdays on which people of a country work."""
    return WORKING_WEEK.get(country, MONDAY_TO_FRIDAY)


def paid_days(month: Month, counting: Counting, holidays: Collection[date] = (), country: str = "") -> tuple[date, ...]:
    """The days that a full month's pay is spread over.

    Holidays are passed over when working days count. A month of holidays alone would have no days: then the
    whole working week counts, so that a full month is always paid in full.
    """
    every = tuple(days(month.first, month.last))
    if counting == "calendar":
        return every
    week = working_week(country)
    weekdays = tuple(day for day in every if day.weekday() in week)
    return tuple(day for day in weekdays if day not in holidays) or weekdays
