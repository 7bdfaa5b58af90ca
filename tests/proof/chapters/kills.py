"""`kill -9` of any process of any kind every five seconds, under load (GOAL1)."""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from collections.abc import Iterator, Sequence

from tests.proof.chapter import Chapter, Length
from tests.proof.house import House
from tests.proof.load.sending import Tally
from tests.proof.run import Run
from tests.proof.trial import Trial
from tests.proof.verdict import Verdict

EVERY_S = 5.0
QUIET_S: dict[Length, float] = {"short": 4, "normal": 10, "full": 60}
"""The undisturbed time before, in which the same load is measured."""
STORM_S: dict[Length, float] = {"short": 15, "normal": 45, "full": 600}
RECOVERY_P50_S = 3.0
GOODPUT_SHARE = 0.7


async def run(run: Run) -> Sequence[Verdict]:
    """Measure undisturbed, kill, heal, wait, check."""
    async with run.house(split=("ledger",), share=True) as house:
        trial = Trial(run, house, "kill-soak" if run.length == "full" else "kills", "kill -9")
        killed: Counter[str] = Counter()

        async def storm(house: House, _: Tally) -> None:
            await kill_in_turn(house, victims(house), run.dice, STORM_S[run.length], EVERY_S, killed)

        verdict = await trial.go(storm, quiet_s=QUIET_S[run.length])
        share = trial.during_per_s / max(trial.before_per_s, 0.001)
        trial.figures["goodput"] = f"{100 * share:.0f} % of undisturbed"
        trial.figures["killed"] = ", ".join(f"{name} {count}" for name, count in sorted(killed.items()))
        if run.length != "short":  # over a few kills a share of few seconds says little
            trial.demand_recovery(RECOVERY_P50_S, "GOAL1")
            if share < GOODPUT_SHARE:
                trial.violations.append(f"GOAL1: goodput is {100 * share:.0f} % of undisturbed, under 70 %")
        return [trial.again(verdict)]


def victims(house: House) -> list[str]:
    """Every process there is: services, a relay of its own, brokers, database servers."""
    return [*house.stack.processes, *house.stack.servers.names()]


async def kill_in_turn(
    house: House, names: Sequence[str], dice: random.Random, seconds: float, every_s: float, killed: Counter[str]
) -> None:
    """Kill somebody every so often and start him again at once, as a supervisor would; everybody as often.

    Who is drawn again before he is ready is killed while he starts; only servers are waited for, which must be there to
    be killed.
    """
    turns = _turns(names, dice)
    restarts: dict[str, asyncio.Task[None]] = {}
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        due = time.monotonic() + every_s
        victim = next(turns)
        if victim in restarts:
            await restarts[victim]
        fault = house.note("kill", victim)
        await house.stack.kill(victim)
        fault.end()
        killed[victim] += 1
        restarts[victim] = asyncio.create_task(house.stack.restart(victim, wait=False))
        await asyncio.sleep(max(0.0, due - time.monotonic()))
    await asyncio.gather(*restarts.values())
    await house.stack.ready()


def _turns(names: Sequence[str], dice: random.Random) -> Iterator[str]:
    """Everybody once in random order, then again."""
    while True:
        yield from dice.sample(names, len(names))


CHAPTER = Chapter(
    name="kills",
    fault="kill -9 of any process every 5 s",
    about="Services, a relay of its own, the broker and every database server are killed in turn under load (GOAL1).",
    run=run,
    seconds={"short": 38, "normal": 75},
)
SOAK = Chapter(
    name="kill-soak",
    fault="kill -9 of any process every 5 s for ten minutes",
    about="The same for ten minutes: everybody is killed ten times (GOAL1).",
    run=run,
    seconds={"full": 720},
)
