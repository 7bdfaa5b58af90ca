"""Pick → pack → ship: goods leave in parts, once, with their papers."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import date
from typing import Any

import pytest

from chassis.errors import Refused
from chassis.ids import UUID, new_id
from chassis.requests import Answer, Result
from services.inventory import handlers
from services.inventory.commands import (
    Dispatch,
    DispatchShipments,
    Pack,
    PackShipments,
    Pick,
    PickOrders,
    UnpickShipments,
)
from services.inventory.main import build
from services.inventory.translate.shipping import shipment_id
from tests.chassis.statements import counting_statements
from tests.inventory.conftest import MakeRoom
from tests.inventory.room import StockRoom, cancelled, cause, changed, order_id, placed
from tests.support.department import sample_event

UNIT = 1_000_000


def picking(*orders: str, lines: Sequence[tuple[int, int]] | None = None) -> PickOrders:
    """A pick of these orders; quantities in whole units."""
    why = cause()
    wanted = None if lines is None else [(line, quantity * UNIT) for line, quantity in lines]
    ids = [UUID(order_id(name)) for name in orders]
    return PickOrders(why, [Pick(order, shipment_id(why, order), wanted) for order in ids])


async def picked(room: StockRoom, *orders: str, lines: Sequence[tuple[int, int]] | None = None) -> list[UUID]:
    answer = await room.ask(handlers.pick_orders, picking(*orders, lines=lines))
    assert isinstance(answer, Answer), answer
    return [UUID(one["shipment"]) for one in shipments_of(answer)]


async def packed(room: StockRoom, *orders: str, lines: Sequence[tuple[int, int]] | None = None) -> list[UUID]:
    shipments = await picked(room, *orders, lines=lines)
    assert isinstance(await pack(room, *shipments), Answer)
    return shipments


async def pack(room: StockRoom, *shipments: UUID) -> Result:
    return await room.ask(handlers.pack_shipments, PackShipments(cause(), [Pack(one, 1) for one in shipments]))


async def dispatch(room: StockRoom, *shipments: UUID, on: date | None = None) -> Result:
    command = DispatchShipments(cause(), on, [Dispatch(one, "ELTA", "EL1") for one in shipments])
    return await room.ask(handlers.dispatch_shipments, command)


def shipments_of(answer: Result) -> list[dict[str, Any]]:
    assert isinstance(answer, Answer), answer
    found: list[dict[str, Any]] = answer.body["shipments"]  # type: ignore[assignment]
    return found


def refusal(result: Result) -> tuple[str, str | None, int]:
    assert isinstance(result, Refused), result
    return result.code, result.pointer, result.status


async def test_an_order_is_picked_packed_and_shipped_in_one_piece(room: StockRoom) -> None:
    """I7: the whole way of an order that leaves at once."""
    await room.stocked({"BEANS": "10", "MUG": "5"})
    await room.hear(placed("A", [("BEANS", "2.5"), ("MUG", "1")]))
    shipments = await packed(room, "A")
    assert await room.stock("BEANS") == ("10", "2.5"), "goods in a parcel are still on hand, and promised"
    (done,) = shipments_of(await dispatch(room, *shipments, on=date(2026, 11, 21)))
    assert (done["number"], done["complete"], done["state"]) == ("DN-2026-000001", True, "shipped")
    assert await room.stock("BEANS") == ("7.5", "0")
    (told,) = await room.told("ShipmentDispatched")
    assert told.key == str(shipments[0])
    assert {k: told.data[k] for k in ("order", "warehouse", "dispatched_on", "complete", "packages", "carrier")} == {
        "order": order_id("A"), "warehouse": "MAIN", "dispatched_on": "2026-11-21", "complete": True, "packages": 1,
        "carrier": "ELTA",
    }  # fmt: skip
    assert [(line["line"], line["item"], line["quantity"], line["unit"]) for line in told.data["lines"]] == [
        (1, "BEANS", "2.5", "pcs"), (2, "MUG", "1", "pcs"),
    ]  # fmt: skip
    assert await room.states() == {order_id("A"): "shipped"}
    assert await room.differences() == []


async def test_the_papers_say_what_the_order_said(make_room: MakeRoom) -> None:
    """I7: number, customer and words of the order go with the goods, as in the golden sample."""
    room = make_room()
    await room.knows("aegean")
    await room.stocked({"FILTER-250": "40", "BEANS-KG": "40"}, company="aegean")
    sample = sample_event("OrderPlaced.v1")
    await room.hear(sample)
    why = cause("aegean")
    order = UUID(sample.key)
    picks = PickOrders(why, [Pick(order, shipment_id(why, order), None)])
    (one,) = shipments_of(await room.ask(handlers.pick_orders, picks))
    shipment = UUID(one["shipment"])
    await room.ask(handlers.pack_shipments, PackShipments(cause("aegean"), [Pack(shipment, 2)]))
    leave = DispatchShipments(
        cause("aegean"), date(2026, 11, 22), [Dispatch(shipment, "ΕΛΤΑ Courier", "EL123456789GR")]
    )
    await room.ask(handlers.dispatch_shipments, leave)
    (told,) = await room.told("ShipmentDispatched")
    expected = dict(sample_data("ShipmentDispatched.v1")) | {"shipment": str(shipment), "number": "DN-2026-000001"}
    assert told.data == expected


async def test_an_order_leaves_in_parts_and_only_the_last_completes_it(room: StockRoom) -> None:
    """I7: partial shipments; the rest stays reserved until it leaves."""
    await room.stocked({"BEANS": "10"})
    await room.hear(placed("A", [("BEANS", "5")]))
    await dispatch(room, *await packed(room, "A", lines=[(1, 2)]))
    assert await room.stock("BEANS") == ("8", "3")
    assert await room.states() == {order_id("A"): "reserved"}
    await dispatch(room, *await packed(room, "A"))
    first, last = await room.told("ShipmentDispatched")
    assert [(t.data["complete"], t.data["lines"][0]["quantity"]) for t in (first, last)] == [(False, "2"), (True, "3")]
    assert await room.stock("BEANS") == ("5", "0")
    assert await room.differences() == []


async def test_two_parts_that_leave_in_one_call_are_complete_together(room: StockRoom) -> None:
    await room.stocked({"BEANS": "10"})
    await room.hear(placed("A", [("BEANS", "5")]))
    parts = await packed(room, "A", lines=[(1, 2)]) + await packed(room, "A")
    done = shipments_of(await dispatch(room, *parts))
    assert [(one["complete"], one["number"]) for one in done] == [(False, "DN-2026-000001"), (True, "DN-2026-000002")]


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ([(1, 6)], ("not-enough-reserved", "/picks/0/lines/0/quantity", 409)),
        ([(2, 1)], ("line-unknown", "/picks/0/lines/0/line", 409)),
        ([(1, 1), (1, 1)], ("line-repeated", "/picks/0/lines/1/line", 409)),
    ],
)
async def test_what_cannot_be_picked_is_named_and_nothing_is_done(
    room: StockRoom, lines: list[tuple[int, int]], expected: tuple[str, str, int]
) -> None:
    await room.stocked({"BEANS": "10"})
    await room.hear(placed("A", [("BEANS", "5")]))
    assert refusal(await room.ask(handlers.pick_orders, picking("A", lines=lines))) == expected
    assert await room.rows("select count(*) from shipment") == [(0,)]


async def test_one_pick_that_fails_takes_the_whole_request_with_it(room: StockRoom) -> None:
    await room.stocked({"BEANS": "10"})
    await room.hear(placed("A", [("BEANS", "5")]))
    refused = refusal(await room.ask(handlers.pick_orders, picking("A", "unheard-of")))
    assert refused == ("reservation-not-found", "/picks/1/order", 404)
    assert refusal(await room.ask(handlers.pick_orders, picking("A", "A")))[:2] == ("order-repeated", "/picks/1/order")
    assert await room.rows("select count(*) from shipment") == [(0,)]


async def test_steps_out_of_order_are_refused_by_their_state(room: StockRoom) -> None:
    await room.stocked({"BEANS": "10"})
    await room.hear(placed("A", [("BEANS", "5")]))
    shipments = await picked(room, "A")
    assert refusal(await dispatch(room, *shipments)) == ("shipment-picked", "/shipments/0/shipment", 409)
    await pack(room, *shipments)
    assert refusal(await pack(room, *shipments)) == ("shipment-packed", "/packs/0/shipment", 409)
    assert refusal(await dispatch(room, *shipments, on=date(2099, 1, 1)))[0] == "date-in-future"
    assert refusal(await dispatch(room, UUID(str(new_id())))) == ("shipment-not-found", "/shipments/0/shipment", 404)
    await dispatch(room, *shipments)
    assert refusal(await dispatch(room, *shipments)) == ("shipment-shipped", "/shipments/0/shipment", 409)
    assert await room.stock("BEANS") == ("5", "0")


async def test_goods_put_back_on_the_shelf_can_be_picked_again(room: StockRoom) -> None:
    await room.stocked({"BEANS": "10"})
    await room.hear(placed("A", [("BEANS", "5")]))
    shipments = await packed(room, "A")
    answer = await room.ask(handlers.unpick_shipments, UnpickShipments(cause(), shipments))
    assert shipments_of(answer)[0]["state"] == "withdrawn"
    assert refusal(await dispatch(room, *shipments))[0] == "shipment-withdrawn"
    assert await room.stock("BEANS") == ("10", "5"), "the order keeps its stock"
    await dispatch(room, *await packed(room, "A"))
    assert await room.stock("BEANS") == ("5", "0")


async def test_of_sixty_clerks_who_pick_the_last_five_units_exactly_five_succeed(room: StockRoom) -> None:
    """I7: quantities can never be picked or shipped twice under races."""
    await room.stocked({"BEANS": "5"})
    await room.hear(placed("A", [("BEANS", "5")]))
    results = await asyncio.gather(*[room.ask(handlers.pick_orders, picking("A", lines=[(1, 1)])) for _ in range(60)])
    assert sum(isinstance(result, Answer) for result in results) == 5
    assert {refusal(result)[0] for result in results if isinstance(result, Refused)} == {"not-enough-reserved"}
    shipments = [UUID(shipments_of(result)[0]["shipment"]) for result in results if isinstance(result, Answer)]
    await pack(room, *shipments)
    left = await asyncio.gather(*[dispatch(room, one) for one in shipments for _ in range(4)])
    assert sum(isinstance(result, Answer) for result in left) == 5
    assert await room.stock("BEANS") == ("0", "0")
    numbers = [one["number"] for result in left if isinstance(result, Answer) for one in shipments_of(result)]
    assert sorted(numbers) == [f"DN-2026-{n:06d}" for n in range(1, 6)]
    assert [t.data["complete"] for t in await room.told("ShipmentDispatched")].count(True) == 1
    assert await room.differences() == []


async def test_a_hundred_shipments_leave_with_as_many_statements_as_ten(room: StockRoom) -> None:
    """I7: up to 100 shipments a call, at a constant number of statements."""
    await room.stocked({"BEANS": "1000"})
    await room.hear(*[placed(f"O{n}", [("BEANS", "1")]) for n in range(110)], placed("first", [("BEANS", "1")]))
    counts: list[int] = []
    await dispatch(room, *await packed(room, "first"))  # connections learn their statements
    for names in ([f"O{n}" for n in range(10)], [f"O{n}" for n in range(10, 110)]):
        async with counting_statements(room.database) as counted:
            await dispatch(room, *await packed(room, *names))
        counts.append(len(counted.queries))
    assert counts[0] == counts[1]
    assert await room.stock("BEANS") == ("889", "0")


async def test_a_cancellation_takes_picked_goods_back_from_their_parcels(room: StockRoom) -> None:
    """I3: cancelled at the stage `picked`: released, and the parcel cannot leave any more."""
    await room.stocked({"BEANS": "10"})
    await room.hear(placed("A", [("BEANS", "5")]))
    shipments = await packed(room, "A")
    await room.hear(cancelled("A"))
    (told,) = await room.told("ReservationReleased")
    assert told.data["lines"] == [{"line": 1, "item": "BEANS", "quantity": "5"}]
    assert refusal(await dispatch(room, *shipments))[0] == "shipment-withdrawn"
    assert await room.stock("BEANS") == ("10", "0")
    assert await room.differences() == []


async def test_a_cancellation_after_goods_have_left_is_refused_by_a_typed_event(room: StockRoom) -> None:
    """I3: cancelled when all of it has left: refused, and nothing changes."""
    await room.stocked({"BEANS": "10"})
    await room.hear(placed("A", [("BEANS", "5")]))
    await dispatch(room, *await packed(room, "A", lines=[(1, 5)]))
    before = await room.stock("BEANS")
    await room.hear(cancelled("A"))
    (told,) = await room.told("CancellationRefused")
    assert (told.key, told.data["code"], told.data["stage"]) == (order_id("A"), "already-shipped", "shipped")
    assert await room.told("ReservationReleased") == []
    assert await room.stock("BEANS") == before


@pytest.mark.parametrize(("leaves", "code"), [(False, "already-picked"), (True, "already-shipped")])
async def test_a_change_after_goods_were_picked_is_refused_by_a_typed_event(
    room: StockRoom, leaves: bool, code: str
) -> None:
    """I3: changed at the stages `picked` and `shipped`."""
    await room.stocked({"BEANS": "10"})
    await room.hear(placed("A", [("BEANS", "5")]))
    shipments = await packed(room, "A")
    if leaves:
        await dispatch(room, *shipments)
    await room.hear(changed("A", 2, [("BEANS", "1")]))
    (told,) = await room.told("OrderChangeRefused")
    assert (told.data["code"], told.data["revision"]) == (code, 2)
    assert (await room.stock("BEANS")) == (("5", "0") if leaves else ("10", "5"))


async def test_a_changed_order_ships_its_last_revision(room: StockRoom) -> None:
    """I7: the goods and words of the revision that stands."""
    await room.stocked({"BEANS": "10", "MUG": "10"})
    await room.hear(placed("A", [("BEANS", "5")]), changed("A", 2, [("MUG", "3")]))
    await dispatch(room, *await packed(room, "A"))
    (told,) = await room.told("ShipmentDispatched")
    assert (told.data["revision"], told.data["complete"]) == (2, True)
    assert [(line["item"], line["quantity"]) for line in told.data["lines"]] == [("MUG", "3")]
    assert (await room.stock("BEANS"), await room.stock("MUG")) == (("10", "0"), ("7", "0"))
    assert await room.differences() == []


async def test_the_door_speaks_http(room: StockRoom) -> None:
    """I7: picks, packs and dispatches as a clerk's screen sends them."""
    await room.stocked({"BEANS": "10"})
    await room.hear(placed("A", [("BEANS", "5")]))
    at = "/v1/companies/acme"
    async with room.client(build) as client:

        async def post(path: str, body: dict[str, Any]) -> Any:
            response = await client.post(f"{at}/{path}", json=body, headers={"idempotency-key": str(new_id())})
            assert response.status_code < 300, response.text
            return response.json()

        body = {"picks": [{"order": order_id("A"), "lines": [{"line": 1, "quantity": "2"}]}]}
        shipment = (await post("picks", body))["shipments"][0]["shipment"]
        (open_one,) = (await client.get(f"{at}/shipments")).json()["shipments"]
        assert (open_one["shipment"], open_one["state"]) == (shipment, "picked")
        await post("packs", {"packs": [{"shipment": shipment, "packages": 3}]})
        await post("dispatches", {"shipments": [{"shipment": shipment, "carrier": "ACS"}]})
        shown = (await client.get(f"{at}/shipments/{shipment}")).json()
        assert (shown["state"], shown["packages"], shown["complete"]) == ("shipped", 3, False)
        assert shown["lines"] == [{"line": 1, "item": "BEANS", "quantity": "2", "bins": []}]
        (line,) = (await client.get(f"{at}/reservations/{order_id('A')}")).json()["lines"]
        assert (line["reserved"], line["shipped"], line["picked"]) == ("3", "2", "0")
        assert (await client.get(f"{at}/shipments/{new_id()}")).status_code == 404
        assert (await client.get(f"{at}/stock-check")).json()["balanced"] is True


async def test_the_database_refuses_to_ship_more_than_was_ordered(room: StockRoom) -> None:
    """I7: whatever the code above believes."""
    await room.stocked({"BEANS": "10"})
    await room.hear(placed("A", [("BEANS", "5")]))
    await packed(room, "A")
    with pytest.raises(Exception, match="never_shipped_twice"):
        async with room.database.unit(["acme"]) as unit:
            await unit.raw.execute("update line_progress set shipped = 1")
    with pytest.raises(Exception, match="permission denied"):
        async with room.database.unit(["acme"]) as unit:
            await unit.raw.execute("update shipment_line set quantity = 1")


def sample_data(kind: str) -> dict[str, Any]:
    from contracts import published

    return dict(published.sample(kind).data)
