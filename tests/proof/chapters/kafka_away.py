"""Kafka is away for a minute and longer: all is accepted, and drained within the length of the outage (GOAL3)."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence

from tests.proof.chapter import Chapter, Length
from tests.proof.house import House
from tests.proof.load.sending import Tally
from tests.proof.measuring import rated_per_s
from tests.proof.run import Run
from tests.proof.trial import Trial
from tests.proof.verdict import Verdict
from tests.proof.watching import completions

AWAY_S: dict[Length, tuple[float, ...]] = {"short": (8,), "normal": (15,), "full": (60, 600)}
SHARE = 0.4
"""Of the measured maximum; the rated load is half of it."""
QUIET_S = 6.0
DRAIN_MIN_S = 15.0
"""A short outage is also a restart of Kafka and of every reader's back-off; less than this is no demand."""


async def run(run: Run) -> Sequence[Verdict]:
    """One verdict per length of the outage."""
    return [await _away(run, seconds) for seconds in AWAY_S[run.length]]


async def _away(run: Run, seconds: float) -> Verdict:
    async with run.house(share=True) as house:
        if run.length != "short":
            run.rate_per_s = 2 * SHARE * await rated_per_s(house, run.seed)
        trial = Trial(run, house, "kafka_away", f"Kafka away {seconds:.0f} s")
        window: list[float] = []
        back_ns: list[int] = []

        async def away(house: House, _: Tally) -> None:
            fault = house.note("away", "kafka")
            window.append(time.monotonic())
            await house.stack.kill("kafka")
            await asyncio.sleep(seconds)
            window.append(time.monotonic())
            await house.stack.restart("kafka")
            fault.end()
            back_ns.append(time.time_ns())
            await asyncio.sleep(seconds)  # the arrivals go on while it drains

        verdict = await trial.go(away, quiet_s=QUIET_S)
        trial.figures["rate"] = f"{run.rate_per_s:.0f} orders/s"
        _judge_acceptance(trial, *window)
        drained_s = await _drained_s(house, trial, back_ns[0])
        trial.figures["drained"] = f"{drained_s:.1f} s after Kafka was back, under the same load"
        if run.length != "short" and drained_s > max(seconds, DRAIN_MIN_S):
            trial.violations.append(f"GOAL3: drained in {drained_s:.1f} s, longer than the outage of {seconds:.0f} s")
        return trial.again(verdict)


async def _drained_s(house: House, trial: Trial, back_ns: int) -> float:
    """From Kafka's return until the last order that was asked for before has its paper, in seconds."""
    orders = (await completions(house.stack.kafka_bootstrap, trial.tally.asked_ns))["order"]
    waited = [done for asked, done in orders if asked < back_ns]
    return max(0.0, (max(waited, default=back_ns) - back_ns) / 1e9)


def _judge_acceptance(trial: Trial, began_s: float, ended_s: float) -> None:
    """What was due while Kafka was away: all of it accepted at the first try, and how long that took."""
    due = [one for one in trial.tally.answered if began_s <= one.due_s < ended_s]
    orders = [one for one in due if one.f == "order"]
    late = sorted(one.seconds for one in orders)
    at_once = [one for one in orders if one.tries == 1 and 200 <= one.status < 300]
    trial.figures["accepted at once while away"] = f"{len(at_once)} of {len(orders)} orders"
    if not orders:
        trial.violations.append("GOAL3: no order was asked for while Kafka was away")
        return
    trial.figures["acceptance while away"] = (
        f"p50 {1000 * late[len(late) // 2]:.0f} ms, p99 {1000 * late[int(0.99 * (len(late) - 1))]:.0f} ms"
    )
    if len(at_once) < len(orders):
        trial.violations.append(
            f"GOAL3: {len(orders) - len(at_once)} of {len(orders)} orders were not accepted at the first try"
        )


CHAPTER = Chapter(
    name="kafka_away",
    fault="Kafka away for 15 s, 60 s, 10 min",
    about="The broker is away under 40 % of the measured maximum: all is accepted, and drained in time (GOAL3).",
    run=run,
    seconds={"short": 35, "normal": 55, "full": 1_500},
)
