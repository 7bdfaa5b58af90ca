"""What becomes of an order's stock, through the real corridor on real PostgreSQL."""

from __future__ import annotations

import itertools

import pytest

from chassis.ids import derive
from tests.chassis.statements import counting_statements
from tests.inventory.room import StockRoom, cancelled, invoice_refused, order_id, placed
from tests.support.department import Event


async def test_an_order_that_the_stock_can_serve_reserves_all_its_lines(room: StockRoom) -> None:
    await room.stocked({"BEANS": "10", "FILTER": "100"})
    await room.hear(placed("A", [("FILTER", "12"), ("BEANS", "2.5")]))
    (told,) = await room.told("StockReserved")
    assert told.key == order_id("A")
    assert told.data == {
        "order": order_id("A"),
        "reservation": str(derive("reservation", "acme", order_id("A"))),
        "lines": [{"line": 1, "item": "FILTER", "quantity": "12"}, {"line": 2, "item": "BEANS", "quantity": "2.5"}],
    }
    assert await room.stock("BEANS") == ("10", "2.5")
    assert await room.stock("FILTER") == ("100", "12")


async def test_an_order_that_exceeds_the_stock_is_refused_naming_every_shortage(room: StockRoom) -> None:
    await room.stocked({"BEANS": "2", "FILTER": "100", "MUG": "0"})
    await room.hear(placed("A", [("FILTER", "1"), ("BEANS", "2.000001"), ("MUG", "3")]))
    (told,) = await room.told("ReservationRefused")
    assert told.data == {
        "order": order_id("A"),
        "code": "insufficient-stock",
        "detail": "Not enough in stock: BEANS lacks 0.000001, MUG lacks 3.",
        "shortages": [
            {"item": "BEANS", "requested": "2.000001", "available": "2"},
            {"item": "MUG", "requested": "3", "available": "0"},
        ],
    }
    assert await room.stock("FILTER") == ("100", "0"), "nothing of a refused order is reserved"
    assert await room.rows("select count(*) from reservation_line") == [(0,)]


async def test_the_same_item_on_two_lines_is_decided_on_its_sum(room: StockRoom) -> None:
    await room.stocked({"BEANS": "10"})
    await room.hear(placed("A", [("BEANS", "6"), ("BEANS", "5")]), placed("B", [("BEANS", "6"), ("BEANS", "4")]))
    (refused,) = await room.told("ReservationRefused")
    assert refused.data["shortages"] == [{"item": "BEANS", "requested": "11", "available": "10"}]
    (reserved,) = await room.told("StockReserved")
    assert [line["quantity"] for line in reserved.data["lines"]] == ["6", "4"]
    assert await room.stock("BEANS") == ("10", "10")


async def test_an_order_for_an_unknown_item_is_refused_naming_it(room: StockRoom) -> None:
    await room.stocked({"BEANS": "1"})
    await room.hear(placed("A", [("BEANS", "5"), ("TEA", "1"), ("COCOA", "1")]))
    (told,) = await room.told("ReservationRefused")
    assert (told.data["code"], told.data["detail"]) == ("item-unknown", "Not an item here: TEA, COCOA.")
    assert [shortage["item"] for shortage in told.data["shortages"]] == ["TEA", "COCOA"]


async def test_an_item_of_another_company_is_unknown(room: StockRoom) -> None:
    await room.knows("other")
    await room.stocked({"BEANS": "10"}, company="other")
    await room.hear(placed("A", [("BEANS", "1")]))
    (told,) = await room.told("ReservationRefused")
    assert (told.company, told.data["code"]) == ("acme", "item-unknown")
    assert await room.stock("BEANS", "other") == ("10", "0")


async def test_orders_of_one_batch_are_served_in_their_order_until_the_stock_is_gone(room: StockRoom) -> None:
    await room.stocked({"BEANS": "10"})
    await room.hear(*[placed(f"O{n}", [("BEANS", "4")]) for n in range(4)], placed("small", [("BEANS", "2")]))
    states = await room.states()
    assert [states[order_id(f"O{n}")] for n in range(4)] == ["reserved", "reserved", "refused", "refused"]
    assert states[order_id("small")] == "reserved", "a refused order leaves what it could not have to the next"


