"""Entries balance, whatever is sold, paid or taken back: pure decisions."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.ids import derive
from services.ledger.domain.posting import (
    AccountDay,
    Entry,
    Line,
    Unbalanced,
    check,
    day_sums,
    mirrored,
    sale_lines,
)

DAY = date(2026, 11, 22)


def entry(*lines: Line, company: str = "acme", on: date = DAY) -> Entry:
    return Entry(company, derive(company, *map(str, lines)), "sales", on, derive("document"), None, lines)


@pytest.mark.parametrize(
    ("taxes", "net", "expected"),
    [
        ([("2200", 24)], 100, [Line("1100", "EUR", 124, 0), Line("4000", "EUR", 0, 100), Line("2200", "EUR", 0, 24)]),
        ([("2200", 0)], 100, [Line("1100", "EUR", 100, 0), Line("4000", "EUR", 0, 100)]),
        ([("2200", 1)], 0, [Line("1100", "EUR", 1, 0), Line("2200", "EUR", 0, 1)]),
        ([], 0, []),
    ],
)
def test_a_sale_is_owed_by_the_customer_and_owed_on_to_the_tax_office(
    taxes: list[tuple[str, int]], net: int, expected: list[Line]
) -> None:
    assert sale_lines("1100", "4000", taxes, net, "EUR") == expected


@pytest.mark.parametrize(
    "lines",
    [
        [],
        [Line("1", "EUR", 5, 0)],
        [Line("1", "EUR", 5, 0), Line("2", "EUR", 0, 4)],
        [Line("1", "EUR", 5, 0), Line("2", "USD", 0, 5)],
        [Line("1", "EUR", 0, 0), Line("2", "EUR", 0, 0)],
        [Line("1", "EUR", 5, 5), Line("2", "EUR", 5, 5)],
        [Line("1", "EUR", -5, 0), Line("2", "EUR", 0, -5)],
    ],
)
def test_an_entry_that_does_not_balance_in_every_currency_is_never_posted(lines: list[Line]) -> None:
    with pytest.raises(Unbalanced):
        check(entry(*lines))


def test_an_entry_may_balance_in_two_currencies_at_once() -> None:
    mixed = entry(Line("1", "EUR", 5, 0), Line("2", "USD", 7, 0), Line("3", "EUR", 0, 5), Line("4", "USD", 0, 7))

    assert check(mixed) is mixed


amounts = st.integers(0, 10**15)
sales = st.tuples(st.lists(st.tuples(st.sampled_from(["2200", "2201"]), amounts), max_size=5), amounts)


@given(sales)
def test_every_sale_balances_and_its_mirror_takes_it_back(sale: tuple[list[tuple[str, int]], int]) -> None:
    taxes, net = sale
    lines = sale_lines("1100", "4000", taxes, net, "EUR")
    if not lines:
        assert net == sum(tax for _, tax in taxes) == 0
        return

    there, back = check(entry(*lines)), check(entry(*mirrored(lines)))

    for debit, credit, *_ in day_sums([there, back]).values():
        assert debit == credit
    assert mirrored(mirrored(lines)) == lines


@given(st.lists(sales, max_size=6))
def test_day_sums_hold_exactly_what_the_entries_hold(batch: list[tuple[list[tuple[str, int]], int]]) -> None:
    entries = [
        entry(*sale_lines("1100", "4000", taxes, net, "EUR"), on=date(2026, 11, 1 + n % 2))
        for n, (taxes, net) in enumerate(batch)
    ]

    sums = day_sums(entries)

    assert sum(one.debit for one in sums.values()) == sum(line.debit for e in entries for line in e.lines)
    assert sum(one.credit for one in sums.values()) == sum(line.credit for e in entries for line in e.lines)
    assert set(sums) == {AccountDay("acme", line.account, "EUR", e.posted_on) for e in entries for line in e.lines}
