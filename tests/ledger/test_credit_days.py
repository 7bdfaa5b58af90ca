"""Days from which another limit, policy or rate holds: what was held passes on that day, without anybody's doing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import asyncpg

from chassis.jobs import JobWorkers
from chassis.telemetry import Metrics
from services.ledger import handlers
from services.ledger.commands import ChangeCustomer, ChangePolicy, NewRate, RecordRates
from services.ledger.domain.customers import CustomerChange
from services.ledger.domain.policy import PolicyChange
from services.ledger.jobs import jobs
from tests.ledger.desk import Desk, cause
from tests.ledger.test_credit import answers, careful, limit, order
from tests.support.eventually import eventually

__all__ = ["careful"]

EVENING = datetime(2026, 2, 1, 21, 30, tzinfo=UTC)
"""Of a day long past by the clock of the databases, in Athens half an hour before midnight."""
TOMORROW = date(2026, 2, 2)
MIDNIGHT = datetime(2026, 2, 1, 22, 0, tzinfo=UTC)
"""When the second of February begins in Athens."""


async def says(desk: Desk, handler: Any, command: Any, at: datetime = EVENING) -> None:
    """Run one command that was asked for at this moment."""
    await desk.do(handler, replace(command, cause=command.cause._replace(at=at)), now=at)


def raised(amount: int, since: date) -> ChangeCustomer:
    """C-1 may owe as much from a day on, in cents."""
    change = CustomerChange(since, None, None, None, None, None, {"EUR": amount})
    return ChangeCustomer("acme", "C-1", change, cause(), may_approve=True)


@asynccontextmanager
async def the_clock_works(desk: Desk) -> AsyncIterator[None]:
    """While the ledger's background work runs."""
    pool = await asyncpg.create_pool(desk.urls.relay_url, min_size=0, max_size=2)
    workers = asyncio.create_task(JobWorkers(jobs, desk.database, pool, Metrics("ledger")).run())
    try:
        yield
    finally:
        workers.cancel()
        with suppress(asyncio.CancelledError):
            await workers
        await pool.close()


async def due(desk: Desk) -> list[tuple[Any, ...]]:
    """The days that held orders are looked at, with the moment that they begin."""
    return await desk.rows("select company, key, run_at from job where queue = 'credit-days' order by key")


async def test_a_limit_of_a_later_day_lets_pass_on_that_day_what_fits_the_oldest_first(careful: Desk) -> None:
    """L10: nothing before the day; then what has room, once, and nobody has to do anything."""
    # Given three orders beyond the limit of 100.00
    for name, price in (("A", "120.00"), ("B", "500.00"), ("C", "130.00")):
        await careful.hear(order(name, price).placed())
    before = await answers(careful)

    # When a higher limit is agreed from tomorrow on, twice
    await says(careful, handlers.change_customers, raised(300_00, TOMORROW))
    await says(careful, handlers.change_customers, raised(250_00, TOMORROW))

    # Then nothing passes yet, and the clock comes when the day begins where the company is
    assert await answers(careful) == before
    assert await due(careful) == [("acme", TOMORROW.isoformat(), MIDNIGHT)]

    # When that moment has come, by the clock of the database
    async with the_clock_works(careful):
        await eventually(lambda: due(careful), lambda left: not left, what="the day has begun")

    # Then
    assert (await answers(careful))[len(before) :] == [("A", "room-again"), ("C", "room-again")]
    assert await careful.faults() == []


async def test_what_holds_today_already_is_looked_at_at_once_and_asks_for_no_clock(careful: Desk) -> None:
    await careful.hear(order("A", "120.00").placed())
    await says(careful, handlers.change_customers, raised(200_00, TOMORROW), MIDNIGHT)
    assert await due(careful) == []
    assert await answers(careful) == [("A", "held"), ("A", "room-again")]


async def test_a_lower_limit_of_a_later_day_takes_nothing_back(careful: Desk) -> None:
    await careful.hear(order("A", "90.00").placed())
    await says(careful, handlers.change_customers, raised(10_00, TOMORROW))
    async with the_clock_works(careful):
        await eventually(lambda: due(careful), lambda left: not left, what="the day has begun")
    assert await answers(careful) == [("A", "within-limit")]


async def test_a_company_that_asks_no_more_from_a_later_day_lets_everything_pass_on_it(careful: Desk) -> None:
    """L10: as it would at once if it stopped asking today."""
    await careful.hear(order("A", "120.00").placed(), order("B", "500.00").placed())
    off = ChangePolicy("acme", PolicyChange(TOMORROW, credit_check=False), None, cause())
    await says(careful, handlers.change_policies, off)
    assert [key for _, key, _ in await due(careful)] == [TOMORROW.isoformat()]
    async with the_clock_works(careful):
        await eventually(lambda: due(careful), lambda left: not left, what="the day has begun")
    assert sorted((await answers(careful))[2:]) == [("A", "not-asked"), ("B", "not-asked")]


async def test_a_rate_of_a_later_day_makes_the_clock_come_on_it(careful: Desk) -> None:
    """L10: a limit in another currency is worth something else from that day on."""
    await limit(careful, "C-3", 1_00, "USD")
    rates = RecordRates("acme", [NewRate("USD", TOMORROW, "0.90", "ECB", "/rates/0")], cause())
    await says(careful, handlers.record_rates, rates)
    assert [key for _, key, _ in await due(careful)] == [TOMORROW.isoformat()]


async def test_companies_that_never_asked_for_credit_have_no_such_days(desk: Desk) -> None:
    await limit(desk, "C-1", 100_00)
    await says(desk, handlers.change_customers, raised(200_00, TOMORROW))
    assert await due(desk) == []
