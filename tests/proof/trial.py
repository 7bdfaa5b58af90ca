"""What most chapters are: load, an undisturbed time, faults, healing, rest, check, verdict."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace

from tests.proof.house import STILL_S, House
from tests.proof.judging import Judged
from tests.proof.load.bookkeeper import OWN
from tests.proof.load.intents import Mix
from tests.proof.load.sending import Answered, Load, Tally
from tests.proof.load.storekeeper import OUTDATED
from tests.proof.load.warehouse import TOO_LATE
from tests.proof.run import Run
from tests.proof.timeline import Timeline, middle
from tests.proof.verdict import Verdict
from tests.proof.watching import completions

WARM_S = 3.0
"""What a load's first seconds complete is not counted: the first orders are still on their way."""

NONE: frozenset[str] = frozenset()
PICKS = 10
"""So many rounds of the warehouse, and something has left: a few may all come too early after a fault."""

AGAIN = 5
"""So many of a flow asked for after the healing, and its recovery does not hang on one of them."""
AGAIN_WITHIN_S = 60.0
LOOK_S = 0.2

Breaking = Callable[[House, Tally], Awaitable[None]]


@dataclass(slots=True)
class Trial:
    """One fault chapter's course. Fill `figures` and `violations` while breaking; `verdict` after `go`."""

    run: Run
    house: House
    chapter: str
    fault: str
    figures: dict[str, str] = field(default_factory=dict)
    violations: list[str] = field(default_factory=list)
    before_per_s: float = 0.0
    during_per_s: float = 0.0
    tally: Tally = field(default_factory=Tally)
    still_s: float = STILL_S

    async def go(self, breaking: Breaking, *, quiet_s: float = 0.0, mix: Mix | None = None) -> Verdict:
        """Load for `quiet_s` undisturbed, then break while it goes on; heal, rest, check. Raises NotQuiet."""
        house, run = self.house, self.run
        load = Load(house, run.rate_per_s, seed=run.seed, mix=mix)
        self.tally = load.tally
        async with load.running():
            began_ns = time.time_ns()
            await asyncio.sleep(quiet_s)
            broken_ns = time.time_ns()
            await breaking(house, load.tally)
            ended_ns = time.time_ns()
            await house.heal()
            await asked_again(load.tally, {fault.flow for fault in house.timeline.faults})
        self.figures["quiet after"] = f"{await house.rest(self.still_s):.1f} s"
        judged = await house.check()
        completed = await completions(house.stack.kafka_bootstrap, load.tally.asked_ns)
        house.timeline.recover(completed)
        orders = completed["order"]
        if quiet_s > WARM_S:
            self.before_per_s = completed_per_s(orders, began_ns + int(WARM_S * 1e9), broken_ns)
        self.during_per_s = completed_per_s(orders, broken_ns, ended_ns)
        self._tell(run)
        return self.verdict(judged)

    def verdict(self, judged: Judged) -> Verdict:
        """What the checker said and the timeline saw, with this trial's own figures and violations."""
        timeline: Timeline = self.house.timeline
        recoveries = timeline.recoveries()
        return Verdict(
            chapter=self.chapter, fault=self.fault, seed=self.run.seed, operations=judged.operations,
            faults_observed=len(timeline.faults), events=judged.events, lost=judged.lost, doubled=judged.doubled,
            violations=(*judged.violations, *self.violations), recovery_p50_s=middle(recoveries),
            recovery_max_s=max(recoveries, default=None), figures=dict(self.figures),
        )  # fmt: skip

    def again(self, verdict: Verdict) -> Verdict:
        """The verdict with the figures and violations that were added since."""
        known = set(verdict.violations)
        more = tuple(violation for violation in self.violations if violation not in known)
        return replace(verdict, violations=(*verdict.violations, *more), figures=dict(self.figures))

    def demand_recovery(self, p50_s: float, goal: str) -> None:
        """Make it a violation when the flow came back too late. Call after `go`, then ask for the verdict again."""
        p50 = middle(self.house.timeline.recoveries())
        if p50 is not None and p50 > p50_s:
            self.violations.append(f"{goal}: recovery p50 {p50:.1f} s is over {p50_s:.0f} s")

    def _tell(self, run: Run) -> None:
        tally, timeline = self.tally, self.house.timeline
        late = [fault for fault in timeline.faults if fault.ended_ns is not None and fault.recovered_s is None]
        self.violations += [f"nothing was completed after {fault.kind} {fault.target}" for fault in late]
        self.figures["orders completed per second"] = f"{self.during_per_s:.1f} under faults" + (
            f", {self.before_per_s:.1f} undisturbed" if self.before_per_s else ""
        )
        self.violations += complaints(tally)
        run.say(f"answers {dict(sorted(tally.statuses.items()))}, silences {dict(tally.silences)}")
        for fault in timeline.faults:
            back = "?" if fault.recovered_s is None else f"{fault.recovered_s:.2f} s"
            run.say(f"{fault.kind} {fault.target}: flow back after {back}")


async def asked_again(tally: Tally, flows: Iterable[str], patience_s: float = AGAIN_WITHIN_S) -> None:
    """Until some of each flow that was broken has been asked for from now on, so that the last fault has its recovery.

    What is rare (a hire is one in 25 orders) takes its time at a low rate. After `patience_s` the load ends all the
    same: that a flow came to nothing is said by the verdict.
    """
    now_ns, ends = time.time_ns(), time.monotonic() + patience_s
    while time.monotonic() < ends:
        if all(sum(at_ns >= now_ns for at_ns in tally.asked_ns[flow].values()) >= AGAIN for flow in flows):
            return
        await asyncio.sleep(LOOK_S)


def complaints(tally: Tally) -> list[str]:
    """What is wrong with the answers: none came, a good request was refused, or nothing ever left the warehouse."""
    said: list[str] = []
    if tally.unknown:
        said.append(f"{tally.unknown} operations were never answered")
    if refused := [one for one in tally.answered if not good(one) and not too_late(one)]:
        statuses = sorted({f"{one.f} {one.status} {one.code}".rstrip() for one in refused})
        said.append(f"{len(refused)} good requests were refused: {', '.join(statuses)}")
    picks = sum(one.f == "pick" for one in tally.answered)
    if picks >= PICKS and not any(one.f == "dispatch" and good(one) for one in tally.answered):
        said.append(f"nothing was shipped, though the warehouse picked {picks} times")
    return said


def good(answered: Answered) -> bool:
    """Whether a request was accepted."""
    return 200 <= answered.status < 300


def too_late(answered: Answered) -> bool:
    """Whether somebody was told by name what a sound house says: an order is not there yet or not any more, or it is
    their own entry that they agree with.
    """
    told = TOO_LATE.get(answered.f, NONE) | OUTDATED.get(answered.f, NONE) | OWN.get(answered.f, NONE)
    return answered.status in {404, 409} and answered.code in told


def completed_per_s(completed: Sequence[tuple[int, int]], begin_ns: int, end_ns: int) -> float:
    """Things completed per second between two moments (wall ns)."""
    done = sum(begin_ns <= at_ns < end_ns for _, at_ns in completed)
    return done / max(1e-9, (end_ns - begin_ns) / 1e9)
