"""What leaves payroll balances, and tells nobody's pay."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from services.payroll.domain.pay.calculating import Line
from services.payroll.domain.pay.journal import postings
from services.payroll.domain.pay.totals import FEW, POOLED, Totals, pooled

CENTRES = st.dictionaries(st.sampled_from("abcdefgh"), st.integers(1, 8), min_size=1)


@given(CENTRES)
@settings(deadline=None)
def test_no_sum_of_fewer_than_three_people_leaves_when_there_are_more(people: dict[str, int]) -> None:
    """P18: each name in the journal stands for three people at least, as far as the run has so many."""
    behind: dict[str, int] = {}
    for centre, name in pooled(people).items():
        behind[name] = behind.get(name, 0) + people[centre]
    assert sum(behind.values()) == sum(people.values())
    if sum(people.values()) >= FEW:
        assert min(behind.values()) >= FEW
    else:
        assert set(behind) == {POOLED}


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(-9_000, 9_000), st.integers(0, 900)), max_size=12))
@settings(deadline=None)
def test_the_journal_of_a_run_adds_up_to_nothing(people: list[tuple[str, int, int]]) -> None:
    """P18: debits are credits, whatever the run corrects."""
    totals = Totals()
    for centre, salary, share in people:
        lines = [
            Line("earning", "salary", salary, centre),
            Line("contribution", "pension", share, authority="fund"),
            Line("tax", "income-tax", share // 2, authority="office"),
            Line("employer", "pension-employer", share, centre, "fund"),
        ]
        totals.of(lines, max(0, salary - share - share // 2))
    assert sum(posting.amount for posting in postings(totals)) == 0
    assert totals.balanced
