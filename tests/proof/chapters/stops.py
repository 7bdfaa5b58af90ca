"""SIGSTOP of a consumer, of a relay that owns its database, of the gateway and of a database, under load."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Sequence

from tests.proof.chapter import Chapter, Length
from tests.proof.house import House
from tests.proof.load.sending import Tally
from tests.proof.run import Run
from tests.proof.trial import Trial
from tests.proof.verdict import Verdict

STOPPED_S: dict[Length, float] = {"short": 7, "normal": 12, "full": 30}
"""12 s is longer than what makes others act: a member's session (10 s), an idle transaction (5 s)."""
BETWEEN_S: dict[Length, float] = {"short": 2, "normal": 2, "full": 10}
TARGETS: dict[Length, tuple[str, ...]] = {
    "short": ("ledger-relay",),
    "normal": ("inventory", "ledger-relay", "postgres-ledger"),
    "full": (
        "inventory",
        "documents",
        "ledger-relay",
        "gateway",
        "payroll",
        "postgres-ledger",
        "kafka",
    ),
}


async def run(run: Run) -> Sequence[Verdict]:
    """Freeze one after the other, let each go on, and see the flow again."""
    async with run.house(split=("ledger",), share=True) as house:
        trial = Trial(run, house, "stops", f"SIGSTOP for {STOPPED_S[run.length]:.0f} s")

        async def freeze_in_turn(house: House, tally: Tally) -> None:
            for target in TARGETS[run.length]:
                await _frozen(run, house, tally, target)
                await asyncio.sleep(BETWEEN_S[run.length])

        return [await trial.go(freeze_in_turn)]


async def _frozen(run: Run, house: House, tally: Tally, target: str) -> None:
    fault = house.note("stop", target)
    accepted = len(tally.answered)
    house.stack.keeper.signal(target, signal.SIGSTOP, tree=True)
    await asyncio.sleep(STOPPED_S[run.length])
    run.say(f"while {target} was stopped, {len(tally.answered) - accepted} requests were answered")
    house.stack.keeper.signal(target, signal.SIGCONT, tree=True)
    fault.end()


CHAPTER = Chapter(
    name="stops",
    fault="SIGSTOP of consumer, relay, gateway, database",
    about="Processes are stopped in their tracks and go on as if nothing had happened: zombies, frozen owners.",
    run=run,
    seconds={"short": 20, "normal": 50, "full": 360},
)
