"""What a month's salary comes to for somebody who joined, left, was away or had a raise within it."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date
from fractions import Fraction
from typing import NamedTuple

from services.payroll.domain.pay.months import Counting, Month, paid_days
from services.payroll.domain.pay.people import Person, Term, owed_twice
from services.payroll.domain.pay.refusing import PayRefused


class Piece(NamedTuple):
    """A part of the month under one term: its paid days of all days that count, and what they come to."""

    term: Term
    paid: int
    of: int
    amount: int


def rounded(exact: Fraction) -> int:
    """The nearest minor unit, halves away from zero."""
    twice = abs(exact) * 2 + 1
    whole = twice.numerator // (twice.denominator * 2)
    return whole if exact >= 0 else -whole


def shares(exact: Iterable[Fraction]) -> list[int]:
    """Each part in minor units, so that they add up to the rounded sum however it was split.

    Each is the difference of two rounded running sums; no part is more than one unit from its own rounding.
    """
    running, given, parts = Fraction(0), 0, []
    for part in exact:
        running += part
        upto = rounded(running)
        parts.append(upto - given)
        given = upto
    return parts


def pieces(
    person: Person, month: Month, counting: Counting, holidays: Collection[date] = (), country: str = ""
) -> list[Piece]:
    """The month in pieces, one for each term with a paid day, in the order of time. `person` has been checked.

    Contracts that run beside each other are paid beside each other. Raises PayRefused for a day of work for which
    nothing is agreed (`pay-terms-missing`), or pay of a contract beside pay of the employment (`pay-agreed-twice`).
    """
    counted = paid_days(month, counting, holidays, country)
    worked: dict[Term, int] = {}
    for day in counted:
        if person.employed(day) and not person.away(day):
            for term in _agreed(person, day):
                worked[term] = worked.get(term, 0) + 1
    amounts = shares(Fraction(term.monthly * paid, len(counted)) for term, paid in worked.items())
    return [
        Piece(term, paid, len(counted), amount) for (term, paid), amount in zip(worked.items(), amounts, strict=True)
    ]


def _agreed(person: Person, day: date) -> tuple[Term, ...]:
    terms = person.terms_on(day)
    if not terms:
        raise PayRefused("pay-terms-missing", f"There is no pay agreed for {day}: every contract has ended.")
    if owed_twice(terms):
        sentence = f"Pay of the employment as a whole and pay of a contract are both agreed for {day}."
        raise PayRefused("pay-agreed-twice", sentence)
    return terms
