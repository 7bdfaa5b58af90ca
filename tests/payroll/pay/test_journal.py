"""What leaves payroll balances, and tells nobody's pay."""

from __future__ import annotations

from collections import defaultdict

from hypothesis import given, settings
from hypothesis import strategies as st

from services.payroll.domain.pay.calculating import Line
from services.payroll.domain.pay.journal import postings
from services.payroll.domain.pay.records import read_totals, written_totals
from services.payroll.domain.pay.totals import FEW, POOLED, Totals

PEOPLE = st.lists(
    st.lists(st.tuples(st.sampled_from("abcdefgh"), st.integers(-9_000, 9_000)), max_size=4), min_size=1, max_size=14
)
"""Of each person the earnings: cost centre and amount; more than one where terms or a correction changed the centre."""


def paid(centre: str, amount: int, share: int = 0) -> list[Line]:
    """What somebody earned in a cost centre, and what the employer adds."""
    own = [Line("earning", "salary", amount, centre), Line("tax", "income-tax", amount // 5, authority="office")]
    return [*own, Line("employer", "pension-employer", share, centre, "fund")] if share else own


def run_of(people: list[list[tuple[str, int]]], parts: int = 1) -> Totals:
    """The sums of a run that was calculated in so many parts, each kept and read back."""
    totals = Totals()
    for part in range(parts):
        some = Totals()
        for number, earned in enumerate(people):
            if number % parts == part:
                lines = [line for centre, amount in earned for line in paid(centre, amount)]
                some.of(f"person {number}", lines, 0)
        totals.merge(read_totals(written_totals(some)))
    return totals


def salaries(totals: Totals) -> dict[str | None, int]:
    """The debits of a run by cost centre."""
    return {each.cost_centre: each.amount for each in postings(totals) if each.role == "salaries"}


@given(PEOPLE, st.integers(1, 4))
@settings(deadline=None)
def test_no_sum_of_fewer_than_three_people_leaves(people: list[list[tuple[str, int]]], parts: int) -> None:
    """P18: behind each name in the journal stand three persons at least, however many centres one of them has."""
    behind: defaultdict[str, dict[str, int]] = defaultdict(dict)
    for number, earned in enumerate(people):
        for centre, amount in earned:
            of = behind[centre]
            of[str(number)] = of.get(str(number), 0) + amount
    persons = {centre: {who for who, amount in of.items() if amount} for centre, of in behind.items()}
    totals = run_of(people, parts)
    told = {each.cost_centre for each in postings(totals) if each.cost_centre is not None}
    alone = {centre for centre in told if centre != POOLED}
    assert all(len(persons[str(centre)]) >= FEW for centre in alone)
    if POOLED in told and len(postings(totals)) > 2:
        pooled = set().union(*(who for centre, who in persons.items() if centre not in alone))
        assert len(pooled) >= FEW


def test_one_person_in_three_cost_centres_is_one_person() -> None:
    """P18, P27: Anna's centre changed twice in the month; seven others stand in another one."""
    anna = [("a", 1_000), ("b", 1_100), ("c", 1_200)]
    totals = run_of([anna, *([("d", 2_000)] for _ in range(7))])
    assert totals.people == {"a": 1, "b": 1, "c": 1, "d": 7}
    assert salaries(totals) == {POOLED: 3_300 + 14_000}


def test_a_correction_that_moves_a_salary_is_of_one_person() -> None:
    """P12, P18: what is taken from one centre and given to another stands behind no third and fourth person."""
    moved = [("a", -5_000), ("b", 5_000), ("b", 2_500)]
    totals = run_of([moved, [("c", 1_700)], *([("d", 2_000)] for _ in range(4))])
    assert salaries(totals) == {POOLED: 2_500 + 1_700 + 8_000}


def test_two_people_are_not_told_as_three() -> None:
    """P27: two persons in three centres: no sum of theirs leaves by itself, nor together."""
    totals = run_of([[("a", 1_000), ("b", 1_100)], [("c", 1_200)], *([("d", 2_000)] for _ in range(5))])
    assert salaries(totals) == {POOLED: 3_300 + 10_000}


def test_whose_amounts_in_a_centre_come_to_nothing_hides_nobody_there() -> None:
    """P27: two corrections that cancel out stand behind no sum."""
    nothing = [("a", 500), ("a", -500)]
    people = [[("a", 4_000)], nothing, nothing, *([("d", 2_000)] for _ in range(4))]
    assert salaries(run_of(people)) == {POOLED: 12_000}


def test_a_run_of_one_or_two_people_shows_what_it_costs_and_nothing_else() -> None:
    """P18, P27: neither gross nor net nor tax of a single person is in the books: one cost, one debt."""
    totals = Totals()
    lines = [*paid("a", 3_000, 360), Line("contribution", "pension", 240, authority="fund")]
    totals.of("anna", lines, 2_160)
    assert [(each.role, each.cost_centre, each.owed_to, each.amount) for each in postings(totals)] == [
        ("salaries", POOLED, None, 3_360),
        ("wages_payable", None, None, -3_360),
    ]
    assert not totals.many


def test_sums_that_an_older_version_kept_are_read_as_if_everybody_were_in_every_centre() -> None:
    """P18: it kept how many people stand behind a cost centre and not which: four centres of one may be one person."""
    older = '[{"a":10,"b":10,"c":10,"d":40},{},{},{},{"a":1,"b":1,"c":1,"d":4},70,70,7]'
    assert salaries(read_totals(older)) == {POOLED: 70}


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(-9_000, 9_000), st.integers(0, 900)), max_size=12))
@settings(deadline=None)
def test_the_journal_of_a_run_adds_up_to_nothing(people: list[tuple[str, int, int]]) -> None:
    """P18: debits are credits, whatever the run corrects."""
    totals = Totals()
    for number, (centre, salary, share) in enumerate(people):
        lines = [
            Line("earning", "salary", salary, centre),
            Line("contribution", "pension", share, authority="fund"),
            Line("tax", "income-tax", share // 2, authority="office"),
            Line("employer", "pension-employer", share, centre, "fund"),
        ]
        totals.of(str(number), lines, max(0, salary - share - share // 2))
    assert sum(posting.amount for posting in postings(totals)) == 0
    assert totals.balanced
