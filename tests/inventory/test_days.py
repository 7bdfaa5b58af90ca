"""Days: a company's own, none that has not come, and what was there at the end of an earlier one."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from chassis.errors import Refused
from chassis.ids import UUID
from chassis.requests import Answer, Result
from services.inventory import handlers
from services.inventory.commands import (
    ArriveGoods,
    CountStock,
    DecideCount,
    Dispatch,
    DispatchShipments,
    SendGoods,
    SetTolerance,
)
from services.inventory.domain.days import EARLIEST, Span, check_day, day_of, spans
from services.inventory.translate.movements import document_id
from tests.inventory.room import StockRoom, cause, placed
from tests.inventory.test_shipping import dispatch, packed

UNIT = 1_000_000
NIGHT = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
"""Already the 22nd in Athens, still the 21st in California."""
EVENING = date(2026, 11, 21)
MORNING = date(2026, 11, 22)


@pytest.mark.parametrize(
    ("day", "code"),
    [
        (MORNING, None),
        (MORNING + timedelta(days=1), "date-in-future"),
        (EARLIEST, None),
        (EARLIEST - timedelta(days=1), "date-too-early"),
        (date(1, 1, 1), "date-too-early"),
        (date(9999, 12, 31), "date-in-future"),
    ],
)
def test_something_happens_on_a_day_that_has_come(day: date, code: str | None) -> None:
    wrong = check_day(day, MORNING)
    assert (wrong.code if wrong else None) == code


def test_what_follows_does_not_come_before_what_it_follows() -> None:
    wrong = check_day(EVENING, MORNING, since=MORNING)
    assert wrong is not None
    assert wrong.code == "date-too-early"
    assert check_day(MORNING, MORNING, since=MORNING) is None


def test_a_companys_days_begin_in_its_own_time_zone() -> None:
    assert day_of(NIGHT, "Europe/Athens") == MORNING
    assert day_of(NIGHT, "America/Los_Angeles") == EVENING


def test_spans_have_the_first_and_the_last_day_of_each() -> None:
    found = spans([("a", MORNING), ("b", EVENING), ("a", EVENING)])
    assert found == {"a": Span(EVENING, MORNING), "b": Span(EVENING, EVENING)}


def code_of(result: Result) -> tuple[str, str | None]:
    assert isinstance(result, Refused), result
    return result.code, result.pointer


def sending(on: date, quantity: int = 1) -> SendGoods:
    why = cause()
    transfer = document_id("transfer", why)
    return SendGoods(why, transfer, str(transfer), "MAIN", "PIRAEUS", on, [("BEANS", quantity * UNIT)])


def counting(found: int, on: date, sku: str = "BEANS") -> CountStock:
    why = cause()
    number = document_id("count", why)
    return CountStock(why, number, str(number), "MAIN", on, "cycle", [(sku, found * UNIT)])


def line_of(answer: Result) -> dict[str, Any]:
    assert isinstance(answer, Answer), answer
    lines: list[dict[str, Any]] = answer.body["lines"]  # type: ignore[assignment]
    (line,) = lines
    return line


async def everything_on(room: StockRoom, day: date) -> list[Result]:
    """Each of the five documents that bear a day, at night."""
    receipt = room.receipt([("BEANS", "1")], received_on=day)
    sent = sending(EVENING)
    results = await room.at(NIGHT, handlers.receive_goods, receipt)
    results += await room.at(NIGHT, handlers.send_goods, sending(day))
    (first,) = await room.at(NIGHT, handlers.send_goods, sent)
    assert isinstance(first, Answer)
    results += await room.at(NIGHT, handlers.arrive_goods, ArriveGoods(cause(), sent.transfer, day, [("BEANS", UNIT)]))
    await room.hear(placed(f"A{day}", [("BEANS", "1")]))
    (shipment,) = await packed(room, f"A{day}")
    leave = DispatchShipments(cause(), day, [Dispatch(shipment, None, None)])
    results += await room.at(NIGHT, handlers.dispatch_shipments, leave)
    ((there,),) = await room.rows("select on_hand from stock_level where warehouse = 'MAIN'")
    return results + await room.at(NIGHT, handlers.count_stock, counting(there // UNIT, day))


async def test_today_is_the_companys_own_day_for_every_document(room: StockRoom) -> None:
    """I4: at three in the morning UTC it is the 22nd in Athens, and a day that has not come is refused by its name."""
    await room.values(BEANS="moving-average")
    await room.places("PIRAEUS")
    await room.receive([("BEANS", "50")], cost="1")
    assert [type(result) for result in await everything_on(room, MORNING)] == [Answer] * 5
    assert [code_of(result) for result in await everything_on(room, MORNING + timedelta(days=1))] == [
        ("date-in-future", f"/{name}")
        for name in ("received_on", "sent_on", "received_on", "dispatched_on", "counted_on")
    ]


async def test_where_it_is_still_yesterday_today_has_not_come(room: StockRoom) -> None:
    await room.values(zone="America/Los_Angeles", BEANS="moving-average")
    await room.places("PIRAEUS")
    await room.receive([("BEANS", "50")], cost="1")
    assert [code_of(result)[0] for result in await everything_on(room, MORNING)] == ["date-in-future"] * 5


async def test_what_nobody_dates_happens_on_the_companys_day(room: StockRoom) -> None:
    await room.values(zone="America/Los_Angeles", BEANS="moving-average")
    await room.receive([("BEANS", "5")], cost="1")
    await room.hear(placed("A", [("BEANS", "1")]))
    (shipment,) = await packed(room, "A")
    leave = DispatchShipments(cause(), None, [Dispatch(shipment, None, None)])
    (done,) = await room.at(NIGHT, handlers.dispatch_shipments, leave)
    assert isinstance(done, Answer)
    assert [t.data["dispatched_on"] for t in await room.told("ShipmentDispatched")] == [EVENING.isoformat()]


async def test_goods_do_not_arrive_before_they_were_sent(room: StockRoom) -> None:
    """I10: else they would have been nowhere, or twice."""
    await room.stocked({"BEANS": "5"})
    await room.places("PIRAEUS")
    sent = sending(MORNING)
    assert isinstance(await room.ask(handlers.send_goods, sent), Answer)
    early = ArriveGoods(cause(), sent.transfer, EVENING, [("BEANS", UNIT)])
    assert code_of(await room.ask(handlers.arrive_goods, early)) == ("date-too-early", "/received_on")


async def test_a_count_of_an_earlier_day_is_compared_with_that_day(room: StockRoom) -> None:
    """I17: 10 were there, 10 were counted, and only then did 4 leave and 2 come: nothing is missing."""
    await room.stocked({"BEANS": "10"})
    await room.receive([("BEANS", "2")], received_on=date(2026, 11, 25))
    await room.hear(placed("A", [("BEANS", "4")]))
    await dispatch(room, *await packed(room, "A"), on=date(2026, 11, 24))
    counted = await room.ask(handlers.count_stock, counting(10, date(2026, 11, 22)))
    line = line_of(counted)
    assert (line["expected"], line["difference"]) == ("10", "0")
    assert await room.stock("BEANS") == ("8", "0")


async def test_counts_of_one_group_see_each_other_by_their_days(room: StockRoom) -> None:
    """I17: the later day was counted first; the earlier one's difference is in what the next one expects."""
    await room.stocked({"BEANS": "10"})
    await room.ask(handlers.set_tolerances, SetTolerance(cause(), 1_000_000))
    later, earlier, last = counting(8, MORNING), counting(9, EVENING), counting(8, MORNING)
    results = await room.at(NIGHT + timedelta(days=1), handlers.count_stock, later, earlier, last)
    lines = [line_of(result) for result in results]
    assert [(line["expected"], line["difference"]) for line in lines] == [("10", "-2"), ("10", "-1"), ("7", "1")]
    assert await room.stock("BEANS") == ("8", "0")
    assert await room.differences() == []


