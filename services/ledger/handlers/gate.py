"""The days that people choose: each lies in a fiscal year, and is open, or left ajar for who posts."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date

from chassis.cause import Cause
from chassis.database import UnitOfWork
from chassis.errors import Refused
from chassis.requests import Result
from services.ledger.domain.books import Books
from services.ledger.domain.manual import closed
from services.ledger.store import calendar


@dataclass(frozen=True, slots=True)
class Shut:
    """A result that says a period is closed, whose name must be looked up."""

    place: int
    company: str
    subledger: str
    day: date
    pointer: str | None


@dataclass(slots=True)
class Gate:
    """What a group of commands by people may post on which days. Events pass elsewhere: they are never refused."""

    books: Mapping[str, Books]
    ajar: Collection[tuple[str, str, str, date, date]] = ()
    """Exceptions that hold now: company, sub-ledger, user, and the days of the period."""
    shut: list[Shut] = field(default_factory=list)

    def lets_through(self, company: str, subledger: str, day: date, cause: Cause) -> bool:
        """Whether the day is open for the sub-ledger, or left ajar for who asks, by every lock that closes it."""
        mine = [(lock, first, last) for of, lock, who, first, last in self.ajar if (of, who) == (company, cause.person)]
        return all(
            any(lock == by and first <= day <= last for by, first, last in mine)
            for lock in self.books[company].calendar.closed_by(subledger, day)
        )

    def fault(
        self, company: str, subledger: str, day: date, cause: Cause, place: int, pointer: str | None
    ) -> Refused | None:
        """Why nothing can be posted on the day that a person chose, if so; `place` is that of the result."""
        calendar_ = self.books[company].calendar
        if not calendar_.knows(day):
            return Refused("no-fiscal-year", f"{day} lies in no fiscal year.", pointer)
        if self.lets_through(company, subledger, day, cause):
            return None
        by = calendar_.closed_by(subledger, day)[0]
        self.shut.append(Shut(place, company, by, day, pointer))
        return closed("", by, day, pointer)

    async def name_periods(self, results: list[Result], unit: UnitOfWork) -> list[Result]:
        """The results, in which periods that are closed have their names. Where none is, it costs no statement."""
        if self.shut:
            names = await calendar.read_period_names(unit.raw, [(one.company, one.day) for one in self.shut])
            for n, one in enumerate(self.shut):
                year, number = names[n]
                results[one.place] = closed(f"{year}-{number:02d}", one.subledger, one.day, one.pointer)
        return results


async def open_gate(books: Mapping[str, Books], unit: UnitOfWork) -> Gate:
    """The gate of a group. Exceptions are looked for where anything is closed at all."""
    if not any(one.calendar.closed for one in books.values()):
        return Gate(books)
    rows = await calendar.read_exceptions(unit.raw, unit.companies, unit.now)
    return Gate(books, [(*row,) for row in rows])
