"""SIGTERM and restart of every service in turn under load: nobody notices (GOAL20)."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence

from tests.proof.chapter import Chapter, Length
from tests.proof.house import House
from tests.proof.load.sending import Tally
from tests.proof.run import Run
from tests.proof.trial import Trial
from tests.proof.verdict import Verdict

ROUNDS: dict[Length, int] = {"short": 1, "normal": 1, "full": 10}
BETWEEN_S = 1.0
READY_S = 3.0
DRAINED_S = 10.0
CUT = ("IncompleteReadError", "ConnectionResetError", "BrokenPipeError", "TimeoutError")
"""How a request ends that was taken and not answered. A refused connection is none: the client asks again."""


async def run(run: Run) -> Sequence[Verdict]:
    """Ask each to end, start it again at once, wait until it is ready, go on to the next."""
    async with run.house(split=("ledger",), share=True) as house:
        trial = Trial(run, house, "rolling", "SIGTERM, restart")
        drained: list[float] = []
        ready: list[float] = []

        async def roll(house: House, tally: Tally) -> None:
            for _ in range(ROUNDS[run.length]):
                for name in run.dice.sample(house.stack.processes, len(house.stack.processes)):
                    await _restarted(house, trial, name, drained, ready)
                    await asyncio.sleep(BETWEEN_S)

        verdict = await trial.go(roll)
        trial.figures["drained"] = f"max {max(drained):.1f} s of {len(drained)}"
        trial.figures["ready after restart"] = f"p50 {sorted(ready)[len(ready) // 2]:.1f} s, max {max(ready):.1f} s"
        if max(drained) > DRAINED_S:
            trial.violations.append(f"GOAL20: a drain took {max(drained):.1f} s")
        if sorted(ready)[len(ready) // 2] > READY_S:
            trial.violations.append(f"GOAL20: ready {sorted(ready)[len(ready) // 2]:.1f} s after a restart (p50)")
        cut = sum(trial.tally.silences[name] for name in CUT)
        trial.figures["requests taken and not answered"] = str(cut)
        if cut:
            trial.violations.append(f"GOAL20: {cut} requests were taken and not answered while draining")
        return [trial.again(verdict)]


async def _restarted(house: House, trial: Trial, name: str, drained: list[float], ready: list[float]) -> None:
    fault = house.note("term", name)
    began = time.monotonic()
    code = await house.stack.stop_service(name)
    drained.append(time.monotonic() - began)
    if code != 0:
        trial.violations.append(f"{name} ended with exit code {code} when it was asked to")
    fault.end()
    began = time.monotonic()
    await house.stack.restart(name)
    ready.append(time.monotonic() - began)


CHAPTER = Chapter(
    name="rolling",
    fault="SIGTERM and restart of every service in turn",
    about="Every service is asked to end and started again under load: no request is lost, none fails (GOAL20).",
    run=run,
    seconds={"short": 35, "normal": 35, "full": 300},
)