async def test_a_cancelled_order_gives_its_stock_back(room: StockRoom) -> None:
    await room.stocked({"BEANS": "10"})
    await room.hear(placed("A", [("BEANS", "7.25"), ("BEANS", "1")]))
    await room.hear(cancelled("A"))
    (told,) = await room.told("ReservationReleased")
    assert told.data["reason"] == "order-cancelled"
    assert told.data["lines"] == [
        {"line": 1, "item": "BEANS", "quantity": "7.25"},
        {"line": 2, "item": "BEANS", "quantity": "1"},
    ]
    assert told.sequence == 2, "the release follows the reservation on one key"
    assert await room.stock("BEANS") == ("10", "0")


async def test_an_order_cancelled_in_the_batch_that_brings_it_is_reserved_and_released(room: StockRoom) -> None:
    await room.stocked({"BEANS": "10"})
    await room.hear(placed("A", [("BEANS", "10")]), cancelled("A"), placed("B", [("BEANS", "10")]))
    assert [(t.type, t.key) for t in await room.told("StockReserved", "ReservationReleased")] == [
        ("StockReserved", order_id("A")),
        ("ReservationReleased", order_id("A")),
        ("StockReserved", order_id("B")),
    ]
    assert await room.stock("BEANS") == ("10", "10")
    assert await room.differences() == []


async def test_an_order_whose_cancellation_came_first_is_refused(room: StockRoom) -> None:
    await room.stocked({"BEANS": "10"})
    await room.hear(cancelled("A", sequence=1))
    assert await room.states() == {order_id("A"): "cancelled"}
    await room.hear(placed("A", [("BEANS", "1")], sequence=2))
    (told,) = await room.told("ReservationRefused", "StockReserved")
    assert (told.data["code"], told.data["shortages"]) == ("order-cancelled", [])
    assert await room.stock("BEANS") == ("10", "0")


async def test_an_order_whose_cancellation_came_first_is_refused_within_one_batch_too(room: StockRoom) -> None:
    await room.stocked({"BEANS": "10"})
    await room.hear(cancelled("A", sequence=1), placed("A", [("BEANS", "1")], sequence=2))
    assert [t.data["code"] for t in await room.told("ReservationRefused")] == ["order-cancelled"]


async def test_cancelling_a_refused_order_or_cancelling_twice_changes_nothing(room: StockRoom) -> None:
    await room.stocked({"BEANS": "1"})
    await room.hear(placed("A", [("BEANS", "2")]), cancelled("A"), cancelled("A", sequence=3))
    await room.hear(placed("B", [("BEANS", "1")]), cancelled("B"), cancelled("B", sequence=3))
    assert [t.type for t in await room.told("ReservationRefused", "ReservationReleased", "StockReserved")] == [
        "ReservationRefused",
        "StockReserved",
        "ReservationReleased",
    ]
    assert await room.stock("BEANS") == ("1", "0")


async def test_an_order_that_cannot_be_invoiced_gives_its_stock_back_once(room: StockRoom) -> None:
    await room.stocked({"BEANS": "3"})
    await room.hear(placed("A", [("BEANS", "3")]))
    await room.hear(invoice_refused("A"))
    await room.hear(cancelled("A"))
    (told,) = await room.told("ReservationReleased")
    assert told.data["reason"] == "invoice-refused"
    assert await room.stock("BEANS") == ("3", "0")


async def test_a_refused_invoice_waits_for_its_order(room: StockRoom) -> None:
    await room.stocked({"BEANS": "3"})
    await room.hear(invoice_refused("A"))
    assert await room.held() == [("waiting", f"order {order_id('A')} has not come here yet")]
    await room.hear(placed("A", [("BEANS", "3")]))
    await room.try_held()
    assert await room.held() == []
    assert await room.states() == {order_id("A"): "released"}
    assert await room.stock("BEANS") == ("3", "0")


