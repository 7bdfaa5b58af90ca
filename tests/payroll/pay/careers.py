"""Random careers with back-dated changes, paid month by month and computed a second time in another way.

`python -m tests.payroll.pay.careers 1000` for many of them.
"""

from __future__ import annotations

import random
import sys
import tomllib
from calendar import monthrange
from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import Any

from services.payroll.domain.pay.calculating import Line
from services.payroll.domain.pay.months import Month
from services.payroll.domain.pay.paying import Facts, PersonPay, Task, changed_from, paid_so_far, pay
from services.payroll.domain.pay.people import Leave, Person, Profile, Term, checked
from services.payroll.domain.pay.records import read, written
from services.payroll.domain.pay.totals import Totals
from tests.payroll.pay.packs import NEUTRAL, content

CENTRES = ("sales", "stores", "office")
MONTHS = [Month(year, month) for year in (2024, 2025) for month in range(1, 13)]
RULES: Mapping[int, dict[str, Any]] = {
    year: tomllib.loads(content(f"neutral-{year}").decode()) for year in (2024, 2025)
}


def career(dice: random.Random, *, contracts: bool = True) -> list[Person]:
    """What is known of a person at the start of each month of two years: facts are added, also about the past."""
    hired = date(2024, 1, 1) + timedelta(dice.randrange(300))
    two = contracts and dice.random() < 0.5
    main = "K-1" if two else ""
    terms = {hired: Term(hired, dice.randrange(50_000, 900_000), dice.choice(CENTRES), main)}
    profiles = {hired: Profile(hired, credit_points=Fraction(dice.randrange(5), 2))}
    second: dict[date, Term] = {}
    ends_on: date | None = None
    leaves: list[Leave] = []
    left: date | None = None
    known: list[Person] = []
    for month in MONTHS:
        if dice.random() < 0.25:
            day = max(hired, month.first - timedelta(dice.randrange(-40, 300)))
            terms[day] = Term(day, dice.randrange(50_000, 900_000), dice.choice(CENTRES), main)
        if two and dice.random() < 0.2:  # pay of a second contract, which ends again in some careers
            day = max(hired, month.first - timedelta(dice.randrange(-40, 200)))
            second[day] = Term(day, dice.randrange(50_000, 400_000), dice.choice(CENTRES), "K-2")
        if second and dice.random() < 0.1:
            ends_on = min(second) + timedelta(dice.randrange(400))
        if dice.random() < 0.15:
            day = max(hired, month.first - timedelta(dice.randrange(-20, 200)))
            leaves.append(Leave(day, day + timedelta(dice.randrange(45))))
        if dice.random() < 0.1:
            day = max(hired, month.first - timedelta(dice.randrange(-40, 200)))
            profiles[day] = Profile(day, credit_points=Fraction(dice.randrange(9), 4))
        if left is None and dice.random() < 0.02:
            left = max(hired, month.first - timedelta(dice.randrange(-30, 90)))
        agreed = [*terms.values(), *(replace(term, ends_on=ends_on) for term in second.values())]
        shuffled = dice.sample(agreed, len(agreed))
        person = Person(hired, tuple(shuffled), left, tuple(leaves), profiles=tuple(profiles.values()))
        known.append(checked(person, CENTRES))
    return known


def days_off(dice: random.Random) -> list[frozenset[date]]:
    """The holidays that are known at the start of each month: some are declared when their month was paid."""
    found: set[date] = set()
    known: list[frozenset[date]] = []
    for month in MONTHS:
        if dice.random() < 0.3:
            found.add(month.first - timedelta(dice.randrange(-40, 90)))
        known.append(frozenset(found))
    return known


def paid_through(known: list[Person], off: list[frozenset[date]]) -> tuple[dict[Month, list[Line]], list[PersonPay]]:
    """Every month paid when it comes, as a run decides it: from the facts that the last payslip kept it sees by itself
    what changed, and calculates only then anew. Lines by the month they are of, and the payslips, each read back.
    """
    paid: dict[Month, list[Line]] = {}
    papers: list[PersonPay] = []
    for month, person, holidays in zip(MONTHS, known, off, strict=True):
        if person.hired_on > month.last:
            continue
        facts = Facts(begun(person, month.last), frozenset(day for day in holidays if day <= month.last))
        task = Task(facts, month, MONTHS[0], "XX", NEUTRAL, papers[-1] if papers else None)
        again = changed_from(task)
        result = pay(task, again, {} if again is None else paid_so_far(papers, again))
        if result is not None:
            papers.append(read(written(result)))
            for own in () if result.slip is None else result.slip.lines:
                paid.setdefault(month, []).append(own)
            for difference in result.differences:
                paid.setdefault(difference.month, []).extend(difference.lines)
    return paid, papers


