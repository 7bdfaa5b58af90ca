"""Many at once for one thing: the last unit, a hot product, one key, one series of invoices (GOAL14, GOAL15)."""

from __future__ import annotations

import asyncio
import random
import statistics
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from tests.proof.chapter import Chapter, Length
from tests.proof.house import House
from tests.proof.load.intents import RECEIVED_ON, Intent, Wishes
from tests.proof.load.sending import Load, Tally
from tests.proof.run import Run
from tests.proof.trial import Trial
from tests.proof.verdict import Verdict
from tests.proof.watching import events

BUYERS = 64
ROUNDS: dict[Length, int] = {"short": 2, "normal": 10, "full": 1_000}
AT_ONCE = 10
"""Rounds that go on at the same time."""
WRITERS = 64
HOT = 3
HOT_REQUESTS: dict[Length, int] = {"short": 320, "normal": 1_000, "full": 100_000}
REPEATS = 100
INVOICES = 50
P99_S = 0.5
LATER_OR_WELL = frozenset({0, 200, 201, 202, 429, 503})
"""0 is silence: asked again with its key, as all load is; it tells of a slow machine and of no conflict."""


async def run(run: Run) -> Sequence[Verdict]:
    """Each in turn, in one house; the last word has the checker."""
    async with run.house(split=("ledger",), share=True) as house:
        trial = Trial(run, house, "contention", f"{BUYERS} buyers, {WRITERS} writers, {REPEATS} repeats")
        load = Load(house, 1_000, clients=WRITERS, seed=run.seed)
        trial.tally = load.tally
        wishes = Wishes(f"rush{run.seed}", house.companies[:1], len(house.offices), random.Random(run.seed))
        await _last_unit(trial, house, load, wishes, ROUNDS[run.length])
        await _hot(trial, house, load, wishes, HOT_REQUESTS[run.length], judge_speed=run.length == "full")
        await _one_key(trial, house, load, wishes)
        await _one_series(trial, house, load, wishes)
        await load.finish()
        trial.figures["quiet after"] = f"{await house.rest():.1f} s"
        await _winners(trial, house, wishes.companies[0].code)
        _refusals(trial, load.tally)
        return [trial.verdict(await house.check())]


async def _last_unit(trial: Trial, house: House, load: Load, wishes: Wishes, rounds: int) -> None:
    """A unit of a thing of its own comes in, and everybody wants it."""
    company = wishes.companies[0]
    stock = f"/inventory/v1/companies/{company.code}"
    for begin in range(0, rounds, AT_ONCE):
        skus = [f"LAST{number}" for number in range(begin, min(rounds, begin + AT_ONCE))]
        items = {"items": [{"sku": sku, "name": sku} for sku in skus]}
        answer = await house.admin.post(f"{stock}/items/batch", items, key=f"last-{company.code}-{begin}")
        assert answer.status_code < 300, answer.text
        received = wishes.receive()
        lines = [{"item": sku, "quantity": "1"} for sku in skus]
        await load.ask(replace(received, body={**received.body, "lines": lines}))
        fault = house.note("last unit", f"{len(skus)} × {BUYERS} buyers")
        await load.ask(*(_wanting(wishes, sku) for sku in skus for _ in range(BUYERS)))
        fault.end()
    trial.figures["last unit"] = f"{rounds} rounds of {BUYERS} buyers"


def _wanting(wishes: Wishes, sku: str) -> Intent:
    intent = wishes.order()
    body: dict[str, Any] = {**intent.body}
    body["lines"] = [{**body["lines"][0], "item": sku}]
    return replace(intent, body=body)


async def _winners(trial: Trial, house: House, company: str) -> None:
    """Each last unit was reserved once."""
    reserved: Counter[str] = Counter()
    async for event in events(house.stack.kafka_bootstrap, ["inventory.reservations"]):
        if event.company == company and event.type == "StockReserved.v1":
            reserved.update(line["item"] for line in event.data["lines"] if line["item"].startswith("LAST"))
    rounds = int(trial.figures["last unit"].split()[0])
    trial.figures["winners"] = f"{sum(reserved.values())} of {rounds}"
    if wrong := {sku: count for sku, count in reserved.items() if count != 1}:
        trial.violations.append(f"GOAL14: reserved more than once: {wrong}")
    if len(reserved) != rounds:
        trial.violations.append(f"GOAL14: {rounds - len(reserved)} last units were sold to nobody")


async def _hot(trial: Trial, house: House, load: Load, wishes: Wishes, requests: int, *, judge_speed: bool) -> None:
    """Writers in a closed loop, all on three products of one company and the accounts behind them."""
    company = wishes.companies[0]
    hot = replace(company, items=company.items[:HOT])
    narrow = Wishes(f"hot{wishes.name}", (hot,), wishes.offices, random.Random(1))
    seconds: list[float] = []
    left = iter(range(requests))
    fault = house.note("hot", f"{HOT} products, {WRITERS} writers")

    async def writer(number: int) -> None:
        for count in left:
            intent = narrow.order() if count % 2 else _receipt(narrow, hot.items[count % HOT])
            began = time.monotonic()
            await load.ask(intent)
            seconds.append(time.monotonic() - began)

    await asyncio.gather(*(writer(number) for number in range(WRITERS)))
    fault.end()
    p99 = statistics.quantiles(seconds, n=100)[98]
    trial.figures["hot rows"] = f"{requests} requests, p50 {statistics.median(seconds):.3f} s, p99 {p99:.3f} s"
    if judge_speed and p99 > P99_S:
        trial.violations.append(f"GOAL15: p99 {p99:.2f} s over {P99_S} s")


def _receipt(wishes: Wishes, sku: str) -> Intent:
    intent = wishes.receive()
    lines = [{"item": sku, "quantity": "3"}]
    return replace(intent, body={"reference": intent.reference, "received_on": RECEIVED_ON, "lines": lines})


async def _one_key(trial: Trial, house: House, load: Load, wishes: Wishes) -> None:
    """One order, asked for a hundred times at once with its key: one effect, one answer."""
    intent = wishes.order()
    fault = house.note("one key", f"{REPEATS} repeats")
    await load.ask(*([intent] * REPEATS))
    fault.end()
    trial.figures["one key"] = f"{REPEATS} parallel repeats"


async def _one_series(trial: Trial, house: House, load: Load, wishes: Wishes) -> None:
    """Invoices of one series at once; the numbers are without a gap, which ledger and checker look at."""
    fault = house.note("one series", f"{INVOICES} invoices")
    await load.ask(*(wishes.order() for _ in range(INVOICES)))
    fault.end()


def _refusals(trial: Trial, tally: Tally) -> None:
    """No conflict ever reached anybody: each was accepted at its first try, or told to come again because of load."""
    strange = {status: count for status, count in tally.statuses.items() if status not in LATER_OR_WELL}
    trial.figures["answers"] = ", ".join(f"{status} × {count}" for status, count in sorted(tally.statuses.items()))
    if strange:
        trial.violations.append(f"GOAL15: a conflict reached a client: {strange}")
    if tally.unknown:
        trial.violations.append(f"{tally.unknown} operations were never answered")


CHAPTER = Chapter(
    name="contention",
    fault="64 buyers for the last unit, 64 writers on hot rows, 100 repeats of a key",
    about="Many at once want the last unit, the same rows, the same key, the next number (GOAL14, GOAL15).",
    run=run,
    seconds={"short": 25, "normal": 40, "full": 900},
)
