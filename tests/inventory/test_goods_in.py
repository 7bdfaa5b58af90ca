"""Items and receipts, through the door on real PostgreSQL."""

from __future__ import annotations

import asyncio
from datetime import date

from chassis.errors import Refused
from chassis.requests import Answer
from services.inventory import handlers
from services.inventory.commands import DefineItems
from services.inventory.domain.items import ItemTerms
from services.inventory.translate.stock import item_id
from tests.chassis.statements import counting_statements
from tests.inventory.room import StockRoom, cause, placed


async def test_a_receipt_moves_stock_and_tells_so_for_each_item(room: StockRoom) -> None:
    await room.stocked({"BEANS": "1", "MUG": "0"})
    answer = await room.receive([("BEANS", "2.5"), ("MUG", "3"), ("BEANS", "0.5")], reference="GR-77")
    assert isinstance(answer, Answer)
    assert (answer.status, answer.headers["Location"]) == (201, f"receipts/{answer.body['receipt']}")
    assert answer.body["items"] == [
        {"sku": "BEANS", "quantity": "3", "on_hand": "4"},
        {"sku": "MUG", "quantity": "3", "on_hand": "3"},
    ]
    told = (await room.told("StockReceived"))[1:]
    assert [(t.key, t.data["quantity"], t.data["on_hand"]) for t in told] == [
        (str(item_id("acme", "BEANS")), "3", "4"),
        (str(item_id("acme", "MUG")), "3", "3"),
    ]
    assert {t.data["receipt"] for t in told} == {answer.body["receipt"]}
    moves = await room.rows(
        "select sku, quantity, line, effective_on from stock_move where document = $1 order by move",
        answer.body["receipt"],
    )
    assert moves == [
        ("BEANS", 2_500_000, 1, date(2026, 11, 20)),
        ("MUG", 3_000_000, 2, date(2026, 11, 20)),
        ("BEANS", 500_000, 3, date(2026, 11, 20)),
    ]
    assert await room.stock("BEANS") == ("4", "0")


async def test_a_receipt_with_an_unknown_item_is_refused_as_a_whole(room: StockRoom) -> None:
    await room.stocked({"BEANS": "1"})
    before = await room.told()
    refused = await room.receive([("BEANS", "1"), ("TEA", "1")])
    assert isinstance(refused, Refused)
    assert (refused.code, refused.pointer, refused.status) == ("item-unknown", "/lines/1/item", 422)
    assert await room.told() == before
    assert await room.stock("BEANS") == ("1", "0")
    assert await room.rows("select count(*) from receipt") == [(1,)]


async def test_goods_are_booked_once_under_their_reference(room: StockRoom) -> None:
    await room.stocked({"BEANS": "0"})
    first = await room.receive([("BEANS", "1")], reference="GR-X")
    again = await room.receive([("BEANS", "1")], reference="GR-X")
    assert isinstance(first, Answer)
    assert isinstance(again, Refused)
    assert (again.status, again.code, again.pointer) == (409, "receipt-exists", "/reference")
    assert again.extra == {"receipt": first.body["receipt"]}
    assert await room.stock("BEANS") == ("1", "0")


async def test_of_two_receipts_with_one_reference_in_one_group_the_first_is_booked(room: StockRoom) -> None:
    await room.stocked({"BEANS": "0"})
    commands = [room.receipt([("BEANS", "1")], reference="GR-X"), room.receipt([("BEANS", "2")], reference="GR-X")]
    async with room.database.unit(["acme"]) as unit:
        unit.now = commands[0].cause.at
        results = await handlers.receive_goods(commands, unit)
    assert [type(result) for result in results] == [Answer, Refused]
    assert await room.stock("BEANS") == ("1", "0")


async def test_receipts_with_one_reference_at_the_same_time_are_booked_once(room: StockRoom) -> None:
    await room.stocked({"BEANS": "0"})
    results = await asyncio.gather(*[room.receive([("BEANS", "1")], reference="GR-X") for _ in range(8)])
    assert sorted(type(result).__name__ for result in results) == ["Answer"] + ["Refused"] * 7
    assert await room.stock("BEANS") == ("1", "0")


async def test_an_item_defined_by_many_at_the_same_time_exists_once(room: StockRoom) -> None:
    asked = [DefineItems(cause(), [ItemTerms("BEANS", "Beans", "pcs")]) for _ in range(8)]
    results = await asyncio.gather(*[room.ask(handlers.define_items, command) for command in asked])
    assert sorted(result.status for result in results) == [200] * 7 + [201]
    assert len(await room.told("ItemDefined")) == 1


async def test_items_are_defined_all_or_none_and_a_sku_keeps_its_meaning(room: StockRoom) -> None:
    await room.stocked({"BEANS": "0"})
    wanted = [ItemTerms("MUG", "Mug", "pcs"), ItemTerms("BEANS", "Broad beans", "pcs")]
    refused = await room.ask(handlers.define_items, DefineItems(cause(), wanted))
    assert isinstance(refused, Refused)
    assert (refused.status, refused.code, refused.pointer) == (409, "item-exists", "/items/1/sku")
    assert await room.rows("select sku from item") == [("BEANS",)]
    assert await room.rows("select sku, on_hand from stock_level") == [("BEANS", 0)], "there is a row to lock at once"


async def test_goods_in_another_warehouse_are_kept_there_and_promised_to_nobody(room: StockRoom) -> None:
    await room.stocked({"BEANS": "1"})
    await room.places("PIRAEUS")
    assert isinstance(await room.receive([("BEANS", "50")], warehouse="PIRAEUS"), Answer)
    await room.hear(placed("A", [("BEANS", "2")]))
    assert [t.data["shortages"][0]["available"] for t in await room.told("ReservationRefused")] == ["1"]
    assert await room.differences() == []


async def test_a_group_costs_the_same_number_of_statements_for_2_receipts_and_for_200(room: StockRoom) -> None:
    await room.stocked({f"I{n}": "0" for n in range(30)})
    counts = []
    for size in (1, 2, 200):
        commands = [room.receipt([(f"I{(n + k) % 30}", "1") for k in range(5)]) for n in range(size)]
        async with counting_statements(room.database) as counted, room.database.unit(["acme"]) as unit:
            unit.now = commands[0].cause.at
            await handlers.receive_goods(commands, unit)
        counts.append(counted.statements)
    assert counts[1] == counts[2] <= 13  # one of them asks who waits for these goods
    assert await room.differences() == []