@pytest.mark.parametrize("method", ["moving-average", "fifo"])
async def test_late_documents_of_one_group_cost_what_they_would_cost_one_by_one(room: StockRoom, method: str) -> None:
    """I15: whichever of them comes first, and though the second is late only because of the first."""
    await room.values(ONE=method, TWO=method)
    await room.ask(handlers.set_tolerances, SetTolerance(cause(), 1_000_000))
    for sku in ("ONE", "TWO"):
        await room.receive([(sku, "10")], cost="1.00", received_on=date(2026, 11, 1))
        await room.receive([(sku, "10")], cost="3.00", received_on=date(2026, 11, 5))

    def steps(sku: str) -> list[CountStock]:
        return [counting(15, date(2026, 11, 20), sku), counting(8, date(2026, 11, 3), sku)]

    now = datetime(2026, 11, 22, 12, tzinfo=UTC)
    for command in steps("ONE"):
        await room.at(now, handlers.count_stock, command)
    together = await room.at(now, handlers.count_stock, *steps("TWO"))
    assert all(isinstance(result, Answer) for result in together)
    one, two = await room.rows("select state, quantity, value from item_cost order by sku")
    assert one == two
    said: dict[str, list[tuple[str, str]]] = {"ONE": [], "TWO": []}
    for told in await room.told("StockValued"):
        for line in told.data["lines"]:
            said[line["item"]].append((told.data["kind"], line["value"]))
    assert said["ONE"] == said["TWO"]


async def test_the_second_persons_word_books_the_difference_of_the_day_of_the_count(room: StockRoom) -> None:
    """I17: what has moved since does not change what was missing then."""
    await room.stocked({"BEANS": "10"})
    counted = await room.ask(handlers.count_stock, counting(8, EVENING))
    assert isinstance(counted, Answer)
    await room.receive([("BEANS", "5")], received_on=MORNING)
    why = cause()._replace(actor="maria")
    decided = await room.ask(handlers.decide_counts, DecideCount(why, UUID(str(counted.body["count"])), approved=True))
    assert isinstance(decided, Answer)
    assert await room.stock("BEANS") == ("13", "0")
    assert await room.differences() == []
