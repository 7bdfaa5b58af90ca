"""Which money pays which invoice: pure decisions."""

from __future__ import annotations

from datetime import date, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.errors import Refused
from chassis.ids import derive
from services.ledger.domain.books import Books
from services.ledger.domain.posting import Entry, check, day_sums
from services.ledger.domain.settlement import (
    Allocation,
    Money,
    Receivable,
    allocate,
    application,
    give_back,
    money_of,
    receipt,
    settled_on,
    standing,
    take_back,
    withdrawal,
)

DAY = date(2026, 11, 22)
BOOKS = Books(
    "acme",
    ZoneInfo("UTC"),
    {},
    {"bank": "1000", "receivable": "1100", "unapplied_cash": "2100", "sales": "4000"},
    {},
    "EUR",
)


def money(amount: int, currency: str = "EUR", on: date = DAY) -> Money:
    return Money("acme", derive("payment", amount), on, currency, amount, amount, [])


def receivable(open_amount: int, currency: str = "EUR", on: date = DAY, name: str = "1") -> Receivable:
    due_on = on + timedelta(days=30)
    return Receivable(
        "acme", derive("i", name), f"INV-{name}", derive("o"), currency, on, due_on, "C", open_amount, open_amount
    )


def sides(entry: Entry) -> dict[str, int]:
    """Debit less credit by account."""
    return {line.account: line.debit - line.credit for line in check(entry).lines}


@pytest.mark.parametrize(
    ("paid", "owed", "allocated"),
    [(100, 100, 100), (60, 100, 60), (130, 100, 100), (100, 0, None)],
    ids=["in full", "in part", "too much", "nothing is open"],
)
def test_money_pays_as_much_as_both_sides_have(paid: int, owed: int, allocated: int | None) -> None:
    purse, invoice = money(paid), receivable(owed)

    made = allocate(purse, invoice)

    assert (made.allocation.amount if made else None) == allocated
    assert purse.unapplied == paid - (allocated or 0)
    assert invoice.open == owed - (allocated or 0)


def test_money_in_another_currency_or_for_an_unknown_invoice_pays_nothing() -> None:
    assert allocate(money(100, "USD"), receivable(100)) is None
    assert allocate(money(100), None) is None


@pytest.mark.parametrize(
    ("amount", "currency", "code"),
    [
        ("0", "EUR", "amount-not-positive"),
        ("-5.00", "EUR", "amount-not-positive"),
        ("1.005", "EUR", "amount-invalid"),
        ("1.5", "JPY", "amount-invalid"),
        ("5.00", "XXX", "amount-invalid"),
    ],
)
def test_what_is_no_money_that_can_have_come_in_is_refused(amount: str, currency: str, code: str) -> None:
    decision = money_of("acme", derive("p"), DAY, amount, currency)

    assert isinstance(decision, Refused)
    assert (decision.code, decision.pointer) == (code, "/amount/amount")


def test_money_that_pays_at_once_never_touches_unapplied_cash() -> None:
    for owed, expected in (
        (100, {"1000": 100, "1100": -100}),
        (60, {"1000": 100, "1100": -60, "2100": -40}),
        (0, {"1000": 100, "2100": -100}),
    ):
        purse = money(100)
        made = allocate(purse, receivable(owed))
        assert sides(receipt(purse, None, [made] if made else [], BOOKS)) == expected


def test_money_that_came_before_its_invoice_is_an_advance_until_the_invoice_exists() -> None:
    early, late = date(2026, 11, 20), date(2026, 11, 25)

    assert settled_on(money(100, on=early), receivable(100)) == DAY
    assert settled_on(money(100, on=late), receivable(100)) == late
    purse = money(100, on=early)
    made = allocate(purse, receivable(100))
    assert made is not None
    applied = application(purse, made, BOOKS)
    assert (applied.posted_on, sides(applied)) == (DAY, {"2100": 100, "1100": -100})


def test_allocations_stand_as_the_sum_of_moves_to_and_fro() -> None:
    there, other = Allocation(derive("a"), "A", derive("o"), 70, 70), Allocation(derive("b"), "B", derive("o"), 5, 5)

    assert standing([there, other, there._replace(amount=-70, paid=-70)]) == [other]
    assert standing([there, there._replace(amount=-20, paid=-20)]) == [there._replace(amount=50, paid=50)]


coins = st.integers(1, 10**9)


@given(st.lists(coins, min_size=1, max_size=8), st.lists(coins, min_size=1, max_size=8))
def test_no_allocation_ever_exceeds_what_is_open_or_what_came_in(paid: list[int], owed: list[int]) -> None:
    purses = [money(amount) for amount in paid]
    invoices = [receivable(amount, name=str(n)) for n, amount in enumerate(owed)]

    made = [allocate(purse, invoice) for purse in purses for invoice in invoices]

    assert all(0 <= purse.unapplied <= purse.amount for purse in purses)
    assert all(0 <= invoice.open <= invoice.total for invoice in invoices)
    total = sum(payment.allocation.amount for payment in made if payment)
    assert total == sum(p.amount - p.unapplied for p in purses) == sum(i.total - i.open for i in invoices)
    assert total == min(sum(paid), sum(owed))  # nothing lies idle while something is open


@given(coins, coins)
def test_taking_back_what_was_paid_leaves_the_books_as_if_it_had_never_paid(paid: int, owed: int) -> None:
    purse, invoice = money(paid), receivable(owed)
    made = allocate(purse, invoice)
    assert made is not None
    entries = [receipt(purse, None, [made], BOOKS)]

    back = give_back(purse, invoice, take_back(purse, invoice.invoice))
    entries.append(withdrawal(purse, back, DAY, BOOKS))

    assert (purse.unapplied, purse.allocations) == (paid, [])
    sums = {cell.account: debit - credit for cell, (debit, credit, _, _) in day_sums(entries).items()}
    assert sums == {"1000": paid, "1100": 0, "2100": -paid}
