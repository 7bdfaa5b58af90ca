"""How fresh the timelines are: an answer says "as of", which is a moment, not a feeling.

The ends of the topics are noted every few seconds. When the timelines have folded everything that a note holds, they
are complete as of that note's moment.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import NamedTuple

import asyncpg
from aiokafka import AIOKafkaConsumer, TopicPartition

from chassis.telemetry import logger, safe_text

KEPT = 600
SAMPLE_S = 5.0
NEXT = "select topic, partition, next from inbox_offset where consumer = $1"

Place = tuple[str, int]


class AsOf(NamedTuple):
    """How current an answer is."""

    as_of: datetime | None
    """Everything that stood in the topics at this moment is in the answer; None while that was never so."""
    lag_events: int | None
    """Events that stand in the topics and are not folded; None while Kafka does not answer."""


class _Note(NamedTuple):
    at: datetime
    ends: Mapping[Place, int]


class Freshness:
    """Notes the ends of all topics that a consumer folds."""

    def __init__(
        self, servers: str, topics: Mapping[str, int], consumer: str, now: Callable[[], datetime], every_s: float
    ) -> None:
        self._servers = servers
        self._partitions = [TopicPartition(topic, n) for topic, count in topics.items() for n in range(count)]
        self._consumer = consumer
        self._now = now
        self._every_s = every_s
        self._notes: deque[_Note] = deque(maxlen=KEPT)
        self._covered: datetime | None = None

    async def follow(self) -> None:
        """Note the ends, for ever; while Kafka is away, try again."""
        while True:
            consumer = AIOKafkaConsumer(bootstrap_servers=self._servers, enable_auto_commit=False)
            try:
                async with asyncio.timeout(SAMPLE_S):
                    await consumer.start()
                while True:
                    await self._note(consumer)
                    await asyncio.sleep(self._every_s)
            except Exception as error:
                logger.warning("ends of topics are not known", action="retry", error=safe_text(error))
                await asyncio.sleep(self._every_s)
            finally:
                with suppress(Exception):
                    await consumer.stop()

    async def look(self, connection: asyncpg.Connection) -> AsOf:
        """How current the timelines are that this connection sees."""
        rows = await connection.fetch(NEXT, self._consumer)
        folded = {(row[0], row[1]): row[2] for row in rows}
        return self.judge(folded)

    def judge(self, folded: Mapping[Place, int]) -> AsOf:
        """The latest noted moment that these positions cover, and what is missing to the latest note."""
        for note in reversed(self._notes):
            if all(folded.get(place, 0) >= end for place, end in note.ends.items()):
                self._covered = max(note.at, self._covered or note.at)
                break
        latest = self._notes[-1] if self._notes else None
        stale = latest is None or (self._now() - latest.at).total_seconds() > 3 * self._every_s + SAMPLE_S
        if latest is None or stale:
            return AsOf(self._covered, None)
        return AsOf(self._covered, sum(max(0, end - folded.get(place, 0)) for place, end in latest.ends.items()))

    def note(self, at: datetime, ends: Mapping[Place, int]) -> None:
        """Keep one look at the topics' ends."""
        self._notes.append(_Note(at.astimezone(UTC), dict(ends)))

    async def _note(self, consumer: AIOKafkaConsumer) -> None:
        async with asyncio.timeout(SAMPLE_S):
            at = self._now()
            ends = await consumer.end_offsets(self._partitions)
        self.note(at, {(tp.topic, tp.partition): end for tp, end in ends.items()})