def begun(person: Person, day: date) -> Person:
    """The person with what has begun by a day: more is not looked at for its month."""
    terms = tuple(term for term in person.terms if term.starts_on <= day)
    profiles = tuple(each for each in person.profiles if each.starts_on <= day)
    return replace(person, terms=terms, profiles=profiles)


def by_hand(person: Person, holidays: Collection[date] = ()) -> dict[Month, dict[str, int]]:
    """The same months from the facts as known at the end: day by day, in decimals, the file read anew."""
    found: dict[Month, dict[str, int]] = {}
    taxable = tax_before = Decimal(0)
    for year, month in MONTHS:
        rules = RULES[year]
        if month == 1:
            taxable = tax_before = Decimal(0)
        if person.left_on and date(year, month, 1) > person.left_on:
            found[Month(year, month)] = dict.fromkeys(("salary", "pension", "pension-employer", "income-tax"), 0)
            continue
        every = [date(year, month, n + 1) for n in range(monthrange(year, month)[1])]
        weekdays = [day for day in every if day.weekday() < 5 and day not in holidays]
        told = [each for each in person.profiles if each.starts_on <= every[-1]]
        points = max(told, key=lambda each: each.starts_on).credit_points if told else Fraction(0)
        exact = Fraction(0)
        for day in weekdays:
            if day < person.hired_on or (person.left_on and day > person.left_on):
                continue
            if not any(leave.first <= day <= leave.last for leave in person.unpaid):
                for contract in ("", "K-1", "K-2"):
                    begun = [t for t in person.terms if t.contract == contract and t.starts_on <= day]
                    if begun and (begun[-1].ends_on is None or day <= begun[-1].ends_on):
                        exact += Fraction(max(begun, key=lambda t: t.starts_on).monthly, len(weekdays))
        gross = _cents(Decimal(exact.numerator) / exact.denominator / 100)
        shares = [_capped(gross, contribution["tier"][0]) for contribution in rules["contribution"]]
        taxable += gross - shares[0]
        part = Fraction(month, 12)
        income = Fraction(taxable) / part
        scale, lower = Fraction(0), Fraction(0)
        for bracket in rules["tax"]["bracket"]:
            upper = Fraction(bracket["up_to"]["value"]) if "up_to" in bracket else max(income, lower)
            scale += max(Fraction(0), min(income, upper) - lower) * Fraction(bracket["rate"]["value"])
            lower = upper
        due = max(Fraction(0), scale - Fraction(rules["tax"]["point"]["value"]) * points) * part
        tax = _cents(Decimal(due.numerator) / due.denominator) - tax_before
        tax_before += tax
        values = {"salary": gross, "pension": shares[0], "pension-employer": shares[1], "income-tax": tax}
        found[Month(year, month)] = {code: int(value * 100) for code, value in values.items()}
    return found


def _cents(value: Decimal) -> Decimal:
    return value.quantize(Decimal("0.01"), ROUND_HALF_UP)


def _capped(gross: Decimal, tier: dict[str, dict[str, str]]) -> Decimal:
    return _cents(min(gross, Decimal(tier["up_to"]["value"])) * Decimal(tier["rate"]["value"]))


def check_career(seed: int) -> int:
    """Pay a career and compare it. Returns how many months had a difference paid later; raises AssertionError."""
    dice = random.Random(seed)
    known, off = career(dice), days_off(dice)
    paid, papers = paid_through(known, off)
    expected = by_hand(known[-1], off[-1])
    for month in MONTHS:
        sums = dict.fromkeys(expected[month], 0)
        for line in paid.get(month, ()):
            sums[line.code] += line.amount
        assert sums == expected[month], (seed, str(month), sums, expected[month])
    net = sum(each["salary"] - each["pension"] - each["income-tax"] for each in expected.values())
    totals = Totals()
    for paper in papers:
        totals.of("somebody", paper.lines, paper.payable)
    assert totals.balanced
    # What went to the bank and what the last payslip leaves to be taken back are the net of all months
    assert (totals.net, totals.payable + (papers[-1].left_over if papers else 0)) == (net, net), seed
    return sum(len(paper.differences) for paper in papers)


def main(careers: int) -> None:
    """Check careers 1 to `careers`, and say how many months were corrected."""
    corrected = sum(check_career(seed) for seed in range(1, careers + 1))
    print(f"{careers} careers agree; {corrected} differences were paid after")


if __name__ == "__main__":
    main(int(sys.argv[1]))
