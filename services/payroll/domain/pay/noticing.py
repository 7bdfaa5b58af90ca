"""Has anything changed about a time that was paid for already? From the facts of then and of now, and nothing else.

Whatever pay depends on is the same between two days on which a fact begins or ends, so only those days are compared.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import date, timedelta

from services.payroll.domain.pay.months import Month
from services.payroll.domain.pay.people import Person

DAY = timedelta(1)


def first_difference(
    then: Person, now: Person, until: date, was: Collection[date] = (), holidays: Collection[date] = ()
) -> date | None:
    """The earliest day up to `until` on which pay would be another one; None when nothing differs.

    `was` and `holidays` are the days off of then and of now: one of them alone changes a month for everybody.
    """
    if (then.hired_on, then.left_on, then.terms, then.unpaid, then.profiles) != (
        now.hired_on, now.left_on, now.terms, now.unpaid, now.profiles,
    ):  # fmt: skip
        days = sorted({day for person in (then, now) for day in _turns(person) if day <= until})
        different = next((day for day in days if _state(then, day) != _state(now, day)), None)
    else:
        different = None
    off = min((day for day in {*was} ^ {*holidays} if day <= until), default=None)
    return min((day for day in (different, off) if day is not None), default=None)


def _turns(person: Person) -> Iterator[date]:
    yield person.hired_on
    if person.left_on is not None:
        yield person.left_on + DAY
    for term in person.terms:
        yield term.starts_on
        if term.ends_on is not None:
            yield term.ends_on + DAY
    for leave in person.unpaid:
        yield leave.first
        yield leave.last + DAY
    for profile in person.profiles:
        yield profile.starts_on
        yield Month(profile.starts_on.year, profile.starts_on.month).first


def _state(person: Person, day: date) -> tuple[object, ...]:
    if not person.employed(day):
        return ()
    month = Month(day.year, day.month)
    profile = person.profile(month.last)
    taxed = (profile.children, profile.credit_points)
    if person.away(day):
        return ("away", *taxed)
    return (*((term.monthly, term.cost_centre) for term in person.terms_on(day)), *taxed)
