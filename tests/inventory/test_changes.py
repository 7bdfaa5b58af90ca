"""What becomes of an order's stock when the order is changed, at every stage before picking."""

from __future__ import annotations

from typing import Any

import pytest

from services.inventory.domain.book import Changed, NotChanged, OrderedLine, Released, Reserved, StockBook
from tests.inventory.room import StockRoom, cancelled, changed, invoice_refused, order_id, placed

ANSWERS = ("StockReserved", "ReservationRefused", "ReservationReleased", "OrderChangeRefused")


async def story(room: StockRoom, name: str = "A") -> list[tuple[str, Any]]:
    """What inventory told about an order, in its order: the type, and what tells of revisions and codes."""
    names = ("code", "revision", "replaced_by")
    return [
        (told.type, {name: told.data[name] for name in names if name in told.data})
        for told in await room.told(*ANSWERS)
        if told.key == order_id(name)
    ]


async def test_a_changed_order_gives_back_what_it_held_and_gets_its_new_lines(room: StockRoom) -> None:
    """X1: a reserved order that is changed: released for the old revision, reserved for the new one, in this order."""
    await room.stocked({"BEANS": "10", "FILTER": "10"})
    await room.hear(placed("A", [("BEANS", "8")]))

    await room.hear(changed("A", 2, [("BEANS", "9"), ("FILTER", "3")]))

    assert await story(room) == [
        ("StockReserved", {}),
        ("ReservationReleased", {"replaced_by": 2}),
        ("StockReserved", {"revision": 2}),
    ]
    assert [await room.stock(sku) for sku in ("BEANS", "FILTER")] == [("10", "9"), ("10", "3")]
    released, (first, second) = await room.told("ReservationReleased"), await room.told("StockReserved")
    assert released[0].data["reservation"] == first.data["reservation"] != second.data["reservation"]
    assert await room.differences() == []


async def test_a_change_that_the_stock_cannot_serve_is_refused_and_holds_nothing(room: StockRoom) -> None:
    await room.stocked({"BEANS": "10"})
    await room.hear(placed("A", [("BEANS", "8")]))

    await room.hear(changed("A", 2, [("BEANS", "11")]))

    assert await story(room) == [
        ("StockReserved", {}),
        ("ReservationReleased", {"replaced_by": 2}),
        ("ReservationRefused", {"code": "insufficient-stock", "revision": 2}),
    ]
    assert await room.stock("BEANS") == ("10", "0")


async def test_a_change_may_set_right_what_was_refused(room: StockRoom) -> None:
    """Refused for stock, then for its invoice: each next revision is decided anew, with nothing to release."""
    await room.stocked({"BEANS": "10"})
    await room.hear(placed("A", [("BEANS", "11")]))

    await room.hear(changed("A", 2, [("BEANS", "10")]))
    await room.hear(invoice_refused("A", revision=2))
    await room.hear(changed("A", 3, [("BEANS", "1")]))

    assert await story(room) == [
        ("ReservationRefused", {"code": "insufficient-stock"}),
        ("StockReserved", {"revision": 2}),
        ("ReservationReleased", {"revision": 2}),
        ("StockReserved", {"revision": 3}),
    ]
    assert await room.stock("BEANS") == ("10", "1")
    assert await room.differences() == []


async def test_a_refused_invoice_of_an_older_revision_frees_nothing(room: StockRoom) -> None:
    await room.stocked({"BEANS": "10"})
    await room.hear(placed("A", [("BEANS", "1")]), changed("A", 2, [("BEANS", "2")]))

    await room.hear(invoice_refused("A"))

    assert await room.stock("BEANS") == ("10", "2")


@pytest.mark.parametrize("stock", ["10", "1"], ids=["reserved", "refused"])
async def test_a_cancelled_order_is_not_changed_any_more(room: StockRoom, stock: str) -> None:
    await room.stocked({"BEANS": stock})
    await room.hear(placed("A", [("BEANS", "2")]))
    await room.hear(cancelled("A"))

    await room.hear(changed("A", 2, [("BEANS", "1")], sequence=3))

    (told,) = await room.told("OrderChangeRefused")
    assert (told.data["revision"], told.data["code"], told.data["stage"]) == (2, "order-cancelled", "cancelled")
    assert await room.stock("BEANS") == (stock, "0")


async def test_a_cancellation_that_came_before_the_order_refuses_its_changes_too(room: StockRoom) -> None:
    await room.stocked({"BEANS": "10"})

    await room.hear(cancelled("A", sequence=1))
    await room.hear(placed("A", [("BEANS", "2")], sequence=2))
    await room.hear(changed("A", 2, [("BEANS", "1")], sequence=3))

    assert await story(room) == [
        ("ReservationRefused", {"code": "order-cancelled"}),
        ("OrderChangeRefused", {"code": "order-cancelled", "revision": 2}),
    ]


async def test_a_changed_order_that_is_cancelled_releases_what_its_last_revision_held(room: StockRoom) -> None:
    await room.stocked({"BEANS": "10"})
    await room.hear(placed("A", [("BEANS", "8")]), changed("A", 2, [("BEANS", "3")]))

    await room.hear(cancelled("A", sequence=3))

    last = (await room.told("ReservationReleased"))[-1].data
    assert (last["revision"], [line["quantity"] for line in last["lines"]]) == (2, ["3"])
    assert "replaced_by" not in last
    assert await room.stock("BEANS") == ("10", "0")
    assert await room.differences() == []


async def test_a_whole_life_in_one_batch_is_what_it_is_in_many(room: StockRoom) -> None:
    await room.stocked({"BEANS": "10"})
    life = [placed("A", [("BEANS", "8")]), changed("A", 2, [("BEANS", "10")]), changed("A", 3, [("BEANS", "1")])]
    other = [placed("B", [("BEANS", "2")]), changed("B", 2, [("BEANS", "9")])]

    await room.hear(*life, cancelled("A", sequence=4), *other)

    assert [kind for kind, _ in await story(room)] == [
        *["StockReserved", "ReservationReleased", "StockReserved", "ReservationReleased", "StockReserved"],
        "ReservationReleased",
    ]
    assert await room.stock("BEANS") == ("10", "9")
    assert await room.differences() == []
    assert await room.held() == []


def test_the_rule_frees_before_it_reserves_so_an_order_may_keep_its_own() -> None:
    order, beans = ("acme", order_id("A")), [OrderedLine(1, "BEANS", 10)]
    book = StockBook({("acme", "BEANS"): 10}, {})
    assert book.reserve(order, beans) == Reserved(beans)  # type: ignore[arg-type]

    decision = book.change(order, 2, [OrderedLine(1, "BEANS", 7)])  # type: ignore[arg-type]

    assert decision == Changed(Released(beans, "order-cancelled", 1, 2), Reserved([OrderedLine(1, "BEANS", 7)]))
    assert book.changes == {("acme", "BEANS"): 7}
    book.release(order, "order-cancelled")  # type: ignore[arg-type]
    assert book.change(order, 3, beans) == NotChanged("order-cancelled", "cancelled")  # type: ignore[arg-type]
