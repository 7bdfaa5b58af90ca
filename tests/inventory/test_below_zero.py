"""Where an item may go below zero, everything else goes on as it should."""

from __future__ import annotations

from chassis.requests import Answer
from services.inventory import handlers
from services.inventory.commands import AllowNegative
from services.inventory.main import build
from tests.inventory.room import StockRoom, cause, placed
from tests.inventory.test_shipping import dispatch, packed


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
