"""Fiscal years and their months; which days of which sub-ledger are closed, and where a late posting goes instead."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import NamedTuple

RECEIVABLES, GENERAL = "ar", "gl"
SUBLEDGERS = (RECEIVABLES, "ap", "stock", "payroll", GENERAL)
"""Receivables, payables, stock, payroll; and the general ledger, which closes a period for all of them."""
DAY = timedelta(days=1)
MONTHS = 12
"""Of a year that nobody has defined yet."""


class Period(NamedTuple):
    """A month of a fiscal year, numbered from 1; both days belong to it."""

    fiscal_year: int
    number: int
    starts_on: date
    ends_on: date

    @property
    def name(self) -> str:
        """As people say it: 2026-03."""
        return f"{self.fiscal_year}-{self.number:02d}"


class FiscalYear(NamedTuple):
    """A fiscal year by its label; both days belong to it."""

    year: int
    starts_on: date
    ends_on: date


def month_later(day: date, months: int) -> date:
    """The first of the month so many months after a first of a month."""
    years, month = divmod(day.month - 1 + months, 12)
    return date(day.year + years, month + 1, 1)


def _months_between(first: date, day: date) -> int:
    """From a first of a month to the month of a day; below zero where the day is before it."""
    return (day.year - first.year) * 12 + day.month - first.month


def periods_of(year: int, starts_on: date, months: int) -> list[Period]:
    """The months of a fiscal year that begins on the first of a month."""
    firsts = [month_later(starts_on, n) for n in range(months + 1)]
    return [Period(year, n, firsts[n - 1], firsts[n] - DAY) for n in range(1, months + 1)]


class ClosedDays(NamedTuple):
    """Days that follow on each other and are closed for a sub-ledger."""

    subledger: str
    first: date
    last: date


@dataclass(frozen=True, slots=True)
class Calendar:
    """What a company has opened and closed."""

    years: Sequence[FiscalYear] = ()
    closed: Mapping[str, Sequence[ClosedDays]] = field(default_factory=dict)
    """By sub-ledger, in the order of their days."""

    def fiscal_year_of(self, day: date) -> int:
        """The label of the fiscal year of a day; the calendar year where the company defined none at all.

        A day outside of the years is counted on from the one that ended last before it, or back from the first, by
        twelve months: a year that has ended gets no number of a day after it, which its label in the calendar would do.
        """
        if not self.years:
            return day.year
        last = next((one for one in reversed(self.years) if one.starts_on <= day), None)
        if last is None:
            first = self.years[0]
            return first.year + _months_between(first.starts_on, day) // MONTHS
        return last.year if day <= last.ends_on else last.year + 1 + _months_between(last.ends_on + DAY, day) // MONTHS

    def knows(self, day: date) -> bool:
        """Whether the day lies in a fiscal year, or none was defined at all."""
        return not self.years or any(one.starts_on <= day <= one.ends_on for one in self.years)

    def closed_by(self, subledger: str, day: date) -> list[str]:
        """Whose locks let nothing of this sub-ledger have effect on the day: its own, the general one, both, none."""
        return [
            name
            for name in dict.fromkeys((subledger, GENERAL))
            if any(days.first <= day <= days.last for days in self.closed.get(name, ()))
        ]

    def open_day(self, subledger: str, day: date) -> date:
        """The day itself where it is open, else the first open day after it."""
        while (closing := self._closing(subledger, day)) is not None:
            day = closing.last + DAY
        return day

    def _closing(self, subledger: str, day: date) -> ClosedDays | None:
        for name in (subledger, GENERAL):
            for days in self.closed.get(name, ()):
                if days.first <= day <= days.last:
                    return days
        return None


def calendar_of(years: Iterable[FiscalYear], closed: Iterable[ClosedDays]) -> Calendar:
    """A calendar from its years and its closed days in any order."""
    by_subledger: dict[str, list[ClosedDays]] = {}
    for days in sorted(closed, key=lambda each: (each.subledger, each.first)):
        by_subledger.setdefault(days.subledger, []).append(days)
    return Calendar(sorted(years, key=lambda each: each.starts_on), by_subledger)
