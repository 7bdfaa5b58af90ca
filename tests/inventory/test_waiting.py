"""Orders that take what is there, and orders that wait: by their own wish, by priority and age, and not for ever."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from chassis.ids import UUID, derive
from chassis.requests import Answer
from contracts import published
from contracts.gateway import OrderPlaced
from services.inventory import handlers
from services.inventory.commands import (
    Dispatch,
    DispatchShipments,
    ExpireReservation,
    Pack,
    PackShipments,
    Pick,
    PickOrders,
    ShareOut,
    UnpickShipments,
)
from services.inventory.domain.book import (
    NO_WISH,
    Ended,
    GivenUp,
    NotReserved,
    OrderedLine,
    Released,
    Reserved,
    Standing,
    StockBook,
    Wish,
)
from services.inventory.domain.shipping import LineProgress
from services.inventory.domain.waiting import WaitingLine, expire, share_out
from tests.chassis.statements import counting_statements
from tests.inventory.room import Lines, StockRoom, cancelled, cause, changed, order_id, placed
from tests.inventory.test_credit import allowed, asks
from tests.support.department import NOON, Event, event

TOLD = (
    "StockReserved", "OrderBackOrdered", "BackOrderReserved", "ReservationReduced", "ReservationReleased",
    "ReservationRefused",
)  # fmt: skip
ORDER = ("acme", UUID(order_id("A")))


def wishing(name: str, lines: Lines, **wish: Any) -> Event:
    """An order with a wish of its own."""
    data = published.sample("OrderPlaced.v1").data
    line = data["lines"][0]
    ordered = [line | {"line": n, "item": sku, "quantity": q} for n, (sku, q) in enumerate(lines, 1)]
    return event(OrderPlaced, "acme", data | {"order": order_id(name), "lines": ordered} | wish)


async def story(room: StockRoom, name: str) -> list[tuple[str, list[str]]]:
    """What was told about an order: the types, with the quantities of their lines."""
    return [
        (told.type, [line["quantity"] for line in told.data.get("lines", ())])
        for told in await room.told(*TOLD)
        if told.key == order_id(name)
    ]


async def ship(room: StockRoom, name: str, *lines: tuple[int, int]) -> None:
    """Pick, pack and dispatch so much of an order."""
    why = cause()
    shipment = UUID(str(derive("shipment", str(why.id))))
    pick = Pick(UUID(order_id(name)), shipment, [(line, n * 1_000_000) for line, n in lines] or None)
    for handler, command in (
        (handlers.pick_orders, PickOrders(why, [pick])),
        (handlers.pack_shipments, PackShipments(cause(), [Pack(shipment, 1)])),
        (handlers.dispatch_shipments, DispatchShipments(cause(), None, [Dispatch(shipment, None, None)])),
    ):
        answer = await room.ask(handler, command)
        assert isinstance(answer, Answer), answer


@pytest.mark.parametrize(
    ("free", "wish", "decision"),
    [
        (10, NO_WISH, Reserved([OrderedLine(1, "BEANS", 7)])),
        (10, Wish("back_order"), Reserved([OrderedLine(1, "BEANS", 7)])),
        (4, NO_WISH, "insufficient-stock"),
        (4, Wish("partial"), ([4], [], [3])),
        (4, Wish("back_order"), ([4], [3], [])),
        (0, Wish("partial"), "insufficient-stock"),
        (0, Wish("back_order"), ([], [7], [])),
        (-5, Wish("back_order"), ([], [7], [])),
    ],
)
def test_an_order_gets_what_its_wish_allows(free: int, wish: Wish, decision: Any) -> None:
    """I3: all or nothing, what is there, or what is there and the rest later"""
    book = StockBook({("acme", "BEANS"): free}, {})

    made = book.reserve(ORDER, [OrderedLine(1, "BEANS", 7)], wish)

    if isinstance(decision, str):
        assert isinstance(made, NotReserved)
        assert made.code == decision
    elif isinstance(decision, Reserved):
        assert made == decision
    else:
        assert isinstance(made, Reserved)
        assert tuple([x.quantity for x in part] for part in (made.lines, made.waiting, made.dropped)) == decision
        assert sum(book.changes.values()) == sum(decision[0])


def test_an_item_that_nobody_knows_is_not_waited_for() -> None:
    decision = StockBook({}, {}).reserve(ORDER, [OrderedLine(1, "GHOST", 1)], Wish("back_order"))
    assert isinstance(decision, NotReserved)
    assert decision.code == "item-unknown"


async def test_who_waits_gets_what_is_given_back_later_in_the_same_batch(room: StockRoom) -> None:
    """I3: also when the batch sets aside more than it gives back (found by the random histories, seed 0)."""
    await room.stocked({"BEANS": "8"})
    await room.hear(placed("A", [("BEANS", "1")]))

    await room.hear(wishing("B", [("BEANS", "8")], if_short="back_order"), cancelled("A"))

    assert await story(room, "B") == [
        ("StockReserved", ["7"]), ("OrderBackOrdered", ["1"]), ("BackOrderReserved", ["1"]),
    ]  # fmt: skip


def test_what_a_cancellation_ends_depends_on_how_far_the_order_is() -> None:
    """I3: nothing yet, waiting, or partly shipped"""
    held, waits = [OrderedLine(1, "BEANS", 4)], [OrderedLine(1, "BEANS", 3)]
    free = {("acme", "BEANS"): 0}

    def end(standing: Standing) -> Any:
        return StockBook(free, {ORDER: standing}).release(ORDER, "order-cancelled")

    assert end(Standing("reserved", held, waiting=waits)) == Released(held, "order-cancelled", waiting=True)
    assert end(Standing("reserved", (), waiting=waits, parts=0)) == GivenUp(1)
    assert end(Standing("reserved", held, waiting=waits, stage="shipped")) == Ended(held, waits, 1, 1)
    assert end(Standing("shipped", stage="shipped")).code == "already-shipped"


def test_goods_go_to_the_front_of_the_queue_and_never_beyond_what_there_is() -> None:
    """I3: who is served first gets all, the next one a part, the rest nothing"""
    queue = [WaitingLine(("acme", UUID(order_id(n))), 1, 1, "BEANS", 4, 0) for n in "ABC"]
    assert [x.quantity for x in share_out(queue, {("acme", "BEANS"): 6})] == [4, 2]
    assert share_out(queue, {("other", "BEANS"): 6}) == []


def test_when_time_is_over_picked_goods_leave_and_the_rest_is_let_go() -> None:
    """I3: expiry frees what is on the shelf, not what is in a parcel"""
    end = expire([LineProgress(1, "BEANS", 10, waiting=3, picked=2, shipped=1), LineProgress(2, "TEA", 1)])
    assert [x.quantity for x in end.released] == [4, 1]
    assert [x.quantity for x in end.waiting] == [3]
    assert [(x.dropped, x.waiting, x.held) for x in end.lines] == [(7, 0, 2), (1, 0, 0)]
    assert (end.left, end.over) == (True, False)


async def test_goods_that_arrive_go_to_who_waits_by_priority_and_then_by_age(room: StockRoom) -> None:
    """I3: reserved in part, the rest when goods come: in the same commit, by priority, then by age"""
    await room.stocked({"BEANS": "5", "TEA": "1"})
    await room.hear(wishing("first", [("BEANS", "8"), ("TEA", "1")], if_short="back_order"))
    await room.hear(wishing("second", [("BEANS", "4")], if_short="back_order"))
    await room.hear(wishing("urgent", [("BEANS", "2")], if_short="back_order", priority=9))
    await room.hear(wishing("modest", [("BEANS", "2"), ("TEA", "2")], if_short="partial"))
    assert await story(room, "first") == [("StockReserved", ["5", "1"]), ("OrderBackOrdered", ["3"])]
    assert await story(room, "second") == [("OrderBackOrdered", ["4"])]
    assert await story(room, "modest") == [("ReservationRefused", [])]

    await room.receive([("BEANS", "6")])

    assert (await story(room, "urgent"))[1:] == [("StockReserved", ["2"])]
    assert (await story(room, "first"))[2:] == [("BackOrderReserved", ["3"])]
    assert (await story(room, "second"))[1:] == [("StockReserved", ["1"])]
    (late,) = await room.told("BackOrderReserved")
    assert (late.data["part"], late.data["complete"], late.data["lines"][0]["before"]) == (2, True, "5")
    assert await room.stock("BEANS") == ("11", "11")
    assert await room.differences() == []

    await room.hear(cancelled("first"))  # what it gives back goes to who still waits

    assert (await story(room, "second"))[2:] == [("BackOrderReserved", ["3"])]
    released = (await room.told("ReservationReleased"))[0].data
    assert ([x["quantity"] for x in released["lines"]], released["parts"]) == (["8", "1"], 2)
    assert await room.stock("BEANS") == ("11", "6")
    assert await room.differences() == []
    assert await room.rows("select 1 from line_progress where waiting > 0") == []


async def test_a_partial_order_takes_what_there_is_and_never_the_rest(room: StockRoom) -> None:
    """I3: partial"""
    await room.stocked({"BEANS": "5", "TEA": "0"})
    await room.hear(wishing("A", [("BEANS", "8"), ("TEA", "1")], if_short="partial"))
    (told,) = await room.told("StockReserved")
    assert [x["quantity"] for x in told.data["lines"]] == ["5"]
    assert [(x["line"], x["quantity"]) for x in told.data["dropped"]] == [(1, "3"), (2, "1")]

    await room.receive([("BEANS", "6"), ("TEA", "6")])

    assert await story(room, "A") == [("StockReserved", ["5"])]
    await ship(room, "A")
    assert [x.data["complete"] for x in await room.told("ShipmentDispatched")] == [True]
    assert await room.differences() == []


async def test_what_is_left_of_a_partly_shipped_order_can_be_ended(room: StockRoom) -> None:
    """I3: ended after a part has left: the rest is free, the parcel on the table goes back, nothing waits any more"""
    await room.stocked({"BEANS": "5"})
    await room.hear(wishing("A", [("BEANS", "8")], if_short="back_order"))
    await ship(room, "A", (1, 2))
    pick = Pick(UUID(order_id("A")), UUID(order_id("parcel")), [(1, 1_000_000)])
    assert isinstance(await room.ask(handlers.pick_orders, PickOrders(cause(), [pick])), Answer)

    await room.hear(cancelled("A"))

    (told,) = await room.told("ReservationReduced")
    assert [x["quantity"] for x in told.data["lines"]] == ["3"]
    assert [x["quantity"] for x in told.data["waiting"]] == ["3"]
    assert (told.data["reason"], told.data["over"]) == ("order-cancelled", True)
    assert (await room.states())[order_id("A")] == "shipped"
    assert await room.stock("BEANS") == ("3", "0")
    assert await room.differences() == []
    await room.hear(cancelled("A", sequence=3))
    assert [x.data["code"] for x in await room.told("CancellationRefused")] == ["already-shipped"]


@pytest.mark.parametrize(
    ("stock", "shipped", "ends_as", "told"),
    [
        ("8", 0, "released", ("ReservationReduced", ["8"])),
        ("5", 0, "released", ("ReservationReduced", ["5"])),
        ("5", 2, "shipped", ("ReservationReduced", ["3"])),
        ("0", 0, "refused", ("ReservationRefused", [])),
    ],
    ids=["all", "a part", "partly shipped", "nothing came"],
)
async def test_an_order_is_let_go_when_its_time_is_over(
    room: StockRoom, stock: str, shipped: int, ends_as: str, told: tuple[str, list[str]]
) -> None:
    """I3: expiry with its release event; what is free then goes to who waits; a repeat changes nothing"""
    await room.stocked({"BEANS": stock})
    until = NOON + timedelta(days=1)
    await room.hear(
        wishing("A", [("BEANS", "8")], if_short="back_order", reserve_until="2026-11-23T12:00:00Z"),
        wishing("B", [("BEANS", "1")], if_short="back_order"),
    )
    assert await room.rows("select run_at from job where queue = 'expire-reservation'") == [(until,)]
    if shipped:
        await ship(room, "A", (1, shipped))

    for _ in range(2):
        await room.at(until, _expire, ExpireReservation(cause(), UUID(order_id("A"))))

    assert (await story(room, "A"))[-1] == told
    assert (await room.states())[order_id("A")] == ends_as
    assert ("StockReserved", ["1"]) in await story(room, "B") or stock == "0"
    assert await room.differences() == []


async def test_goods_that_are_put_back_after_the_time_of_their_order_are_let_go(room: StockRoom) -> None:
    """I3: what was picked outlived the end of its order; back on the shelf it belongs to nobody."""
    await room.stocked({"BEANS": "8"})
    until = NOON + timedelta(days=1)
    await room.hear(wishing("A", [("BEANS", "8")], if_short="partial", reserve_until="2026-11-23T12:00:00Z"))
    why = cause()
    shipment = UUID(str(derive("shipment", str(why.id))))
    picked = PickOrders(why, [Pick(UUID(order_id("A")), shipment, None)])
    assert isinstance(await room.ask(handlers.pick_orders, picked), Answer)
    await room.at(until, _expire, ExpireReservation(cause(), UUID(order_id("A"))))
    assert await room.stock("BEANS") == ("8", "8")
    await room.rows("delete from job returning 1")

    back = UnpickShipments(cause(), [shipment])
    (answer,) = await room.at(until + timedelta(hours=1), handlers.unpick_shipments, back)

    assert isinstance(answer, Answer)
    assert await room.rows("select queue, key from job") == [("expire-reservation", order_id("A"))]
    await room.at(until + timedelta(hours=1), _expire, ExpireReservation(cause(), UUID(order_id("A"))))
    assert await room.stock("BEANS") == ("8", "0")
    assert (await room.states())[order_id("A")] == "released"


async def _expire(commands: Any, unit: Any) -> list[Any]:
    await handlers.expire_reservations(commands, unit)
    return []


async def _share(commands: Any, unit: Any) -> list[Any]:
    await handlers.share_what_is_free(commands, unit)
    return []


async def test_an_order_that_waits_can_be_changed_or_given_up(room: StockRoom) -> None:
    """I3: the wish stays the order's own; what a revision waited for is not waited for by the next one"""
    await room.stocked({"BEANS": "0", "TEA": "1"})
    await room.hear(wishing("A", [("BEANS", "8")], if_short="back_order"))

    await room.hear(changed("A", 2, [("TEA", "3")]))
    await room.receive([("BEANS", "9")])

    assert await story(room, "A") == [
        ("OrderBackOrdered", ["8"]), ("StockReserved", ["1"]), ("OrderBackOrdered", ["2"]),
    ]  # fmt: skip
    assert await room.stock("BEANS") == ("9", "0")
    await room.hear(wishing("B", [("TEA", "1")], if_short="back_order"), cancelled("B"))
    assert (await story(room, "B"))[1:] == [("ReservationRefused", [])]
    assert await room.differences() == []


