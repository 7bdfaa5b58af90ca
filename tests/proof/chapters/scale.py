"""What a long history costs: orders a second, reservation, trial balance and timeline, before and after (no fault)."""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Sequence

from tests.proof.chapter import Chapter, Length
from tests.proof.house import House
from tests.proof.load.intents import orders_alone
from tests.proof.load.sending import Load
from tests.proof.measuring import rated_per_s
from tests.proof.run import Run
from tests.proof.trial import Trial
from tests.proof.verdict import Verdict

ORDERS: dict[Length, int] = {"full": 200_000}
SAMPLE_ORDERS = 5_000
READS = 30
WORSE = 2.0
FLOOD_PER_S = 2_000.0


async def run(run: Run) -> Sequence[Verdict]:
    """Measure an empty house, fill it through its own doors, measure again: what might depend on history."""
    async with run.house() as house:
        trial = Trial(run, house, "scale", f"{ORDERS[run.length]} orders of history")
        fault = house.note("history", f"{ORDERS[run.length]} orders")
        before = await _measured(house, run, 1)
        mix = orders_alone(batch=100)
        load = Load(house, FLOOD_PER_S, clients=8, seed=run.seed + 7, mix=mix)
        trial.tally = await load.send(ORDERS[run.length])
        await house.rest()
        fault.end()
        after = await _measured(house, run, 2)
        for name, value in before.items():
            trial.figures[name] = f"{value:.4g} before, {after[name]:.4g} after"
            worse = value / after[name] if name.endswith("/s") else after[name] / value
            if worse > WORSE:
                trial.violations.append(f"{name} went from {value:.4g} to {after[name]:.4g}")
        return [trial.verdict(await house.check())]


async def _measured(house: House, run: Run, number: int) -> dict[str, float]:
    """The house's own figures now."""
    orders_per_s = 2 * await rated_per_s(house, run.seed + number, SAMPLE_ORDERS)
    code = house.companies[0].code
    (order,) = (await house.admin.get("/v1/orders", company=code, limit=1))["orders"]
    return {
        "orders/s": orders_per_s,
        "trial balance, ms": await _read_ms(house, f"/ledger/v1/companies/{code}/trial-balance"),
        "timeline, ms": await _read_ms(house, f"/v1/orders/{order['id']}"),
        "stock, ms": await _read_ms(house, f"/inventory/v1/companies/{code}/stock"),
        "list of orders, ms": await _read_ms(house, f"/v1/orders?company={code}"),
    }


async def _read_ms(house: House, path: str) -> float:
    took = []
    for _ in range(READS):
        began = time.perf_counter()
        await house.admin.get(path)
        took.append(1_000 * (time.perf_counter() - began))
        await asyncio.sleep(0.01)
    return statistics.median(took)


CHAPTER = Chapter(
    name="scale",
    fault="none: a history of 200,000 orders",
    about="Throughput and reads over a long history, made through the house's own doors, against an empty house.",
    run=run,
    seconds={"full": 2_400},
)
