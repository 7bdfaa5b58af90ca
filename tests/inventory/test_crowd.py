"""Many at once: the last unit goes to one buyer, and nobody waits for anybody crosswise."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from chassis.errors import Outcomes
from chassis.ids import UUID
from chassis.requests import Answer
from services.inventory import handlers
from services.inventory.commands import ReleaseStock, ReserveStock
from services.inventory.domain.book import OrderedLine
from tests.chassis.statements import counting_statements
from tests.inventory.room import StockRoom, cause, order_id, placed

ROUNDS = 5
BUYERS = 64


def wanting(name: str, *skus: str, quantity: int = 1_000_000) -> ReserveStock:
    lines = [OrderedLine(number, sku, quantity) for number, sku in enumerate(skus, 1)]
    return ReserveStock(cause(), UUID(order_id(name)), lines)


def dropping(name: str) -> ReleaseStock:
    return ReleaseStock(cause(), UUID(order_id(name)), "order-cancelled")


async def settle(room: StockRoom, *commands: ReserveStock | ReleaseStock) -> Outcomes:
    """In a transaction of its own."""
    async with room.database.unit(["acme"]) as unit:
        unit.now = commands[0].cause.at
        return await handlers.settle_orders(commands, unit)


async def test_the_last_unit_goes_to_exactly_one_of_64_buyers(room: StockRoom) -> None:
    await room.stocked({f"LAST{n}": "1" for n in range(ROUNDS)})
    for n in range(ROUNDS):
        await asyncio.gather(*[settle(room, wanting(f"r{n}b{b}", f"LAST{n}")) for b in range(BUYERS)])
        assert await room.stock(f"LAST{n}") == ("1", "1")
        refused = [t for t in await room.told("ReservationRefused") if t.data["shortages"][0]["item"] == f"LAST{n}"]
        assert len(refused) == BUYERS - 1
        assert {t.data["shortages"][0]["available"] for t in refused} == {"0"}
    assert len(await room.told("StockReserved")) == ROUNDS
    assert await room.differences() == []


async def test_of_200_orders_on_100_units_exactly_100_are_served(room: StockRoom) -> None:
    """I2: 200 reservations at once on 100 units; the other hundred get a typed refusal."""
    await room.stocked({"BEANS": "100"})
    batches: Sequence[list[ReserveStock]] = [[wanting(f"b{b}n{n}", "BEANS") for n in range(10)] for b in range(20)]
    await asyncio.gather(*[settle(room, *batch) for batch in batches])
    assert await room.stock("BEANS") == ("100", "100")
    assert len(await room.told("StockReserved")) == len(await room.told("ReservationRefused")) == 100


async def test_orders_that_name_items_in_opposite_order_do_not_block_each_other(room: StockRoom) -> None:
    skus = [f"I{n:02}" for n in range(12)]
    await room.stocked(dict.fromkeys(skus, "1000"))
    before = await deadlocks(room)

    async def worker(number: int) -> None:
        for turn in range(12):
            name = f"w{number}t{turn}"
            mine = skus[number % 5 :] if (number + turn) % 2 else skus[: 12 - number % 5][::-1]
            first = wanting(name, *mine, quantity=1000)
            if turn % 3 == 0:
                assert isinstance(await room.receive([(sku, "1") for sku in mine]), Answer)
            await settle(room, first, *[dropping(f"w{number}t{turn - 1}")] * (turn > 0))

    await asyncio.gather(*[worker(n) for n in range(10)])
    assert await deadlocks(room) == before
    assert await room.differences() == []


async def test_stock_is_locked_once_for_a_batch_of_every_kind(room: StockRoom) -> None:
    await room.stocked({"BEANS": "10", "MUG": "10"})
    await room.hear(placed("A", [("BEANS", "1")]), placed("B", [("MUG", "1")]))
    async with counting_statements(room.database) as counted:
        await settle(room, wanting("C", "BEANS"), dropping("B"), wanting("D", "MUG"), dropping("A"), dropping("C"))
    locks = [query for query in counted.queries if "from stock_level" in query and "for update" in query]
    assert len(locks) == 1


async def deadlocks(room: StockRoom) -> int:
    """How many deadlocks the server has resolved in this database."""
    ((count,),) = await room.rows("select deadlocks from pg_stat_database where datname = current_database()")
    return int(count)
