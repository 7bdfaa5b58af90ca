"""One, two and three replicas of a department: how much they do together, and that nothing is done twice."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from tests.proof.chapter import Chapter, Length
from tests.proof.house import House
from tests.proof.load.sending import Tally
from tests.proof.measuring import rated_per_s
from tests.proof.run import Run
from tests.proof.trial import Trial
from tests.proof.verdict import Verdict

SERVICES = ("ledger", "inventory")
NUMBERS: dict[Length, tuple[int, ...]] = {"normal": (2,), "full": (1, 2, 3)}
FOR_S: dict[Length, float] = {"normal": 8, "full": 60}
FLOOD: dict[Length, int] = {"normal": 1_000, "full": 20_000}


async def run(run: Run) -> Sequence[Verdict]:
    """A verdict per number of replicas; in each house one of them is killed under load."""
    return [await _with(run, number) for number in NUMBERS[run.length]]


async def _with(run: Run, number: int) -> Verdict:
    async with run.house(replicas=dict.fromkeys(SERVICES, number)) as house:
        trial = Trial(run, house, "replicas", f"{number} of {' and '.join(SERVICES)}")

        async def one_less(house: House, _: Tally) -> None:
            victim = next(name for name in reversed(house.stack.processes) if name.startswith(SERVICES[0]))
            fault = house.note("kill", victim)
            await house.stack.kill(victim)
            fault.end()
            await asyncio.sleep(FOR_S[run.length])
            await house.stack.restart(victim)

        verdict = await trial.go(one_less)
        most = 2 * await rated_per_s(house, run.seed, FLOOD[run.length])
        trial.figures["throughput"] = f"{most:.0f} orders/s in batches"
        judged = await house.check()
        trial.violations += judged.violations
        return trial.again(verdict)


CHAPTER = Chapter(
    name="replicas",
    fault="one of two and three replicas killed",
    about="Replicas of ledger and inventory share the work; one is killed; each number's throughput is measured.",
    run=run,
    seconds={"normal": 70, "full": 500},
)
