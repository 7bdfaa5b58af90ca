"""What was there at every later instant, for each day by itself: one request is not refused because of another one."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.errors import Refused
from chassis.ids import UUID
from chassis.requests import Answer
from services.inventory import handlers
from services.inventory.commands import CarryGoods, Dispatch, DispatchShipments, SendGoods
from services.inventory.domain.bins import Carried
from services.inventory.domain.lows import Lows
from services.inventory.translate.movements import document_id
from tests.inventory.room import StockRoom, cause, placed
from tests.inventory.test_shipping import packed

UNIT = 1_000_000
FIRST = date(2026, 11, 1)
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
Moves = list[tuple[int, int]]
"""Day and quantity, in the order in which they were booked."""


def on_day(number: int) -> date:
    return FIRST + timedelta(days=number)


def lowest_after(moves: Moves, day: int) -> int | None:
    """By going through all of them again, in the order of days."""
    ordered = sorted(moves, key=lambda move: move[0])
    if all(on <= day for on, _ in ordered):
        return None
    there, seen = sum(quantity for on, quantity in ordered if on <= day), []
    for on, quantity in ordered:
        if on > day:
            seen.append(there)
            there += quantity
    return min(seen)


some_moves = st.lists(st.tuples(st.integers(0, 6), st.integers(-9, 9)), max_size=8)


@given(before=some_moves, batch=some_moves, watched=st.sets(st.integers(0, 6), min_size=1))
def test_it_is_never_thought_to_have_been_more_than_there_was(before: Moves, batch: Moves, watched: set[int]) -> None:
    """I4: the batch's own moves are worked in; exactly, as long as it takes goods on days that it said it would."""
    told = {("k", on_day(day)): low for day in watched if (low := lowest_after(before, day)) is not None}
    lows = Lows({("k", on_day(day)) for day in watched}, told)
    moves, exact = list(before), True
    for day, quantity in batch:
        lows.move("k", on_day(day), quantity, sum(q for _, q in moves))
        moves.append((day, quantity))
        exact = exact and quantity < 0 and day in watched
    there = sum(quantity for _, quantity in moves)
    for day in watched:
        said, true = lows.after("k", on_day(day)), lowest_after(moves, day)
        assert min(there, there if said is None else said) <= min(there, there if true is None else true)
        if exact:
            assert min(there, there if said is None else said) == min(there, there if true is None else true)


async def dip(room: StockRoom) -> None:
    """Ten came on the 1st, eight left on the 10th, eight came on the 12th: between them there were two."""
    await room.stocked({"BEANS": "0"})
    await room.places("PIRAEUS")
    await room.receive([("BEANS", "10")], received_on=date(2026, 11, 1))
    await room.at(NOW, handlers.send_goods, sending(8, date(2026, 11, 10)))
    await room.receive([("BEANS", "8")], received_on=date(2026, 11, 12))


def sending(quantity: int, on: date) -> SendGoods:
    why = cause()
    transfer = document_id("transfer", why)
    return SendGoods(why, transfer, str(transfer), "MAIN", "PIRAEUS", on, [("BEANS", quantity * UNIT)])


@pytest.mark.parametrize("late_first", [False, True])
async def test_a_shipment_of_today_is_not_refused_because_another_one_is_of_an_earlier_day(
    room: StockRoom, late_first: bool
) -> None:
    """I4: five leave today, one left on the 5th, when only two could have: both in one commit."""
    await dip(room)
    await room.hear(placed("A", [("BEANS", "5")]), placed("B", [("BEANS", "1")]))
    (today,), (early,) = await packed(room, "A"), await packed(room, "B")
    commands = [leaving(today, None), leaving(early, date(2026, 11, 5))]
    results = await room.at(NOW, handlers.dispatch_shipments, *(commands[::-1] if late_first else commands))
    assert all(isinstance(result, Answer) for result in results), results
    assert await room.stock("BEANS") == ("4", "0")
    assert await room.differences() == []


def leaving(shipment: UUID, on: date | None) -> DispatchShipments:
    return DispatchShipments(cause(), on, [Dispatch(shipment, None, None)])


async def test_what_one_takes_early_another_one_cannot_take_as_well(room: StockRoom) -> None:
    """I4: of the two that were there on the 10th, one group takes two, and not three."""
    await dip(room)
    days = [date(2026, 11, 5), date(2026, 11, 6), date(2026, 11, 7)]
    one, other, third = await room.at(NOW, handlers.send_goods, *[sending(1, day) for day in days])
    assert isinstance(one, Answer)
    assert isinstance(other, Answer)
    assert isinstance(third, Refused)
    assert (third.code, third.extra["available"]) == ("insufficient-stock-later", "0")


async def test_bins_are_gone_through_by_the_day_as_well(room: StockRoom) -> None:
    """I4: the same, where goods are carried from a shelf."""
    await room.stocked({"BEANS": "0"})
    async with room.database.unit(["acme"]) as unit:
        await unit.raw.execute(
            "insert into bin (company, warehouse, bin, name, defined_at) values ('acme', 'MAIN', 'A', 'A', now())"
        )
    await room.receive([("BEANS", "30")], received_on=date(2026, 11, 1))
    for quantity, day in ((10, 1), (-8, 10), (8, 12)):
        await room.at(NOW, handlers.carry_goods, carrying(quantity, date(2026, 11, day)))
    both = carrying(-5, date(2026, 11, 20)), carrying(-1, date(2026, 11, 5))
    results = await room.at(NOW, handlers.carry_goods, *both)
    assert all(isinstance(result, Answer) for result in results), results


def carrying(quantity: int, on: date) -> CarryGoods:
    why = cause()
    source, target = (None, "A") if quantity > 0 else ("A", None)
    line = Carried("BEANS", abs(quantity) * UNIT, source, target)
    return CarryGoods(why, document_id("move", why), "MAIN", on, [line])
