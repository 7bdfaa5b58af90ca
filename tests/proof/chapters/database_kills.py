"""`kill -9` of each department's PostgreSQL in turn, under load (GOAL5)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from tests.proof.chapter import Chapter, Length
from tests.proof.chapters.kills import kill_in_turn
from tests.proof.house import House
from tests.proof.load.sending import Tally
from tests.proof.run import Run
from tests.proof.trial import Trial
from tests.proof.verdict import Verdict

EVERY_S: dict[Length, float] = {"short": 6, "normal": 6, "full": 15}
FOR_S: dict[Length, float] = {"short": 12, "normal": 30, "full": 600}
BACK_S = 5.0


async def run(run: Run) -> Sequence[Verdict]:
    """Every server in turn; the service is back when something new went through it."""
    async with run.house(split=("ledger",), share=True) as house:
        trial = Trial(run, house, "database_kills", "PostgreSQL killed")
        killed: Counter[str] = Counter()

        async def storm(house: House, _: Tally) -> None:
            names = [name for name in house.stack.servers.names() if name.startswith("postgres-")]
            await kill_in_turn(house, names, run.dice, FOR_S[run.length], EVERY_S[run.length], killed)

        verdict = await trial.go(storm)
        trial.figures["killed"] = ", ".join(f"{name} {count}" for name, count in sorted(killed.items()))
        trial.demand_recovery(BACK_S, "GOAL5")
        return [trial.again(verdict)]


CHAPTER = Chapter(
    name="database_kills",
    fault="each department's PostgreSQL killed in turn",
    about="The database server of each department is killed and started again under load; the service is back (GOAL5).",
    run=run,
    seconds={"short": 22, "normal": 40, "full": 620},
)
