"""A month of pay whose payroll is killed at every step; it is started and exported twice at once (INV15-17, 27)."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Coroutine, Sequence
from typing import Any, TypeVar

import httpx

from deploy.local.demo.day import until
from tests.proof.chapter import Chapter, Length
from tests.proof.house import House
from tests.proof.load.payroll import APPROVER, GROUP, SINCE, PayOffice
from tests.proof.run import Run
from tests.proof.trial import Trial
from tests.proof.verdict import Verdict

T = TypeVar("T")
PEOPLE: dict[Length, int] = {"short": 12, "normal": 450}
"""450 are three parts of a run."""
VARIABLE = "BACKBONE_FAULTS"
REACHED_S = 150.0
STARTING = (
    "door.before_commit:kill@1", "door.committed:kill@1", "job.taken:kill@1", "job.done:kill@1", "job.taken:kill@1",
    "job.done:kill@2",
)  # fmt: skip
APPROVING = ("door.committed:kill@1", "job.done:kill@1")
EXPORTING = ("door.before_commit:kill@1",)
POSTING = ("door.committed:kill@1", "relay.sent:kill@1")
KILLS = len(STARTING + APPROVING + EXPORTING + POSTING)
MONTH_ENDS = f"{SINCE}-31"


async def run(run: Run) -> Sequence[Verdict]:
    """Hire, calculate, approve, pay, post, with a kill at each step; rest, check."""
    async with run.house() as house:
        trial = Trial(run, house, "pay_runs", f"payroll killed {KILLS} times in a pay run")
        office = PayOffice(house, house.companies[0], await house.officer(), await house.auditor())
        began = time.monotonic()
        try:
            await office.open(PEOPLE[run.length])
            run.say(f"{len(office.people)} people with pay in {time.monotonic() - began:.1f} s")
            await _month(trial, house, office)
        finally:
            await office.close()
        trial.figures["people"] = str(len(office.people))
        trial.figures["quiet after"] = f"{await house.rest():.1f} s"
        await keep_logs(house)
        return [trial.verdict(await house.check())]


async def _month(trial: Trial, house: House, office: PayOffice) -> None:
    began = time.monotonic()
    started = await _killed(house, STARTING, *(office.start(SINCE, number) for number in (1, 2)))
    _one_of(trial, "start", started, "run-exists", "run-busy")
    (listed,) = await office.listed()
    run, month = listed["run"], f"{GROUP}/{SINCE}"
    found = await until(lambda: office.state(run), lambda it: it["state"] == "calculated", "the run is calculated")
    trial.run.say(f"calculated in {time.monotonic() - began:.1f} s, {found['problems']} problems")
    at, digest = office.run(run), {"digest": found["digest"]}
    _refused(trial, await office.ask("approve_run", f"{at}/approval", digest, month, "own"), "self-approval")
    approval = office.ask("approve_run", f"{at}/approval", digest, month, "approve", client=APPROVER)
    _well(trial, *await _killed(house, APPROVING, approval))
    execution = {"execution_on": MONTH_ENDS}
    exports = (office.ask("export_run", f"{at}/pay-file", execution, month, f"file-{number}") for number in (1, 2))
    _one_of(trial, "pay file", await _killed(house, EXPORTING, *exports), "pay-file-exported", "run-busy")
    _well(trial, await office.ask("set_up", f"{at}/payment", {"paid_on": MONTH_ENDS}, month, "paid"))
    _well(trial, *await _killed(house, POSTING, office.ask("set_up", f"{at}/posting", {}, month, "post")))
    trial.figures["month"] = f"{time.monotonic() - began:.1f} s with {KILLS} kills"


async def _killed(house: House, points: Sequence[str], *asking: Coroutine[Any, Any, T]) -> list[T]:
    """Ask all at once while payroll dies at one point after the other, and is started again; what was answered."""
    await house.stack.stop_service("payroll")
    asked: list[asyncio.Task[T]] = []
    for point in points:
        await house.stack.restart("payroll", environment={VARIABLE: point}, wait=False)
        fault = house.note(point, "payroll")
        asked = asked or [asyncio.create_task(each) for each in asking]
        deadline = time.monotonic() + REACHED_S
        while house.stack.keeper.runs("payroll"):
            if time.monotonic() > deadline:
                last = house.log("payroll").read_text()[-2_000:]
                raise RuntimeError(f"{point} was never reached; payroll's last words: {last}")
            await asyncio.sleep(0.05)
        fault.end()
        house.say(f"  {point} in payroll")
    await house.stack.restart("payroll", environment={VARIABLE: ""})
    return list(await asyncio.gather(*asked))


def _one_of(trial: Trial, what: str, answers: list[httpx.Response], *codes: str) -> None:
    """Two at once: one is accepted, the other is told that it was too late."""
    told = sorted(answer.status_code for answer in answers)
    trial.figures[f"two at once: {what}"] = " and ".join(map(str, told))
    well, late = sorted(answers, key=lambda answer: answer.status_code)
    _well(trial, well)
    _refused(trial, late, *codes)


def _well(trial: Trial, *answers: httpx.Response) -> None:
    for answer in answers:
        if not answer.is_success:
            trial.violations.append(f"{answer.request.url.path}: {answer.status_code} {answer.text[:200]}")


def _refused(trial: Trial, answer: httpx.Response, *codes: str) -> None:
    said = str(answer.json()["type"]).removeprefix("/problems/")
    if answer.status_code != 409 or said not in codes:
        trial.violations.append(f"{answer.request.url.path} was not refused as {codes[0]}: {answer.status_code} {said}")


async def keep_logs(house: House) -> None:
    """What the processes wrote, and their metrics, beside the topics: the checker looks there for what is personal."""
    house.keep_logs()
    into = house.folder / "logs"
    async with httpx.AsyncClient(timeout=30) as client:
        for name in house.stack.processes:
            answer = await client.get(f"{house.stack.address(name)}/metrics")
            (into / f"{name}.metrics").write_bytes(answer.content)


CHAPTER = Chapter(
    name="pay_runs",
    fault=f"payroll killed {KILLS} times in a pay run, started and exported twice at once",
    about="Each step of a month of pay is where payroll dies; everybody is paid once, and the books agree to the cent.",
    run=run,
    seconds={"short": 90, "normal": 150},
)
