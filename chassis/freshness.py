"""How fresh what a consumer has made of its topics is: an answer says "as of", which is a moment, not a feeling.

The ends of the topics are noted every few seconds. When the consumer has folded everything that a note holds, what it
made is complete as of that note's moment. Every answer of a department to a question says so in its headers.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, NamedTuple

import asyncpg
from aiokafka import AIOKafkaConsumer, TopicPartition

from chassis.clock import rfc3339
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

    async def look(self, connection: asyncpg.Connection | asyncpg.Pool) -> AsOf:
        """How current what this connection sees is."""
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


class Standing:
    """What a department says of itself with every answer. Looked up every few seconds, so that no answer pays for it:
    what is read after a look is at least as current as the look says.
    """

    def __init__(self, freshness: Freshness, now: Callable[[], datetime], every_s: float) -> None:
        self._freshness = freshness
        self._now = now
        self._every_s = every_s
        self._said = AsOf(None, None)

    async def follow(self, connections: asyncpg.Pool) -> None:
        """For ever; while the database is away, what was said last stands, and its age tells."""
        noting = asyncio.create_task(self._freshness.follow())
        try:
            while True:
                try:
                    self.say(await self._freshness.look(connections))
                except Exception as error:
                    logger.warning("it is not known how current answers are", action="retry", error=safe_text(error))
                await asyncio.sleep(self._every_s)
        finally:
            noting.cancel()

    def say(self, as_of: AsOf) -> None:
        """From now on."""
        self._said = as_of

    def headers(self) -> list[tuple[bytes, bytes]]:
        """For an answer; what is not known is left out."""
        as_of, lag = self._said
        told: list[tuple[bytes, bytes]] = []
        if as_of is not None:
            behind = max(0.0, (self._now() - as_of).total_seconds())
            told.append((b"backbone-as-of", rfc3339(as_of).encode()))
            told.append((b"backbone-lag-seconds", b"%.1f" % behind))
        if lag is not None:
            told.append((b"backbone-lag-events", b"%d" % lag))
        return told


HEADERS: Mapping[str, Mapping[str, object]] = {
    "Backbone-As-Of": {
        "description": "Everything that stood in the department's topics at this moment is in the answer, unless it is "
        "held (`…/held` shows that). Absent while it is not known.",
        "schema": {"type": "string", "format": "date-time"},
    },
    "Backbone-Lag-Seconds": {
        "description": "Seconds since then: a few where nothing is behind, because the topics are looked at every few.",
        "schema": {"type": "number"},
    },
    "Backbone-Lag-Events": {
        "description": "Events in the department's topics that it has not taken yet. Absent while Kafka is away.",
        "schema": {"type": "integer"},
    },
}


def documented(document: dict[str, Any]) -> dict[str, Any]:
    """An OpenAPI document in which every answer to a question has these headers."""
    for path in document["paths"].values():
        answers = path.get("get", {}).get("responses", {})
        for status, answer in answers.items():
            if status.startswith("2"):
                answer.setdefault("headers", {}).update(HEADERS)
    return document
