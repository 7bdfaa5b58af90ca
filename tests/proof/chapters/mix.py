"""One to three faults at once, drawn from a seed, with quiet times in which progress is demanded."""

from __future__ import annotations

import asyncio
import random
import signal
import time
from collections.abc import Sequence

from tests.proof.chapter import Chapter, Length
from tests.proof.chapters.kills import victims
from tests.proof.house import House
from tests.proof.load.sending import Tally
from tests.proof.run import Run
from tests.proof.trial import Trial
from tests.proof.verdict import Verdict

FOR_S: dict[Length, float] = {"normal": 60, "full": 600}
QUIET_EVERY_S = 30.0
QUIET_S = 6.0
PROGRESS = 20
"""So many orders must be answered in a quiet time."""
WAYS = ("kill", "kill", "term", "stop")


async def run(run: Run) -> Sequence[Verdict]:
    """Draw, break, heal now and then and see that it goes on; at the end check."""
    async with run.house(split=("ledger",), share=True) as house:
        trial = Trial(run, house, "mix", "1-3 faults at once")

        async def storm(house: House, tally: Tally) -> None:
            ends = time.monotonic() + FOR_S[run.length]
            while time.monotonic() < ends:
                await _stormy(house, run.dice)
                answered = len(tally.answered)
                await house.heal()
                await asyncio.sleep(QUIET_S)
                if len(tally.answered) < answered + PROGRESS:
                    trial.violations.append("no progress in a quiet time")

        return [await trial.go(storm)]


async def _stormy(house: House, dice: random.Random) -> None:
    """Some draws until it is time for quiet."""
    ends = time.monotonic() + QUIET_EVERY_S
    while time.monotonic() < ends:
        chosen = dice.sample(victims(house), dice.randint(1, 3))
        draws = [(name, dice.choice(WAYS), dice.uniform(0.2, 6.0)) for name in chosen]
        await asyncio.gather(*(_one(house, name, way, seconds) for name, way, seconds in draws))
        await asyncio.sleep(dice.uniform(2.0, 6.0))


async def _one(house: House, name: str, way: str, seconds: float) -> None:
    """A kill or an end with a pause before the restart, or a stop of some length."""
    if way == "term" and name not in house.stack.processes:
        way = "kill"
    fault = house.note(way, name)
    if way == "stop":
        house.stack.keeper.signal(name, signal.SIGSTOP, tree=True)
        await asyncio.sleep(seconds)
        house.stack.keeper.signal(name, signal.SIGCONT, tree=True)
    else:
        await (house.stack.kill(name) if way == "kill" else house.stack.stop_service(name))
        await asyncio.sleep(seconds / 3)
        await house.stack.restart(name, wait=False)
    fault.end()


CHAPTER = Chapter(
    name="mix",
    fault="one to three faults at once, drawn from a seed",
    about="Kills, ends and stops of several processes at the same time, with quiet times in which it must go on.",
    run=run,
    seconds={"normal": 95, "full": 660},
)
