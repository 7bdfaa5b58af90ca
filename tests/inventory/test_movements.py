"""Transfers, counts, units and stock below zero."""

from __future__ import annotations

from datetime import date
from fractions import Fraction
from typing import Any

import asyncpg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.errors import Refused
from chassis.ids import UUID
from chassis.requests import Answer, Result
from services.inventory import handlers
from services.inventory.commands import (
    AllowNegative,
    ArriveGoods,
    CloseTransfer,
    CountStock,
    DecideClosing,
    DecideCount,
    DefineItems,
    SendGoods,
)
from services.inventory.domain.items import ItemTerms
from services.inventory.domain.units import NotConverted, to_base
from services.inventory.translate.movements import document_id
from tests.inventory.room import StockRoom, cause, placed

UNIT = 1_000_000
DAY = date(2026, 11, 21)


async def send(room: StockRoom, quantity: int, on: date = DAY, target: str = "PIRAEUS", **more: Any) -> Result:
    why = cause()
    lines = [(more.get("sku", "BEANS"), quantity * UNIT)]
    transfer = document_id("transfer", why)
    command = SendGoods(why, transfer, more.get("reference", str(transfer)), "MAIN", target, on, lines)
    return await room.ask(handlers.send_goods, command)


def told(result: Result) -> dict[str, Any]:
    assert isinstance(result, Answer), result
    return dict(result.body)


def refused(result: Result) -> tuple[str, str | None]:
    assert isinstance(result, Refused), result
    return result.code, result.pointer


