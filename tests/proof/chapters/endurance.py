"""An hour at half the measured maximum, with kills: memory and files stay flat, the last minutes are like the first."""

from __future__ import annotations

import asyncio
import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path

from tests.proof.chapter import Chapter, Length
from tests.proof.chapters.kills import victims
from tests.proof.house import House
from tests.proof.load.sending import Tally
from tests.proof.measuring import rated_per_s
from tests.proof.run import Run
from tests.proof.trial import Trial
from tests.proof.verdict import Verdict
from tests.proof.watching import completions

FOR_S: dict[Length, float] = {"full": 3_600}
KILL_EVERY_S = 60.0
SAMPLE_S = 10.0
PART = 6
"""The first and the last sixth are compared; the first sixth of the samples is the warm-up for memory."""
GROWTH = 1.10
SLOWER = 1.5

Sample = tuple[float, str, int, float, int]
"""When, who, which process number, MiB, open files."""


async def run(run: Run) -> Sequence[Verdict]:
    """Half of what it can do for an hour; a database, broker or service killed every minute."""
    async with run.house(split=("ledger",)) as house:
        run.rate_per_s = await rated_per_s(house, run.seed)
        trial = Trial(run, house, "endurance", f"an hour at {run.rate_per_s:.0f} orders/s")
        samples: list[Sample] = []
        killed: Counter[str] = Counter()
        span = [time.time_ns(), 0]

        async def go_on(house: House, _: Tally) -> None:
            span[0] = time.time_ns()
            watching = asyncio.create_task(_watch(house, samples))
            try:
                await _kill_now_and_then(house, run, killed, FOR_S[run.length])
            finally:
                watching.cancel()
            span[1] = time.time_ns()

        verdict = await trial.go(go_on)
        trial.figures["killed"] = ", ".join(f"{name} {count}" for name, count in sorted(killed.items()))
        _judge_growth(trial, samples)
        await _judge_lateness(trial, house, span)
        return [trial.again(verdict)]


async def _kill_now_and_then(house: House, run: Run, killed: Counter[str], seconds: float) -> None:
    """Servers, and one service in two turns, so that the others grow old."""
    ends = time.monotonic() + seconds
    old = set(run.dice.sample(sorted(house.stack.processes), len(house.stack.processes) // 2))
    names = [name for name in victims(house) if name not in old]
    while time.monotonic() < ends - KILL_EVERY_S:
        await asyncio.sleep(KILL_EVERY_S)
        victim = run.dice.choice(names)
        fault = house.note("kill", victim)
        await house.stack.kill(victim)
        fault.end()
        killed[victim] += 1
        await house.stack.restart(victim)
    await asyncio.sleep(max(0.0, ends - time.monotonic()))


async def _watch(house: House, samples: list[Sample]) -> None:
    began = time.monotonic()
    while True:
        for name in house.stack.processes:
            if house.stack.keeper.runs(name):
                pid = house.stack.pid(name)
                samples.append((time.monotonic() - began, name, pid, _resident_mib(pid), _open_files(pid)))
        await asyncio.sleep(SAMPLE_S)


def _judge_growth(trial: Trial, samples: Sequence[Sample]) -> None:
    """Of each process that lived through it: its memory and files at the end against those after the warm-up."""
    whole = max(at for at, *_ in samples)
    by_process: defaultdict[tuple[str, int], list[Sample]] = defaultdict(list)
    for sample in samples:
        by_process[sample[1], sample[2]].append(sample)
    for (name, _), mine in by_process.items():
        warm = [one for one in mine if whole / PART <= one[0] < 2 * whole / PART]
        late = [one for one in mine if one[0] >= whole * (PART - 1) / PART]
        if not warm or not late:
            continue
        for what, at in (("MiB", 3), ("files", 4)):
            first, last = max(float(one[at]) for one in warm), max(float(one[at]) for one in late)
            trial.figures[f"{name}, {what}"] = f"{first:.0f} after the warm-up, {last:.0f} at the end"
            if last > GROWTH * first + 5:
                trial.violations.append(f"{name} grew from {first:.0f} to {last:.0f} {what}")


async def _judge_lateness(trial: Trial, house: House, span: Sequence[int]) -> None:
    """From the front office's request to the paper, p99, in the first and in the last part."""
    orders = (await completions(house.stack.kafka_bootstrap, trial.tally.asked_ns))["order"]
    length = (span[1] - span[0]) / PART
    first = sorted(done - asked for asked, done in orders if asked < span[0] + length)
    last = sorted(done - asked for asked, done in orders if span[1] - length <= asked < span[1])
    p99s = [part[int(0.99 * (len(part) - 1))] / 1e9 for part in (first, last)]
    trial.figures["request → paper, p99"] = f"{p99s[0]:.2f} s in the first part, {p99s[1]:.2f} s in the last"
    if p99s[1] > SLOWER * p99s[0]:
        trial.violations.append(f"p99 went from {p99s[0]:.2f} to {p99s[1]:.2f} s")


def _resident_mib(pid: int) -> float:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1_024
    return 0.0


def _open_files(pid: int) -> int:
    return len(list(Path(f"/proc/{pid}/fd").iterdir()))


CHAPTER = Chapter(
    name="endurance",
    fault="an hour at half of the maximum, somebody killed every minute",
    about="Memory and open files stay flat, queues end empty, the last ten minutes are as quick as the first.",
    run=run,
    seconds={"full": 3_800},
)
