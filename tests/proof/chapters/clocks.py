"""The clocks of services an hour apart, and more: nothing that matters is decided by them (F29)."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path

import httpx
import libfaketime

from tests.proof.chapter import Chapter, Length
from tests.proof.house import House
from tests.proof.load.sending import Tally
from tests.proof.run import Run
from tests.proof.trial import Trial
from tests.proof.verdict import Verdict

AHEAD_S: Mapping[str, int] = {
    "gateway": 3_900, "ledger": -3_900, "inventory": 1_800, "documents": -1_800, "payroll": 7_200,
}  # fmt: skip
"""Per service, how far its clock is ahead of the databases' and the broker's."""
FOR_S: dict[Length, float] = {"short": 8, "normal": 12, "full": 600}
LIBRARY = Path(libfaketime.__file__).parent / "vendor" / "libfaketime" / "src" / "libfaketime.so.1"


async def run(run: Run) -> Sequence[Verdict]:
    """Start every service with a clock of its own, under load; see that the clocks are wrong, and nothing else is."""
    environment = {service: _clock(seconds) for service, seconds in AHEAD_S.items()}
    async with run.house(environment=environment) as house:
        trial = Trial(run, house, "clocks", "clocks up to three hours apart")

        async def go_on(house: House, _: Tally) -> None:
            faults = [house.note("clock", f"{service} {ahead:+d} s") for service, ahead in AHEAD_S.items()]
            await asyncio.sleep(FOR_S[run.length])
            for service in AHEAD_S:  # who starts with a wrong clock must find its place again
                await house.stack.stop_service(service)
                await house.stack.restart(service)
            for fault in faults:
                fault.end()

        verdict = await trial.go(go_on)
        for service, wanted in AHEAD_S.items():
            seen = await _ahead_s(house, service)
            trial.figures[f"clock of {service}"] = f"{seen:+.0f} s by its own answers"
            if abs(seen - wanted) > 300:
                trial.violations.append(f"the clock of {service} was not bent: {seen:+.0f} s")
        return [trial.again(verdict)]


def _clock(ahead_s: int) -> dict[str, str]:
    """What bends the clock of a process. Time that is measured, not told, goes on as ever."""
    return {
        "LD_PRELOAD": str(LIBRARY), "FAKETIME": f"{ahead_s:+d}", "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "DONT_FAKE_MONOTONIC": "1",
    }  # fmt: skip


async def _ahead_s(house: House, service: str) -> float:
    """The time that a service gives in its answers, against ours."""
    async with httpx.AsyncClient() as client:
        answer = await client.get(f"{house.stack.address(service)}/healthz")
    return (parsedate_to_datetime(answer.headers["date"]) - datetime.now(UTC)).total_seconds()


CHAPTER = Chapter(
    name="clocks",
    fault="each service's clock wrong by up to two hours",
    about="Services' clocks are up to three hours apart; books, order and expiry do not depend on them.",
    run=run,
    seconds={"normal": 45, "full": 660},
)