async def on_hand(room: StockRoom, sku: str = "BEANS") -> dict[str, int]:
    rows = await room.rows("select warehouse, on_hand from stock_level where sku = $1", sku)
    return {warehouse: quantity // UNIT for warehouse, quantity in rows}


async def test_goods_are_in_transit_until_they_arrive_and_what_is_lost_is_seen(room: StockRoom) -> None:
    """I10: sent 10, arrived 7, lost 3; at every step all of it is somewhere."""
    await room.values(BEANS="moving-average")
    await room.places("PIRAEUS")
    await room.receive([("BEANS", "20")], cost="2", received_on=date(2026, 11, 20))
    transfer = UUID(told(await send(room, 10))["transfer"])
    assert await on_hand(room) == {"MAIN": 10, "TRANSIT": 10}
    arrive = ArriveGoods(cause(), transfer, DAY, [("BEANS", 7 * UNIT)])
    (line,) = told(await room.ask(handlers.arrive_goods, arrive))["lines"]
    assert (line["arrived"], line["on_the_way"]) == ("7", "3")
    assert await on_hand(room) == {"MAIN": 10, "TRANSIT": 3, "PIRAEUS": 7}
    assert told(await room.ask(handlers.close_transfers, CloseTransfer(cause(), transfer)))["state"] == "closing"
    agreed = DecideClosing(cause()._replace(actor="maria"), transfer, approved=True)
    closed = told(await room.ask(handlers.decide_closings, agreed))
    assert (closed["state"], closed["lines"][0]["lost"]) == ("closed", "3")
    assert await on_hand(room) == {"MAIN": 10, "TRANSIT": 0, "PIRAEUS": 7}
    loss = (await room.told("StockValued"))[-1]
    assert (loss.data["kind"], loss.data["value"]) == ("transit-loss", "-6.00")
    assert await room.differences() == []
    again = ArriveGoods(cause(), transfer, DAY, [("BEANS", UNIT)])
    assert refused(await room.ask(handlers.arrive_goods, again))[0] == "transfer-closed"


async def test_more_than_was_sent_does_not_arrive_and_what_is_promised_is_not_sent(room: StockRoom) -> None:
    """I10: neither goods out of nothing, nor goods of an order."""
    await room.stocked({"BEANS": "10"})
    await room.places("PIRAEUS")
    await room.hear(placed("A", [("BEANS", "6")]))
    assert refused(await send(room, 5)) == ("insufficient-stock", "/lines/0/quantity")
    transfer = UUID(told(await send(room, 4))["transfer"])
    arrive = ArriveGoods(cause(), transfer, DAY, [("BEANS", 5 * UNIT)])
    assert refused(await room.ask(handlers.arrive_goods, arrive)) == ("more-than-sent", "/lines/0/quantity")
    assert refused(await send(room, 1, target="NOWHERE")) == ("warehouse-unknown", "/to")
    assert refused(await send(room, 1, target="MAIN")) == ("same-warehouse", "/to")
    assert refused(await send(room, 1, sku="TEA")) == ("item-unknown", "/lines/0/item")
    assert await room.differences() == []


async def count(room: StockRoom, found: int, by: str = "nikos", on: date = DAY) -> Result:
    why = cause()._replace(actor=by)
    number = document_id("count", why)
    return await room.ask(
        handlers.count_stock, CountStock(why, number, str(number), "MAIN", on, "cycle", [("BEANS", found * UNIT)])
    )


async def test_a_count_that_differs_needs_another_persons_word(room: StockRoom) -> None:
    """I17: beyond the tolerance nothing is booked until somebody else agrees."""
    await room.stocked({"BEANS": "10"})
    counted = told(await count(room, 8))
    assert (counted["state"], counted["lines"][0]["difference"]) == ("pending", "-2")
    assert await on_hand(room) == {"MAIN": 10}
    number = UUID(counted["count"])

    async def decide(by: str, *, approved: bool = True) -> Result:
        command = DecideCount(cause()._replace(actor=by), number, approved)
        return await room.ask(handlers.decide_counts, command)

    assert refused(await decide("nikos"))[0] == "same-person"
    assert told(await decide("maria"))["state"] == "adjusted"
    assert await on_hand(room) == {"MAIN": 8}
    assert refused(await decide("maria", approved=False))[0] == "count-decided"
    assert await room.differences() == []


async def test_a_count_does_not_take_what_is_promised(room: StockRoom) -> None:
    """I17: first the promise is released, then the goods are written off."""
    await room.stocked({"BEANS": "10"})
    await room.hear(placed("A", [("BEANS", "9")]))
    number = UUID(told(await count(room, 8))["count"])
    decision = DecideCount(cause()._replace(actor="maria"), number, approved=True)
    assert refused(await room.ask(handlers.decide_counts, decision)) == ("insufficient-stock", "/lines/0/counted")
    assert await on_hand(room) == {"MAIN": 10}


async def test_a_late_move_out_is_refused_where_a_later_day_would_lack_it(room: StockRoom) -> None:
    """I4: 10 on the 1st, 8 sent on the 10th, 8 received on the 12th: nothing more than 2 can have left on the 5th."""
    await room.stocked({"BEANS": "0"})
    await room.places("PIRAEUS")
    await room.receive([("BEANS", "10")], received_on=date(2026, 11, 1))
    await send(room, 8, date(2026, 11, 10))
    await room.receive([("BEANS", "8")], received_on=date(2026, 11, 12))
    assert refused(await send(room, 3, date(2026, 11, 5))) == ("insufficient-stock-later", "/lines/0/quantity")
    told(await send(room, 2, date(2026, 11, 5)))
    with pytest.raises(asyncpg.CheckViolationError, match="below zero at a later instant"):
        await take_behind_the_back(room)


async def take_behind_the_back(room: StockRoom) -> None:
    async with room.database.unit(["acme"]) as unit:
        await unit.raw.execute("update stock_level set on_hand = on_hand - 1000000 where warehouse = 'MAIN'")
        await unit.raw.execute(
            "insert into stock_move (company, warehouse, sku, quantity, kind, document, line, effective_on, "
            "recorded_at) values ('acme', 'MAIN', 'BEANS', -1000000, 'count', gen_random_uuid(), 1, "
            "'2026-11-05', now())"
        )


async def test_stock_goes_below_zero_only_where_that_is_allowed(room: StockRoom) -> None:
    """I4: refused by default, per item and warehouse."""
    await room.stocked({"BEANS": "1", "MUG": "1"})
    allow = AllowNegative(cause(), "MAIN", "BEANS", allowed=True)
    assert isinstance(await room.ask(handlers.allow_negative, allow), Answer)
    await room.hear(placed("A", [("BEANS", "5")]), placed("B", [("MUG", "5")]))
    assert [t.type for t in await room.told("StockReserved", "ReservationRefused")] == [
        "StockReserved",
        "ReservationRefused",
    ]
    back = AllowNegative(cause(), "MAIN", "BEANS", allowed=False)
    assert refused(await room.ask(handlers.allow_negative, back)) == ("stock-is-negative", "/allowed")


def test_a_thousand_quantities_in_another_unit_add_up_without_drift() -> None:
    """I19: exact or refused; a box of 12 and a bag of 0.333333, in and out a thousand times."""
    packs = {"box": 12 * UNIT, "bag": 333_333}
    for unit, holds in packs.items():
        there = 0
        for n in range(1, 1001):
            came, went = to_base(n * UNIT, unit, "pcs", packs), to_base((n - 1) * UNIT, unit, "pcs", packs)
            assert isinstance(came, int)
            assert isinstance(went, int)
            there += came - went
        assert there == 1000 * holds
    assert isinstance(to_base(1, "bag", "pcs", packs), NotConverted)


@given(quantity=st.integers(1, 10**15), holds=st.integers(1, 10**12))
def test_a_conversion_is_exact_or_refused(quantity: int, holds: int) -> None:
    """I19: never rounded, whatever the packaging holds."""
    exact = Fraction(quantity, UNIT) * Fraction(holds, UNIT)
    converted = to_base(quantity, "box", "pcs", {"box": holds})
    if isinstance(converted, NotConverted):
        assert (exact * UNIT).denominator > 1
    else:
        assert Fraction(converted, UNIT) == exact


async def test_goods_are_received_in_boxes_and_kept_in_pieces(room: StockRoom) -> None:
    """I19: the receipt says boxes, the shelf says pieces; a unit that the item has not is refused by name."""
    terms = ItemTerms("TEA", "Tea", "kg", "none", (("bag", 12_500_000),))
    assert isinstance(await room.ask(handlers.define_items, DefineItems(cause(), [terms])), Answer)
    (defined,) = [t for t in await room.told("ItemDefined") if t.data["sku"] == "TEA"]
    assert (defined.data["unit"], defined.data["packagings"]) == ("kg", [{"unit": "bag", "holds": "12.5"}])
    assert isinstance(await room.receive([("TEA", "3")], unit="bag"), Answer)
    assert await room.stock("TEA") == ("37.5", "0")
    assert refused(await room.receive([("TEA", "3")], unit="crate")) == ("unit-unknown", "/lines/0/unit")
