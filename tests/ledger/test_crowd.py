"""Many at once on the books of one company."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace

from chassis.consumers import Consumers
from chassis.corridor import Corridor
from services.ledger.consumers import consumers
from tests.ledger.desk import Desk, Order
from tests.support.department import Event

CROWD = 16
ORDERS = 12
"""Per batch."""


class Replica:
    """One of several processes of the ledger: it has partitions of its own."""

    def __init__(self, desk: Desk, number: int) -> None:
        own = Consumers("ledger")
        own.handled, own.ignored = consumers.handled, consumers.ignored
        self.corridor = Corridor(desk.database, own, desk.metrics)
        self.partition = number
        self.next: dict[str, int] = {}

    async def hear(self, events: Sequence[Event]) -> None:
        """Take a batch at the next offsets of this replica's partitions."""
        records = []
        for event in events:
            offset = self.next.get(event.topic, 0)
            self.next[event.topic] = offset + 1
            records.append(replace(event.record(offset), partition=self.partition))
        await self.corridor.take(records)


def story(number: int, companies: Sequence[str]) -> list[list[Event]]:
    """Batches that mix orders, reservations, payments and releases of two companies, in this replica's own order."""
    orders = [Order(f"{number}-{n}", company=companies[n % 2]) for n in range(ORDERS)]
    placed = [order.placed() for order in orders]
    reserved = [order.reserved() for order in orders]
    paid = [order.payment(f"P-{order.name}", "37.20") for order in orders]
    released = [order.released() for order in orders[::3]]
    if number % 2:
        return [reserved, paid + placed, released]
    return [placed + paid, reserved + released]


async def test_sixteen_batches_at_once_leave_no_gap_no_deadlock_and_books_that_add_up(desk: Desk) -> None:
    await desk.set_up("beta")
    companies = ("acme", "beta")

    async def run(number: int) -> None:
        replica = Replica(desk, number)
        for batch in story(number, companies if number % 3 else companies[::-1]):
            await replica.hear(batch)

    await asyncio.gather(*(run(number) for number in range(CROWD)))

    assert await desk.faults() == []
    assert await desk.held() == []
    assert await desk.rows("select deadlocks from pg_stat_database where datname = current_database()") == [(0,)]
    counters = await desk.rows("select series, sum(last)::int from number_counter group by 1 order by 1")
    assert counters == [("CN", CROWD * ORDERS // 3), ("INV", CROWD * ORDERS)]
    assert sum((await desk.open_items("acme")).values()) == sum((await desk.open_items("beta")).values()) == 0
