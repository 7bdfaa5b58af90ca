"""The rule of days: nothing has happened tomorrow, and nothing before there were records of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple, TypeVar
from zoneinfo import ZoneInfo

EARLIEST = date(1900, 1, 1)
NO_ZONE = "UTC"
"""Of a company that came before its time zone was kept here."""

Key = TypeVar("Key")


@dataclass(frozen=True, slots=True)
class NotADay:
    """A day on which nothing can be booked."""

    code: str
    detail: str


class Span(NamedTuple):
    """The first and the last day of what is booked in one batch."""

    first: date
    last: date


def day_of(moment: datetime, zone: str) -> date:
    """The calendar day of a company: its days begin in its own time zone."""
    return moment.astimezone(ZoneInfo(zone)).date()


def check_day(day: date, today: date, since: date = EARLIEST) -> NotADay | None:
    """Why nothing can have happened on this day, if so. `today` is the company's own; `since` when it could begin."""
    if day > today:
        return NotADay("date-in-future", f"{day} has not come yet.")
    if day < EARLIEST:
        return NotADay("date-too-early", f"{day} is before {EARLIEST}; nothing is booked there.")
    if day < since:
        return NotADay("date-too-early", f"{day} is before {since}, when it began.")
    return None


def spans(days: Iterable[tuple[Key, date]]) -> Mapping[Key, Span]:
    """The first and the last day of each key."""
    found: dict[Key, Span] = {}
    for key, day in days:
        known = found.get(key)
        found[key] = Span(day, day) if known is None else Span(min(known.first, day), max(known.last, day))
    return found
