"""What pay is calculated from: the terms of a person, and what changes them for some days."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from fractions import Fraction

from services.payroll.domain.pay.months import Month
from services.payroll.domain.pay.refusing import PayRefused

DAY = timedelta(1)


@dataclass(frozen=True, slots=True)
class Term:
    """Pay from a day on, until the next term of the same contract: a month's salary in minor units, borne by a cost
    centre.
    """

    starts_on: date
    monthly: int
    cost_centre: str
    contract: str = ""
    """The reference of the contract whose pay it is; empty for pay that is agreed for the employment as a whole."""
    ends_on: date | None = None
    """The last day of that contract, as far as it is known."""


@dataclass(frozen=True, slots=True)
class Leave:
    """Days without pay, both ends included."""

    first: date
    last: date


@dataclass(frozen=True, slots=True)
class Profile:
    """What a person's tax depends on, from a day on; it counts for the month in which that day lies."""

    starts_on: date
    children: int = 0
    credit_points: Fraction = Fraction(0)


@dataclass(frozen=True, slots=True)
class Person:
    """The facts of a person that pay depends on, as they are known now."""

    hired_on: date
    terms: tuple[Term, ...]
    left_on: date | None = None
    """The last day of work."""
    unpaid: tuple[Leave, ...] = ()
    children: int = 0
    credit_points: Fraction = Fraction(0)
    """These two hold as long as no profile has begun."""
    profiles: tuple[Profile, ...] = ()

    def at(self, month: Month) -> Person:
        """The same person with the profile of this month."""
        if not self.profiles:
            return self
        profile = self.profile(month.last)
        return replace(self, children=profile.children, credit_points=profile.credit_points, profiles=())

    def profile(self, day: date) -> Profile:
        """The latest profile that has begun by this day."""
        first = Profile(self.hired_on, self.children, self.credit_points)
        return max((each for each in self.profiles if each.starts_on <= day), key=_begin, default=first)

    def paid_in(self, month: Month) -> bool:
        """Whether the person is employed on a day of this month."""
        return self.hired_on <= month.last and (self.left_on is None or month.first <= self.left_on)

    def employed(self, day: date) -> bool:
        """Whether this is a day of the employment."""
        return self.hired_on <= day and (self.left_on is None or day <= self.left_on)

    def terms_on(self, day: date) -> tuple[Term, ...]:
        """What is paid for a day, of each contract the term that began last, as long as the contract runs.

        The terms are in their order (`checked`).
        """
        latest = {term.contract: term for term in self.terms if term.starts_on <= day}
        return tuple(term for _, term in sorted(latest.items()) if term.ends_on is None or day <= term.ends_on)

    def away(self, day: date) -> bool:
        """Whether this is a day of leave without pay; a day in two leaves is one day."""
        return any(leave.first <= day <= leave.last for leave in self.unpaid)


def _begin(profile: Profile) -> date:
    return profile.starts_on


def checked(person: Person, cost_centres: Sequence[str]) -> Person:
    """The same person with terms in their order, the first of each contract not before the first day of work.

    What was agreed before the hire was moved to a later day counts from that day on. Raises PayRefused:
    `pay-terms-missing`, `pay-terms-repeated`, `negative-pay`, `cost-centre-missing`, `unknown-cost-centre`.
    """
    terms = sorted(person.terms, key=_place)
    if len({_place(term) for term in terms}) < len(terms):
        raise PayRefused("pay-terms-repeated", "Two terms of pay of one contract begin on the same day.")
    begun = {term.contract: term for term in terms if term.starts_on <= person.hired_on}
    if not begun:
        raise PayRefused("pay-terms-missing", f"There is no pay agreed for the first day of work, {person.hired_on}.")
    at_the_hire = [replace(term, starts_on=person.hired_on) for _, term in sorted(begun.items())]
    terms = [*at_the_hire, *(term for term in terms if term.starts_on > person.hired_on)]
    if any(term.monthly < 0 for term in terms):
        raise PayRefused("negative-pay", "A salary cannot be below zero.")
    for term in terms:
        if not term.cost_centre:
            sentence = (
                f"Neither the terms nor the position say which cost centre bears the pay from {term.starts_on} on."
            )
            raise PayRefused("cost-centre-missing", sentence)
        if term.cost_centre not in cost_centres:
            raise PayRefused("unknown-cost-centre", f"There is no cost centre {term.cost_centre}.")
    return replace(person, terms=tuple(terms))


def following(terms: Sequence[Term], centres: Sequence[tuple[date, str]]) -> tuple[Term, ...]:
    """Terms that name no cost centre, divided where that of the person's position becomes another one: `centres` says
    which it is from which day on, from the hire. What nobody bears stays without.
    """
    found: list[Term] = []
    for term in terms:
        if term.cost_centre:
            found.append(term)
            continue
        later = (each.starts_on for each in terms if each.contract == term.contract and each.starts_on > term.starts_on)
        until = min(later, default=date.max)
        begun = [centre for day, centre in centres if day <= term.starts_on] or [centre for _, centre in centres[:1]]
        found.append(replace(term, cost_centre=begun[-1] if begun else ""))
        found += [
            replace(term, starts_on=day, cost_centre=centre) for day, centre in centres if term.starts_on < day < until
        ]
    return tuple(found)


def paid_twice(terms: Collection[Term]) -> tuple[date, date | None] | None:
    """The first days on which pay for the employment as a whole and pay of a contract are owed beside each other, which
    nobody means; None at the end for no end. Terms of nothing end what was agreed before.
    """
    person = Person(date.min, tuple(sorted(terms, key=_place)))
    turns = {term.starts_on for term in terms} | {term.ends_on + DAY for term in terms if term.ends_on is not None}
    first: date | None = None
    for day in sorted(turns):
        both = owed_twice(person.terms_on(day))
        if both and first is None:
            first = day
        elif first is not None and not both:
            return first, day - DAY
    return None if first is None else (first, None)


def owed_twice(terms: Collection[Term]) -> bool:
    """Whether these, which hold on one day, are of the employment as a whole and of a contract."""
    return len({bool(term.contract) for term in terms if term.monthly}) > 1


def _place(term: Term) -> tuple[date, str]:
    return term.starts_on, term.contract
