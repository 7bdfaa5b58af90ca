"""The rules of receipts and items, without a database."""

from __future__ import annotations

from datetime import date

import pytest

from services.inventory.domain.items import ItemTerms, NotDefined, new_items
from services.inventory.domain.quantities import MICRO, ON_HAND_MAX, RECEIVED_MAX, plain
from services.inventory.domain.receiving import NewLevel, NotReceived, ReceivedLine, receive

TODAY = date(2026, 11, 22)


def received(*lines: tuple[str, int], on: date = TODAY, **on_hand: int) -> dict[str, NewLevel] | NotReceived:
    return receive([ReceivedLine(*line) for line in lines], on_hand, received_on=on, today=TODAY)


def test_several_lines_of_one_item_add_up() -> None:
    assert received(("X", 2), ("Y", 1), ("X", 3), X=10, Y=0) == {"X": NewLevel(5, 15), "Y": NewLevel(1, 1)}


@pytest.mark.parametrize(
    ("lines", "on_hand", "code", "pointer"),
    [
        ([("X", 1), ("Q", 1)], {"X": 0}, "item-unknown", "/lines/1/item"),
        ([("X", RECEIVED_MAX), ("X", 1)], {"X": 0}, "quantity-too-large", "/lines/1/quantity"),
        ([("X", 1)], {"X": ON_HAND_MAX}, "stock-level-too-large", "/lines/0/quantity"),
    ],
)
def test_a_receipt_is_refused_at_the_first_line_that_cannot_be_taken(
    lines: list[tuple[str, int]], on_hand: dict[str, int], code: str, pointer: str
) -> None:
    taken = [ReceivedLine(*line) for line in lines]
    wrong = receive(taken, on_hand, received_on=TODAY, today=TODAY)
    assert isinstance(wrong, NotReceived)
    assert (wrong.code, wrong.pointer) == (code, pointer)


def test_the_largest_level_is_still_taken() -> None:
    assert received(("X", 1), X=ON_HAND_MAX - 1) == {"X": NewLevel(1, ON_HAND_MAX)}
    assert received(("X", RECEIVED_MAX), X=0) == {"X": NewLevel(RECEIVED_MAX, RECEIVED_MAX)}


def test_goods_cannot_come_from_the_future() -> None:
    assert not isinstance(received(("X", 1), on=TODAY, X=0), NotReceived)
    wrong = received(("X", 1), on=date(2026, 11, 23), X=0)
    assert isinstance(wrong, NotReceived)
    assert (wrong.code, wrong.pointer) == ("date-in-future", "/received_on")


def test_quantities_in_sentences_are_plain() -> None:
    assert [plain(n) for n in (0, MICRO, 2_500_000, 1, 10 * MICRO)] == ["0", "1", "2.5", "0.000001", "10"]


BEANS = ItemTerms("BEANS", "Coffee beans", "pcs")


def test_an_item_known_with_the_same_terms_is_not_new() -> None:
    mug = ItemTerms("MUG", "Mug", "pcs")
    assert new_items([BEANS, mug], {"BEANS": BEANS}) == [mug]


def test_a_sku_does_not_change_its_meaning() -> None:
    wrong = new_items([BEANS], {"BEANS": ItemTerms("BEANS", "Broad beans", "pcs")})
    assert isinstance(wrong, NotDefined)
    assert (wrong.code, wrong.index, wrong.known_before) == ("item-exists", 0, True)


def test_a_request_names_each_item_once() -> None:
    wrong = new_items([BEANS, ItemTerms("MUG", "Mug", "pcs"), BEANS], {})
    assert isinstance(wrong, NotDefined)
    assert (wrong.code, wrong.index, wrong.known_before) == ("item-repeated", 2, False)
