"""Where an item may go below zero, everything else goes on as it should."""

from __future__ import annotations

import asyncio
from datetime import date

import pytest

from chassis.errors import Refused
from chassis.ids import new_id
from chassis.requests import Answer, Result
from contracts.money import to_micro
from services.inventory import handlers
from services.inventory.commands import AllowNegative, SendGoods
from services.inventory.domain.quantities import MICRO
from services.inventory.main import build
from tests.inventory.room import StockRoom, cause, placed
from tests.inventory.test_shipping import dispatch, packed
from tests.support.eventually import eventually


async def below_zero(room: StockRoom) -> None:
    """Ten of BEANS have left, and there were none."""
    await room.stocked({"BEANS": "0"})
    allow = AllowNegative(cause(), "MAIN", "BEANS", allowed=True)
    assert isinstance(await room.ask(handlers.allow_negative, allow), Answer)
    await room.hear(placed("A", [("BEANS", "10")]))
    assert isinstance(await dispatch(room, *await packed(room, "A")), Answer)
    assert await room.stock("BEANS") == ("-10", "0")


async def test_goods_come_in_where_more_had_left_than_there_was(room: StockRoom) -> None:
    """I4: a receipt into -10 is taken, and tells the level that is still below zero."""
    await below_zero(room)
    taken = await room.receive([("BEANS", "3")])
    assert isinstance(taken, Answer)
    assert taken.body["items"] == [{"sku": "BEANS", "quantity": "3", "on_hand": "-7"}]
    assert isinstance(await room.receive([("BEANS", "7")]), Answer)
    told = await room.told("StockReceived")
    assert [(t.envelope.type, t.data["on_hand"]) for t in told] == [
        ("StockReceived.v2", "-7"),
        ("StockReceived.v1", "0"),
    ]
    assert [t.sequence for t in told] == [2, 3], "one line of events, whatever their version"


async def test_a_level_below_zero_is_no_difference_where_that_is_allowed(room: StockRoom) -> None:
    """I4: the check of all levels says what is wrong, and this is not."""
    await below_zero(room)
    await room.hear(placed("B", [("BEANS", "5")]))
    async with room.client(build) as client:
        assert (await client.get("/v1/companies/acme/stock-check")).json() == {"balanced": True, "differences": []}


@pytest.mark.parametrize(
    ("item", "warehouse", "may"),
    [
        ([], [], False),
        ([True], [], True),
        ([True, False], [], False),
        ([], [True], True),
        ([], [True, False], False),
        ([True], [False], False),
        ([False], [True], True),
        ([True], [False, None], True),
        ([False], [True, None], False),
    ],
    ids=[
        "nothing is said: refused",
        "the item may, so it may in the warehouse",
        "the item may not any more",
        "in this warehouse it may",
        "in this warehouse it may not any more",
        "the item may, in this warehouse not",
        "the item may not, in this warehouse it may",
        "the warehouse follows an item that may again",
        "the warehouse follows an item that may not again",
    ],
)
@pytest.mark.parametrize("made", ["before", "after"])
async def test_the_word_of_a_warehouse_counts_before_that_of_the_item(
    room: StockRoom, item: list[bool], warehouse: list[bool | None], may: bool, made: str
) -> None:
    """I4: per item and warehouse, now and on an earlier day; a level that is made later follows its item too."""
    # Given 3 in SHOP on the 20th, of which all left on the 22nd; 5 came on the 24th. The words are said before or after
    await room.stocked({"BEANS": "0"})
    await room.places("SHOP", "YARD")
    if made == "after":
        await moved(room)
    for allowed in item:
        assert isinstance(await say(room, None, allowed), Answer)
    for word in warehouse:
        assert isinstance(await say(room, "SHOP", word), Answer)
    if made == "before":
        await moved(room)

    # When 2 are to leave on the 21st, of which there were 3 that day and none on the next
    early = await send(room, "2", 21)
    # And when more are to leave at last than there are
    late = await send(room, "9", 25)

    # Then both go where the word allows it, and nothing has happened where not
    codes = [answer.code if isinstance(answer, Refused) else answer.status for answer in (early, late)]
    assert codes == ([201, 201] if may else ["insufficient-stock-later", "insufficient-stock"])
    query = "select on_hand from stock_level where warehouse = 'SHOP'"
    assert await room.rows(query) == [((5 - 11 if may else 5) * MICRO,)]
    lowest = "select on_hand from stock_level where warehouse = 'TRANSIT' and negative_allowed"
    assert await room.rows(lowest) == []


