"""`kill -9` of any process of any kind every five seconds, under load (GOAL1)."""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from collections.abc import Iterator, Sequence

from tests.proof.chapter import Chapter
from tests.proof.house import House
from tests.proof.load.sending import Load
from tests.proof.measuring import completed_per_s, verdict_of
from tests.proof.run import Length, Run
from tests.proof.verdict import Verdict
from tests.proof.watching import completions

EVERY_S = 5.0
QUIET_S: dict[Length, float] = {"short": 8, "normal": 15, "full": 60}
"""The undisturbed time before, in which the same load is measured."""
STORM_S: dict[Length, float] = {"short": 30, "normal": 80, "full": 600}
RECOVERY_P50_S = 3.0
GOODPUT_SHARE = 0.7


async def run(run: Run) -> Sequence[Verdict]:
    """Measure undisturbed, kill, heal, wait, check."""
    async with run.house(split=("ledger",), share=True) as house:
        load = Load(house, run.rate_per_s, seed=run.seed)
        async with load.running() as tally:
            began_ns = time.time_ns()
            await asyncio.sleep(QUIET_S[run.length])
            storm_ns = time.time_ns()
            killed = await storm(house, run.dice, STORM_S[run.length])
            ended_ns = time.time_ns()
            await house.heal()
        run.say(f"killed {dict(killed)}; answers {dict(tally.statuses)}")
        quiet_s = await house.rest()
        judged = await house.check()
        completed = await completions(house.stack.kafka_bootstrap, tally.asked_ns)
        house.timeline.recover(completed)
        before = completed_per_s(completed["order"], began_ns + 3_000_000_000, storm_ns)
        during = completed_per_s(completed["order"], storm_ns, ended_ns)
        figures = {
            "orders completed per second": f"{before:.1f} undisturbed, {during:.1f} under kills",
            "goodput": f"{100 * during / max(before, 0.001):.0f} % of undisturbed",
            "quiet after": f"{quiet_s:.1f} s", "killed": ", ".join(f"{n} {c}" for n, c in sorted(killed.items())),
            "never answered": str(tally.unknown),
        }  # fmt: skip
        violations = []
        if during < GOODPUT_SHARE * before:
            violations.append(f"GOAL1: goodput {during:.1f} orders/s is under 70 % of {before:.1f}")
        verdict = verdict_of(run, "kills", "kill -9", judged, house.timeline, violations=violations, figures=figures)
        if verdict.recovery_p50_s is not None and verdict.recovery_p50_s > RECOVERY_P50_S:
            late = f"GOAL1: recovery p50 {verdict.recovery_p50_s:.1f} s is over {RECOVERY_P50_S:.0f} s"
            verdict = verdict_of(
                run, "kills", "kill -9", judged, house.timeline, violations=[*violations, late], figures=figures
            )
        return [verdict]


async def storm(house: House, dice: random.Random, seconds: float) -> Counter[str]:
    """Kill somebody every EVERY_S and start him again at once, as a supervisor would; each kind as often."""
    killed: Counter[str] = Counter()
    turns = _turns([*house.stack.processes, *house.stack.servers.names()], dice)
    restarts: list[asyncio.Task[None]] = []
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        due = time.monotonic() + EVERY_S
        victim = next(turns)
        fault = house.note("kill", victim)
        await house.stack.kill(victim)
        fault.end()
        killed[victim] += 1
        restarts.append(asyncio.create_task(house.stack.restart(victim)))
        await asyncio.sleep(max(0.0, due - time.monotonic()))
    await asyncio.gather(*restarts)
    return killed


def _turns(names: Sequence[str], dice: random.Random) -> Iterator[str]:
    """Everybody once in random order, then again."""
    while True:
        yield from dice.sample(names, len(names))


CHAPTER = Chapter(
    name="kills",
    fault="kill -9 of any process every 5 s",
    about="Services, a relay of its own, broker and database servers are killed in turn under load.",
    run=run,
    seconds={"short": 60, "normal": 130, "full": 720},
)
