"""A consumer group moved to and fro: replicas of one service come and go while events are processed."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Sequence

from tests.proof.chapter import Chapter, Length
from tests.proof.house import House
from tests.proof.load.sending import Tally
from tests.proof.run import Run
from tests.proof.trial import Trial
from tests.proof.verdict import Verdict

SERVICE = "ledger"
REPLICAS = 3
QUIET_S = 6.0
FOR_S: dict[Length, float] = {"normal": 45, "full": 300}
EVERY_S = 2.0
PROGRESS = 0.3
"""F6: so much of the undisturbed throughput at least."""


async def run(run: Run) -> Sequence[Verdict]:
    """Every two seconds one of three goes, by SIGTERM or by SIGKILL, or comes back; the first stays for readers."""
    async with run.house(replicas={SERVICE: REPLICAS}) as house:
        trial = Trial(run, house, "group", f"replicas of {SERVICE} come and go")
        moved: Counter[str] = Counter()

        async def to_and_fro(house: House, _: Tally) -> None:
            names = [name for name in house.stack.processes if name.startswith(f"{SERVICE}-")]
            ends = time.monotonic() + FOR_S[run.length]
            while time.monotonic() < ends:
                name = run.dice.choice(names)
                if not house.stack.keeper.runs(name):
                    await house.stack.restart(name, wait=False)
                    moved["started"] += 1
                else:
                    how = run.dice.choice(("killed", "stopped"))
                    fault = house.note(how, name)
                    await (house.stack.kill(name) if how == "killed" else house.stack.stop_service(name))
                    moved[how] += 1
                    fault.end()
                await asyncio.sleep(EVERY_S)

        verdict = await trial.go(to_and_fro, quiet_s=QUIET_S)
        share = trial.during_per_s / max(trial.before_per_s, 0.001)
        trial.figures["moved"] = ", ".join(f"{how} {count}" for how, count in sorted(moved.items()))
        trial.figures["goodput"] = f"{100 * share:.0f} % of undisturbed"
        if share < PROGRESS:
            trial.violations.append(f"goodput is {100 * share:.0f} % of undisturbed, under {100 * PROGRESS:.0f} %")
        return [trial.again(verdict)]


CHAPTER = Chapter(
    name="group",
    fault="three replicas of the ledger stopped, killed and started every two seconds",
    about="The consumer group of a department is moved to and fro while it works; nothing is lost or done twice.",
    run=run,
    seconds={"normal": 90, "full": 350},
)
