"""What holds for all pay, whoever is paid."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.payroll.domain.pay.calculating import YearToDate, calculate
from services.payroll.domain.pay.correcting import differences, recalculate
from services.payroll.domain.pay.months import Counting, Month
from services.payroll.domain.pay.paying import Facts, PersonPay
from services.payroll.domain.pay.people import Leave, Person, Term, checked
from services.payroll.domain.pay.prorating import pieces
from services.payroll.domain.pay.records import read, written
from services.payroll.domain.pay.refusing import PayRefused
from services.payroll.domain.pay.rules import Pack, pack_for, read_pack
from services.payroll.domain.pay.totals import Totals
from tests.payroll.pay.careers import CENTRES, check_career
from tests.payroll.pay.packs import GREECE, ISRAEL, NEUTRAL, content

HIRED = date(2023, 12, 20)
COUNTINGS: tuple[Counting, ...] = ("calendar", "working")
PACKS = st.sampled_from((NEUTRAL[0], NEUTRAL[1], GREECE, ISRAEL))
DAYS = st.integers(0, 800).map(lambda days: HIRED + timedelta(days))
TERMS = st.lists(
    st.builds(Term, DAYS, st.integers(0, 9_000_000), st.sampled_from(CENTRES)),
    max_size=5,
    unique_by=lambda t: t.starts_on,
).map(lambda terms: (Term(HIRED, 2_000_01, "sales"), *(term for term in terms if term.starts_on > HIRED)))
LEAVES = st.lists(
    st.builds(lambda first, length: Leave(first, first + timedelta(length)), DAYS, st.integers(0, 40)), max_size=3
).map(tuple)
PEOPLE = st.builds(
    Person,
    st.just(HIRED),
    TERMS,
    st.none() | DAYS,
    LEAVES,
    st.integers(0, 8),
    st.integers(0, 20).map(lambda quarters: Fraction(quarters, 4)),
)
SO_FAR = st.builds(YearToDate, st.integers(0, 9_000_000), st.integers(0, 900_000))


@given(PEOPLE, PACKS, st.integers(1, 12), SO_FAR)
@settings(max_examples=150, deadline=None)
def test_gross_is_net_and_deductions_and_the_journal_balances(
    person: Person, pack: Pack, month: int, before: YearToDate
) -> None:
    """P7, P8: whoever is paid by whatever rules (INV15)."""
    slip = calculate(checked(person, CENTRES), Month(pack.since.year, month), pack, before)
    assert slip.gross == slip.net + slip.total("contribution") + slip.total("tax")
    totals = Totals()
    totals.add(slip.lines)
    assert totals.balanced
    assert totals.net == slip.net


@given(PEOPLE, PACKS, st.integers(1, 12), SO_FAR)
@settings(max_examples=80, deadline=None)
def test_the_same_facts_in_any_order_give_the_identical_payslip(
    person: Person, pack: Pack, month: int, before: YearToDate
) -> None:
    """P5: whatever was entered first."""
    turned = replace(person, terms=tuple(reversed(person.terms)), unpaid=tuple(reversed(person.unpaid)))
    when = Month(pack.since.year, month)
    assert calculate(checked(turned, CENTRES), when, pack, before) == calculate(
        checked(person, CENTRES), when, pack, before
    )


@given(PEOPLE, DAYS, st.integers(1, 12), st.sampled_from(COUNTINGS))
@settings(max_examples=150, deadline=None)
def test_splitting_a_month_into_pieces_adds_up(person: Person, day: date, month: int, counting: Counting) -> None:
    """P4, P9: a change in the midst of a month loses and wins nothing, by calendar and by working days."""
    person = checked(person, CENTRES)
    at_day = max((term for term in person.terms if term.starts_on <= day), key=lambda term: term.starts_on)
    split = replace(
        person, terms=tuple(sorted({*person.terms, replace(at_day, starts_on=day)}, key=lambda t: t.starts_on))
    )
    whole = pieces(person, Month(2024, month), counting)
    parts = pieces(split, Month(2024, month), counting)
    assert sum(piece.amount for piece in parts) == sum(piece.amount for piece in whole)


@given(st.lists(PEOPLE, max_size=4))
@settings(max_examples=30, deadline=None)
def test_the_order_in_which_people_are_paid_does_not_matter(people: list[Person]) -> None:
    """P5, P18: the sums of a run are the same."""
    slips = [calculate(checked(person, CENTRES), Month(2025, 4), GREECE, YearToDate()) for person in people]
    one, other = Totals(), Totals()
    for slip in slips:
        one.add(slip.lines)
    for slip in reversed(slips):
        other.add(slip.lines)
    assert one == other


@pytest.mark.parametrize("seed", range(1, 51))
def test_a_career_with_back_dated_changes_is_paid_what_another_computation_says(seed: int) -> None:
    """P12: as a run pays it, from the last payslip's facts, with late terms, profiles, leave, holidays and ends of
    contracts; 50 careers of two years, `make careers` has a thousand.
    """
    check_career(seed)


def test_a_back_dated_raise_is_paid_by_month_with_the_rules_of_each_month() -> None:
    """P7, P8, P12: the table and the ceiling of its own month."""
    hired = date(2024, 1, 1)
    months = [Month(2024, 11), Month(2024, 12), Month(2025, 1)]
    before = checked(Person(hired, (Term(hired, 4_100_00, "sales"),)), CENTRES)
    paid = {month: slip.lines for month, slip in recalculate(before, months, "XX", NEUTRAL).items()}
    raised = checked(replace(before, terms=(*before.terms, Term(date(2024, 12, 1), 4_300_00, "sales"))), CENTRES)
    december, january = differences(paid, recalculate(raised, months, "XX", NEUTRAL))
    assert (december.month, december.version) == (Month(2024, 12), "XX-2024.1")
    assert (january.month, january.version) == (Month(2025, 1), "XX-2025.1")
    # 2024 has its ceiling at 4,000, so the raise is free of pension; 2025 at 4,200, so 100 of it carry 8 %
    assert "pension" not in {line.code for line in december.lines}
    assert [line.amount for line in january.lines if line.code == "pension"] == [8_00]


def test_when_nothing_changed_nothing_is_paid_again() -> None:
    """P12: no line, however often it is looked at."""
    person = checked(Person(HIRED, (Term(HIRED, 3_000_00, "sales"),)), CENTRES)
    slips = recalculate(person, [Month(2024, month) for month in range(1, 13)], "XX", NEUTRAL)
    assert differences({month: slip.lines for month, slip in slips.items()}, slips) == []


@pytest.mark.parametrize(
    ("terms", "code"),
    [
        ((Term(date(2023, 12, 21), 1, "sales"),), "pay-terms-missing"),
        ((Term(HIRED, 1, "moon"),), "unknown-cost-centre"),
        ((Term(HIRED, 1, "sales"), Term(HIRED, 2, "sales")), "pay-terms-repeated"),
        ((Term(HIRED, -1, "sales"),), "negative-pay"),
    ],
)
def test_what_cannot_be_paid_is_refused_by_its_name(terms: tuple[Term, ...], code: str) -> None:
    with pytest.raises(PayRefused) as refused:
        checked(Person(HIRED, terms), CENTRES)
    assert refused.value.code == code


def test_what_was_agreed_before_the_first_day_counts_from_the_first_day() -> None:
    """P4: a hire that is moved to a later day is paid what was agreed, the latest of it, from that day on."""
    terms = [
        Term(date(2023, 11, 1), 1, "sales"),
        Term(date(2023, 12, 1), 2, "sales"),
        Term(date(2024, 3, 1), 3, "sales"),
    ]
    sound = checked(Person(HIRED, tuple(terms)), CENTRES)
    assert sound.terms == (Term(HIRED, 2, "sales"), Term(date(2024, 3, 1), 3, "sales"))


def test_contracts_that_run_beside_each_other_are_paid_beside_each_other_and_end_apart() -> None:
    """P4: each from its own day to its own last day, by its own cost centre; a raise of one leaves the other alone."""
    sales, stores = Term(HIRED, 2_300_00, "sales", "K-1"), Term(date(2024, 1, 15), 1_150_00, "stores", "K-2")
    until = date(2024, 2, 9)
    raised = Term(date(2024, 1, 29), 4_600_00, "sales", "K-1")
    person = checked(Person(HIRED, (replace(stores, ends_on=until), raised, sales)), CENTRES)
    january, february, march = (pieces(person, Month(2024, month), "working") for month in (1, 2, 3))
    assert [(p.term.contract, p.term.monthly, p.paid, p.of, p.amount) for p in january] == [
        ("K-1", 2_300_00, 20, 23, 2_000_00), ("K-2", 1_150_00, 13, 23, 650_00), ("K-1", 4_600_00, 3, 23, 600_00),
    ]  # fmt: skip
    assert [(p.term.contract, p.paid, p.of) for p in february] == [("K-1", 21, 21), ("K-2", 7, 21)]
    assert [p.term.contract for p in march] == ["K-1"]


def test_a_day_of_work_after_the_last_contract_is_named_and_not_paid_as_nothing() -> None:
    """P4: whoever forgot to sign the next one hears of it."""
    person = checked(Person(HIRED, (Term(HIRED, 1, "sales", "K-1", date(2024, 1, 30)),)), CENTRES)
    with pytest.raises(PayRefused, match="2024-01-31") as refused:
        pieces(person, Month(2024, 1), "working")
    assert refused.value.code == "pay-terms-missing"
    assert pieces(replace(person, left_on=date(2024, 1, 30)), Month(2024, 1), "working")


@pytest.mark.parametrize("ends_on", [None, date(2024, 5, 31)])
def test_facts_with_contracts_are_read_back_as_they_were_written(ends_on: date | None) -> None:
    """P6: and those without are the bytes that they always were."""
    plain = Person(HIRED, (Term(HIRED, 1, "sales"),))
    both = replace(plain, terms=(*plain.terms, Term(date(2024, 2, 1), 2, "stores", "K-2", ends_on)))
    for person in (plain, both):
        pay = PersonPay(Facts(person), None, Month(2024, 1), (), YearToDate(), 0)
        assert read(written(pay)) == pay
    old = [["2023-12-20", 1, "sales"]]
    assert json.loads(written(PersonPay(Facts(plain), None, Month(2024, 1), (), YearToDate(), 0)))[-1][2] == old


def test_a_month_without_rules_is_refused_instead_of_paid_by_those_of_last_year() -> None:
    """P7: tables hold from and until a day."""
    with pytest.raises(PayRefused) as refused:
        pack_for(NEUTRAL, "XX", Month(2026, 1))
    assert refused.value.code == "tax-table-missing"


def test_a_figure_that_nobody_found_must_be_given() -> None:
    """P6: the pack names it, and nothing is guessed."""
    with pytest.raises(PayRefused) as refused:
        read_pack(content("greece-2025"))
    assert refused.value.code == "figure-required"


def test_a_figure_without_a_source_is_no_rule() -> None:
    """P6: rules are data with sources."""
    with pytest.raises(PayRefused) as refused:
        read_pack(content("israel-2024").replace(b'source = "point"', b'source = "hearsay"'))
    assert refused.value.code == "figure-without-source"


def test_other_figures_given_are_other_rules() -> None:
    """P6: their digest stands on every payslip."""
    choices = {"extras_apart": "1", "holidays.month": "8", "tax.family.step": "0"}
    assert read_pack(content("greece-2025"), choices).digest != GREECE.digest
