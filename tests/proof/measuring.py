"""How much a house can do: a short measurement, of which the rated load is half."""

from __future__ import annotations

import time

from tests.proof.house import House
from tests.proof.load.intents import orders_alone
from tests.proof.load.sending import Load
from tests.proof.watching import completions

FLOOD_PER_S = 2_000.0
FLOOD_ORDERS = 3_000


async def rated_per_s(house: House, seed: int = 1, orders: int = FLOOD_ORDERS) -> float:
    """Half of the orders per second that this house completes when it is given more than it can do."""
    mix = orders_alone(batch=50)
    load = Load(house, FLOOD_PER_S, clients=8, seed=seed, mix=mix)
    began_ns = time.time_ns()
    tally = await load.send(orders)
    await house.rest()
    done = (await completions(house.stack.kafka_bootstrap, tally.asked_ns))["order"]
    seconds = (max(at_ns for _, at_ns in done) - began_ns) / 1e9
    return len(done) / seconds / 2
