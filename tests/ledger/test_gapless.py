"""Numbers under a crowd: no gap, no repeat, nobody waits in vain."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from chassis.consumers import Consumers
from chassis.corridor import Corridor
from services.ledger.consumers import consumers
from tests.ledger.desk import Desk, Order

CROWD = 50


async def test_fifty_billing_at_once_leave_no_gap_and_no_repeat_and_none_times_out(desk: Desk) -> None:
    """L7: 50 parallel posts of two companies: every number once, none left out, no lock timeout, no deadlock."""
    await desk.set_up("beta")
    orders = [Order(f"N-{n}", company=("acme", "beta")[n % 2]) for n in range(CROWD)]

    async def bill(place: int, order: Order) -> None:
        own = Consumers("ledger")
        own.handled, own.ignored = consumers.handled, consumers.ignored
        corridor = Corridor(desk.database, own, desk.metrics)
        for event in (order.placed(), order.reserved()):
            await corridor.take([replace(event.record(0), partition=place)])

    await asyncio.gather(*(bill(place, order) for place, order in enumerate(orders)))

    numbers = await desk.rows("select company, serial from invoice where series = 'INV' order by company, serial")
    assert numbers == [(company, n) for company in ("acme", "beta") for n in range(1, CROWD // 2 + 1)]
    assert await desk.held() == []
    assert await desk.rows("select deadlocks from pg_stat_database where datname = current_database()") == [(0,)]
    assert await desk.faults() == []
