"""Every bug that a fault run has found, provoked again."""

from __future__ import annotations

from collections.abc import Sequence

from tests.proof.chapter import Chapter
from tests.proof.house import House
from tests.proof.load.sending import Tally
from tests.proof.regressions import CASES, Case
from tests.proof.run import Run
from tests.proof.trial import Trial
from tests.proof.verdict import Verdict


async def run(run: Run) -> Sequence[Verdict]:
    """A verdict per case."""
    async with run.house(split=("ledger",), share=True) as house:
        return [await _again(run, house, case) for case in CASES]


async def _again(run: Run, house: House, case: Case) -> Verdict:
    house.begin(run.folder / case.name)
    trial = Trial(run, house, "regressions", case.name, still_s=case.still_s)

    async def provoke(house: House, _: Tally) -> None:
        await case.provoke(house)

    return await trial.go(provoke)


CHAPTER = Chapter(
    name="regressions",
    fault="what was found before, provoked again",
    about="The named cases of `tests/proof/regressions.py`.",
    run=run,
    seconds={"short": 15, "normal": 15},
)