async def test_what_is_below_zero_somewhere_keeps_an_item_as_it_is(room: StockRoom) -> None:
    """I4: no rule is switched off over what breaks it; the places are named, and one with its own word is not asked."""
    await room.stocked({"BEANS": "0"})
    await room.places("SHOP", "YARD")
    await say(room, None, True)
    assert isinstance(await send(room, "2", 21), Answer)

    refused = await say(room, None, False)
    assert isinstance(refused, Refused)
    assert (refused.code, refused.pointer) == ("stock-is-negative", "/allowed")
    assert refused.detail == "BEANS is below zero now in SHOP."
    assert isinstance(await send(room, "2", 21), Answer), "it still may"

    await say(room, "SHOP", True)
    assert isinstance(await say(room, None, False), Answer)
    assert isinstance(await send(room, "2", 21), Answer), "the warehouse has its own word"
    assert isinstance(await say(room, "SHOP", None), Refused)


async def test_nothing_but_an_administrator_s_whole_sentence_is_taken(room: StockRoom) -> None:
    """I4: through the door: for the item, for a warehouse, back to the item; what says nothing is refused."""
    await room.stocked({"BEANS": "0"})
    await room.places("SHOP")
    said = []
    async with room.client(build, scopes={"inventory:admin"}) as client:
        for n, body in enumerate(
            [
                {"item": "BEANS", "warehouse": None, "allowed": True},
                {"item": "BEANS", "warehouse": "SHOP", "allowed": False},
                {"item": "BEANS", "warehouse": "SHOP", "allowed": None},
                {"item": "BEANS", "warehouse": None, "allowed": None},
                {"item": "NONE", "warehouse": None, "allowed": True},
                {"item": "BEANS", "warehouse": "NOWHERE", "allowed": None},
            ]
        ):
            headers = {"Idempotency-Key": f"say-{n}"}
            answer = await client.post("/v1/companies/acme/negative-stock", json=body, headers=headers)
            told = answer.json()
            said.append((answer.status_code, told.get("allowed", str(told.get("type")).rpartition("/")[2])))
    assert said == [
        (200, True), (200, False), (200, True), (422, "invalid-request"), (422, "item-unknown"),
        (422, "warehouse-unknown"),
    ]  # fmt: skip


async def say(room: StockRoom, warehouse: str | None, allowed: bool | None) -> Result:
    return await room.ask(handlers.allow_negative, AllowNegative(cause(), warehouse, "BEANS", allowed))


async def moved(room: StockRoom) -> None:
    await room.receive([("BEANS", "3")], warehouse="SHOP", received_on=date(2026, 11, 20))
    assert isinstance(await send(room, "3", 22), Answer)
    await room.receive([("BEANS", "5")], warehouse="SHOP", received_on=date(2026, 11, 24))


async def send(room: StockRoom, quantity: str, day: int) -> Result:
    """Send some of BEANS from SHOP to YARD on a day of November."""
    why, name = cause(), f"T-{day}-{new_id()}"
    lines = [("BEANS", to_micro(quantity))]
    return await room.ask(
        handlers.send_goods, SendGoods(why, new_id(), name, "SHOP", "YARD", date(2026, 11, day), lines)
    )


async def test_a_level_that_is_made_while_its_item_s_word_changes_waits_and_follows_it(room: StockRoom) -> None:
    """I4: no level begins by a rule that was just given up."""
    await room.stocked({"BEANS": "0"})
    await room.places("SHOP")
    await say(room, None, True)

    # Given the item's word is being changed, and a receipt makes a level for another warehouse meanwhile
    async with room.database.unit(["acme"]) as unit:
        await handlers.allow_negative([AllowNegative(cause(), None, "BEANS", allowed=False)], unit)
        receiving = asyncio.create_task(room.receive([("BEANS", "3")], warehouse="SHOP"))
        waits = "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"
        await eventually(lambda: _some(room, waits), what="the receipt waits")

    # Then it follows the new word
    assert isinstance(await receiving, Answer)
    query = "select warehouse, negative_allowed, negative_own from stock_level order by warehouse"
    assert await room.rows(query) == [("MAIN", False, False), ("SHOP", False, False)]


async def _some(room: StockRoom, query: str) -> bool:
    ((count,),) = await room.rows(query)
    return bool(count)
