"""Kafka's disk is wiped under load: the topics are rebuilt from the outboxes (GOAL4)."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from tests.proof.chapter import Chapter, Length
from tests.proof.house import House
from tests.proof.load.sending import Tally
from tests.proof.run import Run
from tests.proof.trial import Trial
from tests.proof.verdict import Verdict

BEFORE_S: dict[Length, float] = {"short": 5, "normal": 5, "full": 60}
TIMES: dict[Length, tuple[bool, ...]] = {"short": (True,), "normal": (True, False), "full": (True, False, True)}
"""Whether the new cluster has another identity; False is the same name over empty logs, which is harder to notice."""
AFTER_S = 8.0
EMPTY_S = 2.0


async def run(run: Run) -> Sequence[Verdict]:
    """Load, wipe, go on; whatever was ever accepted must be on the topics again, each once."""
    async with run.house() as house:
        trial = Trial(run, house, "kafka_wiped", "Kafka's disk wiped")

        async def wipe(house: House, _: Tally) -> None:
            for another in TIMES[run.length]:
                fault = house.note("wipe", "kafka")
                await house.stack.wipe_kafka(new_identity=another)
                await asyncio.sleep(EMPTY_S)
                await house.stack.start_wiped_kafka()
                fault.end()
                await asyncio.sleep(AFTER_S)

        return [await trial.go(wipe, quiet_s=BEFORE_S[run.length])]


CHAPTER = Chapter(
    name="kafka_wiped",
    fault="Kafka's disk wiped under load, with another and with the same cluster id",
    about="The broker loses its disk while orders come in; every topic is rebuilt from the outboxes (GOAL4).",
    run=run,
    seconds={"short": 40, "normal": 50, "full": 180},
)
