"""The grid of failpoints: each named point × {kill, error, stop} × {first, second, random hit} (GOAL2)."""

from __future__ import annotations

import asyncio
import random
import signal
import time
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from chassis.faults import POINTS
from tests.proof.chapter import Chapter, Length
from tests.proof.house import House
from tests.proof.injection.strange import SOURCE, order_data, stranger
from tests.proof.load.sending import Tally
from tests.proof.run import Run
from tests.proof.trial import Trial
from tests.proof.verdict import Verdict

Action = Literal["kill", "error", "stop"]
ACTIONS: tuple[Action, ...] = ("kill", "error", "stop")
HITS = ("first", "second", "random")
PASSED_BY: dict[str, tuple[str, ...]] = {
    "corridor": ("inventory", "ledger", "documents", "gateway"),
    "relay": ("ledger-relay", "inventory", "gateway"),
    "door": ("gateway", "inventory"),
    "drain": ("ledger",),
    "job": ("documents",),
}
"""Which processes pass a point, by its first word."""
ELSEWHERE = frozenset({"turn.committed"})
"""Points that no load passes: the folder's is hit in `tests/documents/test_folder.py`."""
REACHED_S = 60.0
PROVOKED_EVERY_S = 5.0
STOPPED_S: dict[Length, float] = {"short": 6, "normal": 7, "full": 12}
SAMPLE: dict[Length, int] = {"normal": 8, "full": 10_000}
VARIABLE = "BACKBONE_FAULTS"


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of the grid."""

    point: str
    action: Action
    hit: str
    process: str
    nth: int

    def __str__(self) -> str:
        return f"{self.point}:{self.action}@{self.hit}"


SHORT = (
    Cell("corridor.before_commit", "kill", "second", "ledger", 2),
    Cell("relay.sent", "kill", "first", "ledger-relay", 1),
    Cell("door.committed", "kill", "random", "gateway", 5),
    Cell("drain.before_commit", "error", "first", "ledger", 1),
)
"""A step that was not kept, one that was kept and not told, for each side; and one error inside."""


def grid(dice: random.Random) -> Iterator[Cell]:
    """Every cell there is; which process passes it, and what a random hit is, says the dice."""
    for point in (point for point in POINTS if point not in ELSEWHERE):
        for action in ACTIONS:
            for hit in HITS:
                nth = {"first": 1, "second": 2}.get(hit) or dice.randint(3, 12)
                if point.startswith("drain"):
                    nth = min(nth, 2)
                yield Cell(point, action, hit, dice.choice(PASSED_BY[point.partition(".")[0]]), nth)


async def run(run: Run) -> Sequence[Verdict]:
    """One cell after the other in one house under load; then rest, check."""
    async with run.house(split=("ledger",), share=True) as house:
        trial = Trial(run, house, "failpoints", "failpoints hit")
        cells = [_placed(house, cell) for cell in (SHORT if run.length == "short" else _sample(run))]
        unreached: list[str] = []

        async def cell_by_cell(house: House, _: Tally) -> None:
            for number, cell in enumerate(cells, 1):
                if not await _try(house, run, cell):
                    unreached.append(str(cell))
                run.say(f"{number}/{len(cells)} {cell} in {cell.process}")
            for name in sorted({cell.process for cell in cells}):  # nothing stays armed
                await house.stack.stop_service(name)
                await house.stack.restart(name, environment={VARIABLE: ""})

        verdict = await trial.go(cell_by_cell)
        trial.figures["cells"] = f"{len(cells) - len(unreached)} of {len(cells)}"
        trial.violations += [f"GOAL2: {cell} was never reached" for cell in unreached]
        return [trial.again(verdict)]


def _placed(house: House, cell: Cell) -> Cell:
    """The cell with the name of a real process: where the relay is one of its own, the rest has another name."""
    if cell.process in house.stack.processes:
        return cell
    return replace(cell, process=house.processes_of(cell.process)[0])


def _sample(run: Run) -> list[Cell]:
    cells = list(grid(run.dice))
    return cells if SAMPLE[run.length] >= len(cells) else run.dice.sample(cells, SAMPLE[run.length])


async def _try(house: House, run: Run, cell: Cell) -> bool:
    """Arm a point by a restart, see that it was hit, and let things go on. Whether it was hit."""
    await house.stack.stop_service(cell.process)
    log = house.log(cell.process)
    before = log.stat().st_size
    await house.stack.restart(
        cell.process, environment={VARIABLE: f"{cell.point}:{cell.action}@{cell.nth}"}, wait=False
    )
    fault = house.note(str(cell), cell.process)
    deadline = time.monotonic() + REACHED_S
    provoked_s = 0.0
    while not _was_hit(house, cell, log, before):
        if time.monotonic() > deadline:
            house.timeline.faults.remove(fault)
            return False
        if cell.point.startswith("drain") and time.monotonic() - provoked_s > PROVOKED_EVERY_S:
            provoked_s = time.monotonic()  # nothing is held in a good run: send what must be
            await _hold_something(house)
        await asyncio.sleep(0.1)
    if cell.action == "kill":
        await house.stack.restart(cell.process, environment={VARIABLE: ""}, wait=False)
    elif cell.action == "stop":
        await asyncio.sleep(STOPPED_S[run.length])
        house.stack.keeper.signal(cell.process, signal.SIGCONT)
    await house.stack.ready(cell.process)
    fault.end()
    await asyncio.sleep(1.0)
    return True


def _was_hit(house: House, cell: Cell, log: Path, before: int) -> bool:
    if cell.action == "kill":
        return not house.stack.keeper.runs(cell.process)
    if cell.action == "stop":
        return _state_of(house.stack.pid(cell.process)) == "T"
    with log.open("rb") as lines:
        lines.seek(before)
        return f"failpoint {cell.point}".encode() in lines.read()


def _state_of(pid: int) -> str:
    """One letter, as the kernel tells it."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]


async def _hold_something(house: House) -> None:
    """An order whose cancellation comes first: it is held as a gap, and drained when the order is there."""
    company = house.companies[0]
    async with stranger(house) as strange:
        key = str(uuid.uuid4())
        reference = f"strange-{key[:8]}"
        cancelled = {"order": key, "reference": reference, "source": SOURCE, "reason": "it comes first"}
        await strange.put(company.code, cancelled, key=key, kind="OrderCancelled.v1", sequence=2)
        data = order_data(reference, key, company.items, company.currency, min(company.tax_codes))
        await strange.put(company.code, data, key=key)


CHAPTER = Chapter(
    name="failpoints",
    fault="each failpoint × kill, error, stop × first, second, random hit",
    about="Every named step of corridor, relay, doors, drain and jobs is where a process dies, fails or stops (GOAL2).",
    run=run,
    seconds={"short": 45, "normal": 75, "full": 1_500},
)
