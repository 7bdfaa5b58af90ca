"""Three brokers, and the one that leads is killed again and again."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Sequence

from contracts.topics import TOPICS
from tests.proof.chapter import Chapter, Length
from tests.proof.house import House
from tests.proof.injection.leading import leader_of
from tests.proof.load.sending import Tally
from tests.proof.run import Run
from tests.proof.trial import Trial
from tests.proof.verdict import Verdict

BROKERS = 3
QUIET_S = 6.0
FOR_S: dict[Length, float] = {"normal": 45, "full": 600}
DOWN_S = 3.0
BETWEEN_S = 6.0
"""After all three are in again; two at once would be a loss of the quorum, which is another fault."""


async def run(run: Run) -> Sequence[Verdict]:
    """Find who leads a partition, kill him, wait until the cluster has three again, find the next."""
    async with run.house(brokers=BROKERS) as house:
        trial = Trial(run, house, "brokers", "leader of three killed")
        killed: Counter[str] = Counter()

        async def storm(house: House, _: Tally) -> None:
            ends = time.monotonic() + FOR_S[run.length]
            while time.monotonic() < ends:
                topic = run.dice.choice(sorted(TOPICS))
                number = await leader_of(house.stack.kafka_bootstrap, topic, 0)
                name = house.stack.servers.broker_name(number)
                fault = house.note("kill", name)
                await house.stack.kill(name)
                killed[name] += 1
                fault.end()
                await asyncio.sleep(DOWN_S)
                await house.stack.restart(name)
                await asyncio.sleep(BETWEEN_S)

        verdict = await trial.go(storm, quiet_s=QUIET_S)
        trial.figures["killed"] = ", ".join(f"{name} {count}" for name, count in sorted(killed.items()))
        return [trial.again(verdict)]


CHAPTER = Chapter(
    name="brokers",
    fault="three brokers, the leader killed again and again",
    about="Replication factor 3, two in sync: the leader of a partition is killed every ten seconds under load.",
    run=run,
    seconds={"normal": 100, "full": 680},
)