async def test_a_second_order_under_the_same_id_is_recorded_and_changes_nothing(room: StockRoom) -> None:
    await room.stocked({"BEANS": "10"})
    await room.hear(placed("A", [("BEANS", "1")]))
    await room.hear(placed("A", [("BEANS", "9")], sequence=2))
    assert len(await room.told("StockReserved", "ReservationRefused")) == 1
    assert await room.stock("BEANS") == ("10", "1")
    assert await room.rows("select action from audit where subject = $1 order by id", order_id("A")) == [
        ("stock-reserved",),
        ("order-repeated",),
    ]


async def test_every_event_may_come_again(room: StockRoom) -> None:
    await room.stocked({"BEANS": "10"})
    story = [
        placed("A", [("BEANS", "4")]),
        placed("B", [("BEANS", "1")]),
        cancelled("A"),
        placed("C", [("BEANS", "20")]),
    ]
    await room.hear(*story)
    before = await room.told()
    await room.hear(*story, *story)
    await room.hear(story[1], story[3])
    assert await room.told() == before
    assert await room.stock("BEANS") == ("10", "1")


STORY = (
    placed("A", [("BEANS", "4"), ("MUG", "1")]),
    cancelled("A"),
    placed("B", [("BEANS", "3")]),
    invoice_refused("B"),
    placed("C", [("MUG", "2")]),
)


@pytest.mark.parametrize("order", list(itertools.permutations(range(5)))[::5], ids=str)
async def test_the_end_does_not_depend_on_the_order_of_arrival(room: StockRoom, order: tuple[int, ...]) -> None:
    await room.stocked({"BEANS": "10", "MUG": "5"})
    for index in order:
        await room.hear(STORY[index])
    await room.try_held()
    await room.try_held()
    assert await room.held() == []
    assert await room.states() == {order_id("A"): "released", order_id("B"): "released", order_id("C"): "reserved"}
    assert (await room.stock("BEANS"), await room.stock("MUG")) == (("10", "0"), ("5", "2"))
    assert await room.differences() == []


async def test_each_decision_is_audited_with_who_asked_and_why(room: StockRoom) -> None:
    await room.stocked({"BEANS": "10"})
    await room.hear(placed("A", [("BEANS", "4")]), placed("B", [("BEANS", "40")]), cancelled("C", sequence=1))
    await room.hear(cancelled("A"))
    rows = await room.rows("select action, subject, actor from audit where action like any('{stock-%,reserv%,canc%}')")
    assert sorted(rows) == [
        ("cancellation-remembered", order_id("C"), "webshop"),
        ("reservation-refused", order_id("B"), "webshop"),
        ("reservation-released", order_id("A"), "webshop"),
        ("stock-reserved", order_id("A"), "webshop"),
    ]
    told = await room.told("StockReserved")
    assert told[0].envelope.causationid == told[0].envelope.correlationid != told[0].envelope.id


async def test_a_batch_costs_the_same_number_of_statements_for_10_orders_and_for_500(room: StockRoom) -> None:
    await room.stocked({f"I{n}": "100000" for n in range(40)})

    def batch(name: str, size: int) -> list[Event]:
        """Two thirds orders, of which some are refused, and one third cancellations of them."""
        lines = [[(f"I{(n + k) % 40}", "1" if n % 7 else "999999") for k in range(3)] for n in range(size)]
        orders = [placed(f"{name}{n}", lines[n]) for n in range(size - size // 3)]
        return [*orders, *[cancelled(f"{name}{n}") for n in range(size // 3)]]

    await room.hear(*batch("warm", 6))
    counts = []
    for size in (10, 500):
        async with counting_statements(room.database) as counted:
            await room.hear(*batch(f"b{size}-", size))
        counts.append(counted.statements)
    assert counts[0] == counts[1] <= 16
    assert await room.differences() == []