async def test_who_was_passed_over_is_found_by_the_clock(room: StockRoom) -> None:
    """I3: the sweep serves who was busy when goods came, and asks for itself again while somebody waits"""
    await room.stocked({"BEANS": "0"})
    await room.hear(wishing("A", [("BEANS", "2")], if_short="back_order"))
    await room.rows(
        "insert into stock_move (company, warehouse, sku, quantity, kind, document, line, effective_on, recorded_at)"
        " values ('acme', 'MAIN', 'BEANS', 2000000, 'receipt', gen_random_uuid(), 1, '2026-11-20', now()) returning 1"
    )
    await room.rows("update stock_level set on_hand = 2000000 returning 1")

    await room.at(NOON, _share, ShareOut(cause()))

    assert (await story(room, "A"))[1:] == [("StockReserved", ["2"])]
    assert await room.differences() == []


async def test_a_receipt_serves_fifty_orders_with_as_many_statements_as_two(
    room: StockRoom,
) -> None:
    """I3: constant statements"""
    counts = []
    await room.stocked({"WARM": "1"})
    for size in (2, 50):
        sku = f"ITEM-{size}"
        await room.stocked({sku: "0"})
        await room.hear(*[wishing(f"{sku}-{n}", [(sku, "1")], if_short="back_order") for n in range(size)])
        await room.receive([("WARM", "1")])  # the connection learns its statements
        async with counting_statements(room.database) as counted:
            await room.receive([(sku, str(size))])
        counts.append(counted.statements)
    assert counts[0] == counts[1]


