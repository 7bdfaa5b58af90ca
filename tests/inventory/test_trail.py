"""The audit trail of the stock room: one record per change of state, each by its cause."""

from __future__ import annotations

import httpx

from chassis.ids import new_id
from services.inventory.main import build
from tests.inventory.room import StockRoom, cancelled, placed
from tests.inventory.test_controls import AT, sent
from tests.inventory.test_controls import post as posted
from tests.inventory.test_shipping import dispatch, packed

WRITTEN = {
    "item-defined": "select count(*) from item",
    "goods-received": "select count(distinct document) from stock_move where kind = 'receipt'",
    "stock-reserved": "select count(*) from outbox where convert_from(headers, 'UTF8') like '%StockReserved.%'",
    "reservation-refused": "select count(*) from reservation where state = 'refused'",
    "reservation-released": "select count(*) from reservation where state = 'released'",
    "order-picked": "select count(*) from shipment",
    "shipment-packed": "select count(*) from shipment where packages is not null",
    "shipment-dispatched": "select count(*) from shipment where state = 'shipped'",
    "stock-counted": "select count(*) from stock_count",
    "count-adjusted": "select count(*) from stock_count where state = 'adjusted' and decided_by is not null",
    "goods-sent": "select count(*) from transfer",
    "goods-arrived": "select count(distinct document) from stock_move where warehouse = 'PIRAEUS' and quantity > 0",
}
"""What is counted beside the records of an action."""


async def test_every_change_of_stock_has_its_one_record_and_every_event_a_record_of_its_cause(room: StockRoom) -> None:
    """X10: from goods in to goods out, sent elsewhere and counted; records are counted against what is written."""
    # Given goods of which a part is sent to another place, where less arrives
    async with room.client(build) as client:
        await sent(room, client, 7)

        # When orders are reserved, refused, cancelled, and one is shipped
        for name, quantity in (("A", "2"), ("B", "3"), ("C", "500")):
            await room.hear(placed(name, [("BEANS", quantity)]))
        await dispatch(room, *await packed(room, "A"))
        await room.hear(cancelled("B"))

        # And the shelf is counted by one person, and believed by another
        lines = [{"item": "BEANS", "counted": "5"}]
        counted = {"reference": "C-1", "counted_on": "2026-11-21", "reason": "cycle", "lines": lines}
        count = (await posted(client, "counts", counted)).headers["location"]
        refused = await posted(client, f"{count}/decision", {"approved": True})
    async with room.client(build, name="maria") as maria:
        decided = await _decide(maria, str(count))

    # Then
    assert (refused.status_code, decided.status_code) == (409, 200), decided.text
    records = dict(await room.rows("select action, count(*) from audit group by action"))
    written = {action: (await room.rows(count))[0][0] for action, count in WRITTEN.items()}
    assert {action: records.get(action, 0) for action in WRITTEN} == written
    assert all(written.values()), "the story has each of them"
    assert await room.told_without_record() == []
    assert await room.rows("select count(*) from audit where actor = '' or cause is null") == [(0,)]


async def _decide(client: httpx.AsyncClient, count: str) -> httpx.Response:
    headers = {"idempotency-key": str(new_id())}
    return await client.post(f"{AT}/{count}/decision", json={"approved": True}, headers=headers)
