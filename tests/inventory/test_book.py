"""The rule of reserving, without a database."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from chassis.ids import derive
from services.inventory.domain.book import (
    NotPlacedYet,
    NotReserved,
    OrderedLine,
    Released,
    Remembered,
    Repeated,
    Reserved,
    Shortage,
    Standing,
    StockBook,
)

A = ("acme", derive("A"))
B = ("acme", derive("B"))


def lines(*wanted: tuple[str, int]) -> list[OrderedLine]:
    return [OrderedLine(number, sku, quantity) for number, (sku, quantity) in enumerate(wanted, 1)]


def test_an_order_takes_exactly_what_is_free() -> None:
    book = StockBook({("acme", "X"): 5}, {})
    assert book.reserve(A, lines(("X", 5))) == Reserved(lines(("X", 5)))
    assert book.reserve(B, lines(("X", 1))) == NotReserved("insufficient-stock", [Shortage("X", 1, 0)])
    assert book.changes == {("acme", "X"): 5}


def test_what_one_order_frees_the_next_may_have() -> None:
    book = StockBook({("acme", "X"): 0}, {A: Standing("reserved", lines(("X", 5)))})
    assert book.release(A, "order-cancelled") == Released(lines(("X", 5)), "order-cancelled")
    assert isinstance(book.reserve(B, lines(("X", 5))), Reserved)
    assert book.changes == {}, "what is freed and taken again changes nothing"


def test_an_item_with_nothing_on_hand_is_short_and_one_that_does_not_exist_is_unknown() -> None:
    book = StockBook({("acme", "X"): 0}, {})
    assert book.reserve(A, lines(("X", 1))) == NotReserved("insufficient-stock", [Shortage("X", 1, 0)])
    assert book.reserve(B, lines(("X", 1), ("Y", 2))) == NotReserved("item-unknown", [Shortage("Y", 2, 0)])


def test_an_order_is_decided_once() -> None:
    for state in ("reserved", "refused", "released"):
        book = StockBook({("acme", "X"): 9}, {A: Standing(state)})
        assert book.reserve(A, lines(("X", 1))) == Repeated(state)
        assert book.changes == {}


def test_a_cancellation_that_comes_first_is_remembered_and_a_refused_invoice_waits() -> None:
    book = StockBook({("acme", "X"): 9}, {})
    assert book.release(A, "invoice-refused") == NotPlacedYet()
    assert book.release(A, "order-cancelled") == Remembered()
    assert book.reserve(A, lines(("X", 1))) == NotReserved("order-cancelled")
    assert isinstance(book.reserve(A, lines(("X", 1))), Repeated)


def test_companies_do_not_share_stock() -> None:
    book = StockBook({("acme", "X"): 1, ("other", "X"): 0}, {})
    refused = book.reserve(("other", derive("A")), lines(("X", 1)))
    assert isinstance(refused, NotReserved)
    assert isinstance(book.reserve(A, lines(("X", 1))), Reserved)


SKUS = st.sampled_from(["X", "Y", "Z"])
ORDERS = st.lists(st.lists(st.tuples(SKUS, st.integers(1, 9)), min_size=1, max_size=5), max_size=12)


@given(ORDERS, st.dictionaries(SKUS, st.integers(0, 20)))
def test_it_never_promises_more_than_there_is_and_never_refuses_what_it_could_serve(
    orders: list[list[tuple[str, int]]], stock: dict[str, int]
) -> None:
    book = StockBook({("acme", sku): free for sku, free in stock.items()}, {})
    left = dict(stock)
    for number, wanted in enumerate(orders):
        decision = book.reserve(("acme", derive(number)), lines(*wanted))
        sums = {sku: sum(q for s, q in wanted if s == sku) for sku, _ in wanted}
        assert isinstance(decision, Reserved) == all(left.get(sku, -1) >= n for sku, n in sums.items())
        if isinstance(decision, Reserved):
            left = {sku: free - sums.get(sku, 0) for sku, free in left.items()}
    assert all(free >= 0 for free in left.values())
    assert book.changes == {("acme", sku): stock[sku] - free for sku, free in left.items() if free != stock[sku]}