async def test_an_order_without_a_wish_costs_no_more_than_before(room: StockRoom) -> None:
    await room.stocked({"BEANS": "10"})
    await room.hear(placed("A", [("BEANS", "1")]))
    assert await room.rows("select 1 from order_wish union all select 1 from line_progress") == []
    assert await room.rows("select 1 from job") == []


async def test_a_wish_is_kept_while_the_order_waits_for_credit(room: StockRoom) -> None:
    """I3: an order whose credit was asked for is served by its own wish once it may be, also in a later revision"""
    await room.stocked({"BEANS": "2"})
    await room.hear(asks())
    until = "2026-11-23T12:00:00Z"
    await room.hear(wishing("A", [("BEANS", "5")], if_short="back_order", reserve_until=until))
    await room.hear(wishing("B", [("BEANS", "5")], if_short="back_order"), changed("B", 2, [("BEANS", "1")]))
    assert await room.told(*TOLD) == []

    await room.hear(allowed("A"), allowed("B", 2))

    assert await story(room, "A") == [("StockReserved", ["2"]), ("OrderBackOrdered", ["3"])]
    assert await story(room, "B") == [("OrderBackOrdered", ["1"])]
    assert [x.data.get("complete") for x in await room.told("StockReserved")] == [False]
    assert await room.rows("select count(*) from job where queue = 'expire-reservation'") == [(1,)]
    assert await room.differences() == []
