"""A person's pay as plain values, to be sealed and read back, and the same facts always as the same bytes."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date
from fractions import Fraction
from typing import Any

from services.payroll.domain.pay.calculating import Line, Payslip, Step, YearToDate
from services.payroll.domain.pay.correcting import Difference
from services.payroll.domain.pay.months import Month
from services.payroll.domain.pay.paying import Facts, PersonPay
from services.payroll.domain.pay.people import Leave, Person, Profile, Term
from services.payroll.domain.pay.totals import FEW, Totals

FORM = 1
"""Raised when the form changes; older ones must stay readable."""


def written(pay: PersonPay) -> str:
    """The record of a payslip."""
    own = None
    if pay.slip is not None:
        own = [pay.slip.version, pay.slip.digest, _lines(pay.slip.lines), _steps(pay.slip.steps), pay.slip.taxable]
    return _json(
        [
            FORM, str(pay.month), own,
            [
                [str(d.month), d.version, d.digest, _lines(d.lines), _steps(d.steps), _lines(d.was)]
                for d in pay.differences
            ],
            [pay.year.taxable, pay.year.tax], pay.carried, _facts(pay.facts),
        ]
    )  # fmt: skip


def read(record: str) -> PersonPay:
    """What `written` has written."""
    _, month, own, different, year, carried, facts = json.loads(record)
    slip = None
    if own is not None:
        version, digest, lines, steps, taxable = own
        slip = Payslip(_month(month), version, digest, _read_lines(lines), _read_steps(steps), taxable)
    return PersonPay(
        _read_facts(facts),
        slip,
        _month(month),
        tuple(map(_read_difference, different)),
        YearToDate(*year),
        carried,
    )


def _read_difference(record: Sequence[Any]) -> Difference:
    """An older version did not write down what had been paid before."""
    month, version, digest, lines, steps, *was = record
    return Difference(
        _month(month), version, _read_lines(lines), digest, _read_steps(steps), _read_lines(was[0]) if was else ()
    )


def written_totals(totals: Totals) -> str:
    """The sums of a run or of a part of it."""
    return _json(
        [totals.salaries, totals.employer, totals.owed, totals.tax, totals.people, totals.net, totals.payable,
         totals.payments, totals.some]
    )  # fmt: skip


def read_totals(record: str) -> Totals:
    """What `written_totals` has written; also what an older version has, which kept how many and not who."""
    salaries, employer, owed, tax, people, net, payable, payments, *more = json.loads(record)
    some = more[0] if more else {centre: map(str, range(min(FEW, count))) for centre, count in people.items()}
    return Totals(
        salaries=salaries,
        employer=employer,
        owed=owed,
        tax=tax,
        people=people,
        net=net,
        payable=payable,
        payments=payments,
        some={centre: tuple(persons) for centre, persons in some.items()},
    )


def written_profile(profile: Mapping[str, object]) -> str:
    """What is sealed of a tax profile, a bank account or terms: names in their order."""
    return _json(dict(sorted(profile.items())))


def read_profile(record: str) -> dict[str, Any]:
    """What `written_profile` has written."""
    found: dict[str, Any] = json.loads(record)
    return found


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), sort_keys=True)


def _lines(lines: Sequence[Line]) -> list[list[object]]:
    return [[line.kind, line.code, line.amount, line.cost_centre, line.authority] for line in lines]


def _read_lines(lines: Sequence[Sequence[Any]]) -> tuple[Line, ...]:
    return tuple(Line(*line) for line in lines)


def _steps(steps: Sequence[Step]) -> list[list[str]]:
    return [[step.of, step.what, step.value] for step in steps]


def _read_steps(steps: Sequence[Sequence[str]]) -> tuple[Step, ...]:
    return tuple(Step(*step) for step in steps)


def _month(text: str) -> Month:
    return Month(int(text[:4]), int(text[5:]))


def _facts(facts: Facts) -> list[object]:
    person = facts.person
    return [
        str(person.hired_on),
        None if person.left_on is None else str(person.left_on),
        [_term(term) for term in person.terms],
        [[str(leave.first), str(leave.last)] for leave in person.unpaid],
        [[str(each.starts_on), each.children, str(each.credit_points)] for each in person.profiles],
        [str(day) for day in sorted(facts.holidays)],
    ]


def _read_facts(record: Sequence[Any]) -> Facts:
    hired, left, terms, unpaid, profiles, holidays = record
    day = date.fromisoformat
    return Facts(
        Person(
            day(hired),
            tuple(map(_read_term, terms)),
            None if left is None else day(left),
            tuple(Leave(day(first), day(last)) for first, last in unpaid),
            profiles=tuple(Profile(day(starts), children, Fraction(points)) for starts, children, points in profiles),
        ),
        frozenset(map(day, holidays)),
    )


def _term(term: Term) -> list[object]:
    """Pay of no contract is written as it always was: the same facts are the same bytes."""
    own: list[object] = [str(term.starts_on), term.monthly, term.cost_centre]
    if term.contract:
        own += [term.contract, None if term.ends_on is None else str(term.ends_on)]
    return own


def _read_term(record: Sequence[Any]) -> Term:
    starts, monthly, centre, *of_contract = record
    contract, ends = of_contract or ("", None)
    last = None if ends is None else date.fromisoformat(ends)
    return Term(date.fromisoformat(starts), monthly, centre, contract, last)
