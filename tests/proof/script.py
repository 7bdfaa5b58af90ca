"""A fixed course of wishes for a pair of companies: the same orders, money, cancellations, hires and goods."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Sequence

from tests.proof.house import House
from tests.proof.load.intents import Intent, Placed, Wishes
from tests.proof.load.sending import Load, Tally
from tests.proof.run import Run

PAID_EVERY = 3
CANCELLED_EVERY = 10
HIRED_EVERY = 15
RECEIVED_EVERY = 20


async def play(house: House, run: Run, orders: int) -> Tally:
    """Send the course and wait until nothing is on the way.

    Money and cancellations come when the orders have come to rest: what comes of both at once depends on who is first.
    """
    load = Load(house, run.rate_per_s, seed=run.seed)
    wishes = Wishes("script", house.companies, len(house.offices), random.Random(run.seed))
    placed = [wishes.order() for _ in range(orders)]
    hired = [wishes.hire() for _ in range(orders // HIRED_EVERY)]
    received = [wishes.receive() for _ in range(orders // RECEIVED_EVERY)]
    await _at_rate(load, [*placed, *hired, *received], run.rate_per_s)
    await house.rest()
    later = [*_later(wishes, placed)]
    await _at_rate(load, later, run.rate_per_s)
    await load.finish()
    await house.rest()
    return load.tally


def _later(wishes: Wishes, placed: Sequence[Intent]) -> list[Intent]:
    """Money for some orders, cancellations of others; never both, because then the order of arrival matters."""
    found: list[Intent | None] = []
    for number, intent in enumerate(placed):
        order: Placed | None = intent.order
        assert order is not None
        wishes.open.clear()
        wishes.open.append(order)
        if number % CANCELLED_EVERY == 0:
            found.append(wishes.cancel())
        elif number % PAID_EVERY == 0:
            found.append(wishes.pay())
    return [intent for intent in found if intent is not None]


async def _at_rate(load: Load, intents: Sequence[Intent], rate_per_s: float) -> None:
    began = time.monotonic()
    asking = []
    for number, intent in enumerate(intents):
        await asyncio.sleep(max(0.0, began + number / rate_per_s - time.monotonic()))
        asking.append(asyncio.create_task(load.ask(intent)))
    await asyncio.gather(*asking)
