"""Ten times the rated load: the excess is refused quickly, what is accepted is done, it is over at once (GOAL19)."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from pathlib import Path

from tests.proof.chapter import Chapter, Length
from tests.proof.house import House
from tests.proof.load.intents import Mix, orders_alone
from tests.proof.load.sending import Load, Office, Tally
from tests.proof.measuring import rated_per_s
from tests.proof.run import Run
from tests.proof.trial import Trial, completed_per_s
from tests.proof.verdict import Verdict
from tests.proof.watching import completions

FOR_S: dict[Length, float] = {"normal": 30, "full": 300}
TIMES = 10
BATCH = 100
"""In batches, because the generator would be the limit otherwise."""
SMALL_PER_S = 5.0
"""What the modest client asks for."""
GOODPUT = 0.8
REFUSED_P99_S = 0.1
NORMAL_S = 30.0
GROWTH_MAX_MIB = 400


async def run(run: Run) -> Sequence[Verdict]:
    """Measure; then ten times half of that from one greedy office, while a modest one goes on as ever."""
    async with run.house(split=("ledger",)) as house:
        trial = Trial(run, house, "overload", f"{TIMES} times the rated load")
        rated = await rated_per_s(house, run.seed)
        before_mib = _resident_mib(house)
        greedy, modest = _loads(house, run, rated)
        began_ns, began, used = time.time_ns(), time.monotonic(), time.process_time()
        fault = house.note("flood", f"{TIMES * rated:.0f} orders/s")
        async with modest.running():
            async with greedy.running():
                await asyncio.sleep(FOR_S[run.length])
                took, cpu = time.monotonic() - began, time.process_time() - used
                ended_ns = time.time_ns()
                peak_mib = _resident_mib(house)
            fault.end()
            await asyncio.sleep(5.0)
        trial.tally = modest.tally
        normal_s = await _normal_again(house, run)
        trial.figures["quiet after"] = f"{await house.rest():.1f} s"
        judged = await house.check()
        orders = greedy.tally.asked_ns["order"] | modest.tally.asked_ns["order"]
        done = (await completions(house.stack.kafka_bootstrap, {"order": orders}))["order"]
        goodput = completed_per_s(done, began_ns, ended_ns)
        offered = len(greedy.tally.answered) / took
        trial.figures |= {
            "rated": f"{rated:.0f} orders/s",
            "offered": f"{offered:.0f} orders/s by {100 * cpu / took:.0f} % of a core",
            "goodput": f"{goodput:.0f} orders/s, {100 * goodput / rated:.0f} % of rated",
            "normal again": f"{normal_s:.1f} s after the flood",
            "memory": f"{before_mib:.0f} MiB before, {peak_mib:.0f} MiB at the end of the flood, all services",
        }  # fmt: skip
        _judge(trial, goodput, rated, normal_s, peak_mib - before_mib)
        _judge_refusals(trial, greedy.tally)
        _judge_modest(trial, modest.tally)
        return [trial.verdict(judged)]


def _loads(house: House, run: Run, rated: float) -> tuple[Load, Load]:
    flood = orders_alone(batch=BATCH)
    greedy = Load(_Alone(house, 0), TIMES * rated, clients=32, seed=run.seed, mix=flood, retry=False)
    small = orders_alone(typed=Mix().typed)
    modest = Load(_Alone(house, 1), SMALL_PER_S, clients=4, seed=run.seed, mix=small)
    return greedy, modest


class _Alone:
    """A house with one front office only."""

    def __init__(self, house: House, office: int) -> None:
        self.history = house.history
        self.companies = house.companies
        self.offices: Sequence[Office] = [house.offices[office]]
        self.gateway = house.gateway


def _judge(trial: Trial, goodput: float, rated: float, normal_s: float, growth_mib: float) -> None:
    if goodput < GOODPUT * rated:
        trial.violations.append(f"GOAL19: goodput {goodput:.0f}/s is under 80 % of the rated {rated:.0f}/s")
    if normal_s > NORMAL_S:
        trial.violations.append(f"GOAL19: an order took {normal_s:.0f} s after the flood")
    if growth_mib > GROWTH_MAX_MIB:
        trial.violations.append(f"GOAL19: memory grew by {growth_mib:.0f} MiB")


def _judge_refusals(trial: Trial, tally: Tally) -> None:
    later = sorted(seconds for _, seconds, _ in tally.later)
    if not later:
        trial.violations.append("GOAL19: nothing was refused, so there was no overload")
        return
    p99 = later[int(0.99 * (len(later) - 1))]
    trial.figures["refused"] = f"{len(later)} batches, p50 {later[len(later) // 2]:.3f} s, p99 {p99:.3f} s"
    if p99 > REFUSED_P99_S:
        trial.violations.append(f"GOAL19: refusals took {p99:.3f} s (p99)")
    if silent := sum(not said for _, _, said in tally.later):
        trial.violations.append(f"GOAL19: {silent} refusals did not say when to come again")


def _judge_modest(trial: Trial, tally: Tally) -> None:
    """One greedy client does not starve another."""
    asked = len(tally.answered)
    at_once = sum(one.tries == 1 and 200 <= one.status < 300 for one in tally.answered)
    trial.figures["the modest client"] = f"{at_once} of {asked} accepted at the first try"
    if at_once < 0.95 * asked or tally.unknown:
        trial.violations.append(f"GOAL19: the modest client was refused: {at_once} of {asked} at the first try")


async def _normal_again(house: House, run: Run) -> float:
    """How long an order takes that is asked for when the flood is over."""
    load = Load(house, 1, seed=run.seed + 1, mix=orders_alone(typed=1))
    began = time.time_ns()
    tally = await load.send(1)
    while True:
        done = (await completions(house.stack.kafka_bootstrap, tally.asked_ns))["order"]
        if done:
            return (done[0][1] - began) / 1e9
        if time.time_ns() - began > 4 * NORMAL_S * 1e9:
            return (time.time_ns() - began) / 1e9
        await asyncio.sleep(1.0)


def _resident_mib(house: House) -> float:
    """Of all service processes."""
    kib = 0
    for name in house.stack.processes:
        for line in Path(f"/proc/{house.stack.pid(name)}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                kib += int(line.split()[1])
    return kib / 1_024


CHAPTER = Chapter(
    name="overload",
    fault="ten times the rated load from one greedy client",
    about="The excess is refused at once; what is accepted is done; a modest client notices nothing (GOAL19).",
    run=run,
    seconds={"normal": 110, "full": 450},
)
