"""Every event is delivered three times, shuffled across topics; the state is that of a clean run (GOAL8)."""

from __future__ import annotations

import asyncio
import heapq
import random
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRecord, TopicPartition

from contracts.topics import TOPICS
from tests.proof.chapter import Chapter, Length
from tests.proof.house import STILL_S, House
from tests.proof.run import Run
from tests.proof.script import play
from tests.proof.state import differences, state_hash, state_of
from tests.proof.trial import Trial
from tests.proof.verdict import Verdict

ORDERS: dict[Length, int] = {"short": 60, "normal": 120, "full": 5_000}
LATE_S: dict[Length, float] = {"short": 4, "normal": 8, "full": 180}
"""A repeat comes up to so much later than the first."""
REPEATS = 2


async def run(run: Run) -> Sequence[Verdict]:
    """The same course twice, for companies of their own: undisturbed, and with every event three times."""
    async with run.house(split=("ledger",)) as house:
        trial = Trial(run, house, "disorder", "each event three times, shuffled")
        run.say("a clean run")
        await play(house, run, ORDERS[run.length])
        clean = await state_of(house, house.companies)
        await house.fresh_companies()
        await house.rest()
        before = await _duplicates(house)
        async with _repeating(house, run) as repeater:
            fault = house.note("three times", "every event")
            run.say("the same in disorder")
            tally = await play(house, run, ORDERS[run.length])
            await repeater.flush()
            fault.end()
        trial.figures["quiet after"] = f"{await house.rest():.1f} s"
        _compare(trial, clean, await state_of(house, house.companies))
        _count(trial, repeater, before, await _counted_out(house, repeater, before))
        trial.tally = tally
        return [trial.verdict(await house.check())]


def _compare(trial: Trial, clean: list[dict[str, object]], after: list[dict[str, object]]) -> None:
    hashes = state_hash(clean), state_hash(after)
    trial.figures["state"] = f"{hashes[1]}, of the clean run {hashes[0]}"
    trial.violations += [f"GOAL8: {difference}" for difference in differences(clean, after)]


def _count(trial: Trial, repeater: Repeater, before: Counter[str], after: Counter[str]) -> None:
    """Each repeat is a duplicate at each consumer, no more and no fewer."""
    trial.figures["repeats"] = f"{sum(repeater.repeated.values())}"
    trial.figures["duplicates counted by consumers"] = str(sum(after.values()) - sum(before.values()))
    for place in sorted(after):
        counted, sent = after[place] - before[place], repeater.repeated[place.partition(" ")[0]]
        if counted != sent:
            trial.violations.append(f"GOAL8: {place} counts {counted} duplicates of {sent}")


async def _counted_out(house: House, repeater: Repeater, before: Counter[str]) -> Counter[str]:
    """What the consumers have counted when they have read every repeat, or read nothing for a while."""
    after, since = await _duplicates(house), time.monotonic()
    while any(after[at] - before[at] < repeater.repeated[at.partition(" ")[0]] for at in after):
        await asyncio.sleep(1.0)
        now = await _duplicates(house)
        if now != after:
            after, since = now, time.monotonic()
        elif time.monotonic() - since > STILL_S:
            break
    return after


async def _duplicates(house: House) -> Counter[str]:
    """By `topic consumer`, as the census tells."""
    census = await house.admin.get("/v1/census")
    return Counter({f"{row['topic']} {row['consumer']}": int(row["duplicates"]) for row in census["totals"]})


@dataclass(slots=True)
class Repeater:
    """Reads every topic and puts each new event on it again, some time later, in another order."""

    consumer: AIOKafkaConsumer
    producer: AIOKafkaProducer
    dice: random.Random
    late_s: float
    repeated: Counter[str] = field(default_factory=Counter)
    _known: set[tuple[str, bytes, bytes]] = field(default_factory=set)
    _due: list[tuple[float, float, ConsumerRecord]] = field(default_factory=list)
    _hurry: bool = False
    _seen: int = 0

    async def run(self) -> None:
        """Until it is cancelled."""
        while True:
            for records in (await self.consumer.getmany(timeout_ms=50)).values():
                for record in records:
                    self._take(record)
            await self._send_due()

    async def flush(self) -> None:
        """All that is due later comes now; returns when nothing is left, twice in a row."""
        self._hurry = True
        empty = 0
        while empty < 20:
            await asyncio.sleep(0.1)
            empty = 0 if self._due else empty + 1

    def _take(self, record: ConsumerRecord) -> None:
        identity = (record.topic, record.key, dict(record.headers)["ce_id"])
        if identity in self._known:
            return
        self._known.add(identity)
        for _ in range(REPEATS):
            heapq.heappush(
                self._due, (time.monotonic() + self.dice.uniform(0, self.late_s), self.dice.random(), record)
            )

    async def _send_due(self) -> None:
        while self._due and (self._hurry or self._due[0][0] < time.monotonic()):
            _, _, record = heapq.heappop(self._due)
            await self.producer.send(
                record.topic, record.value, key=record.key, partition=record.partition, headers=list(record.headers)
            )
            self.repeated[record.topic] += 1
        await self.producer.flush()


@asynccontextmanager
async def _repeating(house: House, run: Run) -> AsyncIterator[Repeater]:
    servers = house.stack.kafka_bootstrap
    consumer = AIOKafkaConsumer(bootstrap_servers=servers, enable_auto_commit=False, auto_offset_reset="latest")
    producer = AIOKafkaProducer(bootstrap_servers=servers, enable_idempotence=True)
    await consumer.start()
    await producer.start()
    try:
        partitions = [TopicPartition(name, n) for name, topic in TOPICS.items() for n in range(topic.partitions)]
        consumer.assign(partitions)
        for partition, end in (await consumer.end_offsets(partitions)).items():
            consumer.seek(partition, end)
        repeater = Repeater(consumer, producer, run.dice, LATE_S[run.length])
        running = asyncio.create_task(repeater.run())
        try:
            yield repeater
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
    finally:
        await consumer.stop()
        await producer.stop()


CHAPTER = Chapter(
    name="disorder",
    fault="every event three times, shuffled across topics by minutes",
    about="Each event comes twice again, late and in another order; the state is that of a clean run (GOAL8).",
    run=run,
    seconds={"short": 45, "normal": 55, "full": 900},
)
