"""Layers of goods at one price: of each warehouse by itself, carried from one to the next, never walked through."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest

from chassis.ids import UUID
from chassis.requests import Answer
from services.inventory import handlers
from services.inventory.commands import (
    AllowNegative,
    ArriveGoods,
    CloseTransfer,
    CountStock,
    DecideClosing,
    SendGoods,
    SetTolerance,
)
from services.inventory.domain.layers import NO_LAYER, Layer, Method, Pool
from services.inventory.domain.valuing import Stock
from services.inventory.main import build
from services.inventory.translate.movements import document_id
from tests.chassis.statements import counting_statements
from tests.inventory.room import StockRoom, cause
from tests.inventory.test_values import ship
from tests.support.revisions import done_again

UNIT = 1_000_000
PIRAEUS = "PIRAEUS"


def nov(day: int) -> date:
    return date(2026, 11, day)


async def sent(
    room: StockRoom, quantity: int, on: date, *skus: str, source: str = "MAIN", target: str = PIRAEUS
) -> UUID:
    why = cause()
    lines = [(sku, quantity * UNIT) for sku in skus or ("BEANS",)]
    command = SendGoods(why, document_id("transfer", why), str(why.id), source, target, on, lines)
    assert isinstance(await room.ask(handlers.send_goods, command), Answer)
    return command.transfer


async def arrived(room: StockRoom, transfer: UUID, quantity: int, on: date, *skus: str) -> None:
    lines = [(sku, quantity * UNIT) for sku in skus or ("BEANS",)]
    assert isinstance(await room.ask(handlers.arrive_goods, ArriveGoods(cause(), transfer, on, lines)), Answer)


async def found(room: StockRoom, quantity: int, on: date, place: str) -> None:
    await room.ask(handlers.set_tolerances, SetTolerance(cause(), 1_000_000))
    why = cause()
    counted = CountStock(why, document_id("count", why), str(why.id), place, on, "cycle", [("BEANS", quantity * UNIT)])
    assert isinstance(await room.ask(handlers.count_stock, counted), Answer)


async def layers(room: StockRoom, sku: str = "BEANS") -> dict[str, list[tuple[str, str]]]:
    """By warehouse, after an audit: they are what is on hand, and worth what the documents say."""
    async with room.client(build) as client:
        shown = (await client.get(f"/v1/companies/acme/valuation/layers/{sku}")).json()
    assert shown["explained"], shown
    return {
        at["warehouse"]: [(layer["quantity"], layer["value"]) for layer in at["layers"]]
        for at in shown["places"]
        if at["layers"]
    }


async def worth(room: StockRoom) -> list[tuple[str, str]]:
    return [(told.data["kind"], told.data["value"]) for told in await room.told("StockValued")]


async def two_places(room: StockRoom) -> None:
    """Ten in each, for 1.00 in MAIN and for 3.00 in PIRAEUS."""
    await room.values(BEANS="fifo")
    await room.places(PIRAEUS)
    await room.receive([("BEANS", "10")], cost="3.00", received_on=nov(1), warehouse=PIRAEUS)
    await room.receive([("BEANS", "10")], cost="1.00", received_on=nov(2))


async def test_each_warehouse_has_layers_of_its_own(room: StockRoom) -> None:
    """I14: what leaves MAIN costs what lay in MAIN, though older goods lie elsewhere; the audit shows both."""
    await two_places(room)
    await ship(room, "A", "BEANS", "4", nov(3))
    await found(room, 8, nov(4), PIRAEUS)
    assert [told.data["cost"] for told in await room.told("StockIssued")] == ["4.00"]
    assert (await worth(room))[-1] == ("count", "-6.00")
    assert await layers(room) == {"MAIN": [("6", "6.00")], PIRAEUS: [("8", "24.00")]}


async def test_goods_keep_their_cost_from_one_warehouse_to_the_next(room: StockRoom) -> None:
    """I14: the oldest leave first, and stand last in line where they arrive; no value changes by it."""
    await two_places(room)
    await room.receive([("BEANS", "5")], cost="2.00", received_on=nov(3))
    before = await worth(room)
    transfer = await sent(room, 12, nov(4))
    assert await layers(room) == {
        "MAIN": [("3", "6.00")], "TRANSIT": [("10", "10.00"), ("2", "4.00")], PIRAEUS: [("10", "30.00")],
    }  # fmt: skip
    await arrived(room, transfer, 11, nov(5))
    assert await layers(room) == {
        "MAIN": [("3", "6.00")], "TRANSIT": [("1", "2.00")], PIRAEUS: [("10", "30.00"), ("10", "10.00"), ("1", "2.00")],
    }  # fmt: skip
    assert await worth(room) == before
    async with room.client(build) as client:
        span = {"from": "2026-11-01", "to": "2026-11-30"}
        listed = (await client.get("/v1/companies/acme/valuation/documents", params=span)).json()["documents"]
    assert {one["kind"] for one in listed} == {"receipt"}, "a move from place to place changes no value"
    await room.ask(handlers.close_transfers, CloseTransfer(cause(), transfer))
    agreed = DecideClosing(cause()._replace(actor="maria"), transfer, approved=True)
    assert isinstance(await room.ask(handlers.decide_closings, agreed), Answer)
    assert (await worth(room))[-1] == ("transit-loss", "-2.00")
    await found(room, 10, nov(6), PIRAEUS)
    assert (await worth(room))[-1] == ("count", "-31.00"), "ten for 3.00, and the first of those that came"


async def test_a_late_receipt_is_worked_in_wherever_its_goods_have_gone(room: StockRoom) -> None:
    """I14, I15: cheaper goods came first to MAIN; what was carried to PIRAEUS and lost there cost less, said once."""
    await two_places(room)
    await arrived(room, await sent(room, 10, nov(4)), 10, nov(5))
    await found(room, 5, nov(6), PIRAEUS)
    assert (await worth(room))[-1] == ("count", "-35.00")
    assert await layers(room) == {PIRAEUS: [("5", "5.00")]}
    await room.receive([("BEANS", "10")], cost="0.50", received_on=date(2026, 10, 30), reference="LATE")
    # What went to PIRAEUS cost 0.50 each, of which five are lost: 2.50 less was lost than was said.
    assert (await worth(room))[-2:] == [("receipt", "5.00"), ("revaluation", "2.50")]
    assert await layers(room) == {"MAIN": [("10", "10.00")], PIRAEUS: [("5", "2.50")]}


async def test_a_late_transfer_makes_one_difference_and_rewrites_nothing(room: StockRoom) -> None:
    """I14, I15: the cheap ones had been carried away before others left; posted today, about the transfer."""
    await two_places(room)
    await room.receive([("BEANS", "10")], cost="2.00", received_on=nov(3))
    await ship(room, "A", "BEANS", "5", nov(10))
    before = await room.rows("select move, value from stock_move order by move")
    transfer = await sent(room, 10, nov(5))
    assert (await room.rows("select move, value from stock_move order by move"))[: len(before)] == before
    late = (await room.told("StockValued"))[-1]
    assert (late.data["kind"], late.data["value"], late.data["about"]) == ("revaluation", "-5.00", str(transfer))
    assert await layers(room) == {
        "MAIN": [("5", "10.00")], "TRANSIT": [("10", "10.00")], PIRAEUS: [("10", "30.00")],
    }  # fmt: skip


async def test_goods_that_arrive_where_more_had_left_settle_what_that_cost(room: StockRoom) -> None:
    """I14: a provisional cost becomes the true one, whether goods are bought or come from another place."""
    await room.values(BEANS="fifo")
    await room.places(PIRAEUS)
    await room.receive([("BEANS", "10")], cost="3.00", received_on=nov(1), warehouse=PIRAEUS)
    await room.ask(handlers.allow_negative, AllowNegative(cause(), "MAIN", "BEANS", allowed=True))
    await room.receive([("BEANS", "1")], cost="5.00", received_on=nov(2))
    await ship(room, "A", "BEANS", "3", nov(3))
    await arrived(room, await sent(room, 4, nov(4), source=PIRAEUS, target="MAIN"), 4, nov(5))
    # Two left for a guess of 5.00 each and were of those for 3.00: four less than was said.
    assert (await worth(room))[-1] == ("revaluation", "4.00")
    assert await layers(room) == {"MAIN": [("2", "6.00")], PIRAEUS: [("6", "18.00")]}


async def test_the_average_is_one_over_all_warehouses(room: StockRoom) -> None:
    """I13: a move from place to place says nothing of an average, and has no value."""
    await room.values(BEANS="moving-average")
    await room.places(PIRAEUS)
    await room.receive([("BEANS", "10")], cost="3.00", received_on=nov(1), warehouse=PIRAEUS)
    await room.receive([("BEANS", "10")], cost="1.00", received_on=nov(2))
    await sent(room, 4, nov(3))
    await ship(room, "A", "BEANS", "4", nov(4))
    assert [told.data["cost"] for told in await room.told("StockIssued")] == ["8.00"]
    assert await layers(room) == {None: [("16", "32.00")]}
    assert await room.rows("select distinct value from stock_move where kind like 'transfer%'") == [(None,)]


@pytest.mark.parametrize("late", [False, True])
async def test_a_transfer_of_many_items_costs_as_many_statements_as_one_of_two(room: StockRoom, late: bool) -> None:
    counts = {}
    await room.places(PIRAEUS)
    for size in (2, 60):
        skus = [f"I{size}-{n:02}" for n in range(size)]
        await room.values(**dict.fromkeys(skus, "fifo"))
        await room.receive([(sku, "10") for sku in skus], cost="1", received_on=nov(1))
        await room.receive([(sku, "10") for sku in skus], cost="2", received_on=nov(10))
        day = nov(5) if late else nov(15)
        async with counting_statements(room.database) as counted:
            await arrived(room, await sent(room, 5, day, *skus), 5, day, *skus)
        counts[size] = counted.statements
    assert counts[2] == counts[60]


async def test_items_of_before_go_on_as_they_were_told(room: StockRoom) -> None:
    """I14: what lay in MAIN alone has layers there from now on; what had layers over all warehouses keeps them."""
    await room.places(PIRAEUS)
    await room.values(BEANS="fifo", TEA="fifo", MUG="moving-average")
    await room.receive([(sku, "10") for sku in ("BEANS", "TEA", "MUG")], cost="1.00", received_on=nov(1))
    await room.receive([("TEA", "10")], cost="3.00", received_on=nov(2), warehouse=PIRAEUS)
    flat = """{"layers": [[10000000, 1000]], "owed": [0, 0], "last": [10000000, 1000]}"""
    both = """{"layers": [[10000000, 1000], [10000000, 3000]], "owed": [0, 0], "last": [10000000, 3000]}"""
    undone = f"""
        set app.companies = 'acme';
        update item_cost set state = convert_to('{flat}', 'UTF8') where sku <> 'TEA';
        update item_cost set state = convert_to('{both}', 'UTF8') where sku = 'TEA';
        alter table item_cost drop column apart;"""

    url = room.urls.migration_url
    await done_again("inventory", url, "inventory_0008", undone_by=undone, before="inventory_0007")

    assert await room.rows("select sku from item_cost where apart") == [("BEANS",)]
    await sent(room, 4, nov(3), "BEANS", "TEA")
    assert await layers(room) == {"MAIN": [("6", "6.00")], "TRANSIT": [("4", "4.00")]}
    assert await layers(room, "TEA") == {None: [("10", "10.00"), ("10", "30.00")]}


class Unwalked(deque[Layer]):
    """Layers that nobody may walk through."""

    def __iter__(self) -> Iterator[Layer]:
        raise AssertionError("somebody walks through all layers")


@pytest.mark.parametrize("method", ["fifo", "moving-average"])
def test_an_issue_looks_at_the_layers_that_it_takes_alone(method: Method) -> None:
    """I14: what a line costs does not depend on how many layers there are, or were."""
    pool = Pool(method)
    for n in range(10_000):
        pool.put(Layer(UNIT, 100 + n))
    stock = Stock(method, apart=True, pools={"MAIN": pool}, last=Layer(UNIT, 100))
    worth = stock.value
    pool.layers = Unwalked(pool.layers)
    cost = sum(stock.issue("MAIN", 5 * UNIT // 2) for _ in range(3_000))
    assert stock.value == worth - cost
    assert stock.quantity == 2_500 * UNIT
    assert stock.transfer("MAIN", PIRAEUS, 2_500 * UNIT) == (worth - cost, 0)
    assert (pool.held, stock.value) == (NO_LAYER, worth - cost)


def facts(of: Any) -> tuple[int, int]:
    return of.quantity, of.value


def test_a_copy_goes_its_own_way() -> None:
    stock = Stock("fifo", apart=True)
    stock.receive("MAIN", 4 * UNIT, 100)
    other = stock.copy()
    other.issue("MAIN", 3 * UNIT)
    assert (facts(stock), facts(other)) == ((4 * UNIT, 100), (UNIT, 25))
