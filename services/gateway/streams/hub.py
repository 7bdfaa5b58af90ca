"""One consumer per topic and process, without a group, whose records are handed to every reader of the topic."""

from __future__ import annotations

import asyncio
import zlib
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress

from aiokafka import AIOKafkaConsumer, TopicPartition

from chassis.kafka import admin, cluster_id, last_records, reader
from chassis.requests import unavailable
from chassis.telemetry import logger, safe_text
from services.gateway.streams.entries import Entry, Record
from services.gateway.streams.position import Mark

START_S = 5.0
"""How long a first reader waits for Kafka."""
LINGER_S = 30.0
"""How long the consumer stays when the last reader has gone."""
BATCH_RECORDS = 500

Wanted = Callable[[Entry], bool]


class Reader:
    """One reader's end: entries in order, each with the place behind it; bounded, so a slow one costs nobody else."""

    def __init__(self, wanted: Wanted, marks: Sequence[Mark], most: int) -> None:
        self.wanted = wanted
        self.marks = list(marks)
        """The place behind everything that was offered."""
        self.dropped: str | None = None
        """Why nothing more will come, if so."""
        self.arrived = asyncio.Event()
        self._waiting: deque[tuple[Entry, tuple[Mark, ...]]] = deque()
        self._most = most

    def offer(self, entry: Entry) -> None:
        """Take an entry, unless it was taken already or the reader has been dropped."""
        if self.dropped is not None or entry.mark.next <= self.marks[entry.partition].next:
            return
        self.marks[entry.partition] = entry.mark
        if not self.wanted(entry):
            return
        if len(self._waiting) >= self._most:
            self.drop("slow-reader")
            return
        self._waiting.append((entry, tuple(self.marks)))
        self.arrived.set()

    def drop(self, reason: str) -> None:
        """Take nothing more; what waits is still given."""
        self.dropped = reason
        self.arrived.set()

    def take(self) -> list[tuple[Entry, tuple[Mark, ...]]]:
        """All that waits."""
        taken = list(self._waiting)
        self._waiting.clear()
        self.arrived.clear()
        if self.dropped is not None:
            self.arrived.set()
        return taken


class Hub:
    """The live end of one topic."""

    def __init__(self, topic: str, partitions: int, servers: str) -> None:
        self.topic = topic
        self.partitions = [TopicPartition(topic, n) for n in range(partitions)]
        self.cluster = 0
        self.marks: list[Mark] = []
        """The place behind what was handed out; every partition's last record is known."""
        self.servers = servers
        self._readers: set[Reader] = set()
        self._consumer: AIOKafkaConsumer | None = None
        self._task: asyncio.Task[None] | None = None
        self._closing = False
        """From the moment the task hands out nothing more; it may still be stopping its consumer."""
        self._starting = asyncio.Lock()

    async def start(self) -> None:
        """Be at the topic's end. Raises Problem 503 while Kafka does not answer.

        Whoever attaches before the next pause gets every record behind `marks`.
        """
        if self._handing_out():
            return
        async with self._starting:
            if self._handing_out():
                return
            try:
                async with asyncio.timeout(START_S):
                    if self._task is not None:
                        await asyncio.wait({self._task})
                    await self._open()
            except Exception as error:
                await self._close()
                raise unavailable("stream-unavailable", "The streams do not answer; try again.") from error
            self._closing = False
            self._task = asyncio.create_task(self._run())

    def _handing_out(self) -> bool:
        return self._task is not None and not self._task.done() and not self._closing

    def attach(self, reader_: Reader) -> None:
        """Hand every record from now on to this reader; what it has already, by its marks, is left out."""
        self._readers.add(reader_)

    def detach(self, reader_: Reader) -> None:
        """Hand it nothing more."""
        self._readers.discard(reader_)

    async def close(self) -> None:
        """Let all readers go."""
        for each in list(self._readers):
            each.drop("stopping")
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
            await self._close()  # a task that was cancelled before its first step has closed nothing

    async def _open(self) -> None:
        async with admin(self.servers) as client:
            self.cluster = zlib.crc32((await cluster_id(client)).encode())
        self._consumer = AIOKafkaConsumer(
            bootstrap_servers=self.servers, enable_auto_commit=False, auto_offset_reset="none", fetch_max_wait_ms=100
        )
        await self._consumer.start()
        ends = await self._consumer.end_offsets(self.partitions)
        async with reader(self.servers) as single:
            last = await last_records(single, {tp: end - 1 for tp, end in ends.items() if end > 0})
        self.marks = [_mark(ends[tp], last.get(tp)) for tp in self.partitions]
        self._consumer.assign(self.partitions)
        for tp in self.partitions:
            self._consumer.seek(tp, ends[tp])

    async def _run(self) -> None:
        idle_since: float | None = None
        loop = asyncio.get_running_loop()
        try:
            while True:
                idle_since = None if self._readers else idle_since or loop.time()
                if idle_since is not None and loop.time() - idle_since > LINGER_S:
                    return
                await self._hand_out()
        except asyncio.CancelledError:
            raise
        except Exception as error:
            logger.warning("a stream ends for its readers", action="drop", topic=self.topic, error=safe_text(error))
        finally:
            self._closing = True  # first of all: a reader that comes now must wait for the next consumer
            for each in self._readers:
                if each.dropped is None:
                    each.drop("stream-interrupted")
            self._readers.clear()
            await self._close()

    async def _hand_out(self) -> None:
        assert self._consumer is not None
        batch = await self._consumer.getmany(timeout_ms=500, max_records=BATCH_RECORDS)
        for records in batch.values():
            for record in records:
                entry = Entry(record)
                self.marks[entry.partition] = entry.mark
                for each in self._readers:
                    each.offer(entry)

    async def _close(self) -> None:
        consumer, self._consumer = self._consumer, None
        if consumer is not None:
            with suppress(Exception):
                await consumer.stop()


def _mark(end: int, last: Record | None) -> Mark:
    return Mark(end, 0, 0) if last is None else Entry(last).mark


class Hubs:
    """The hubs of one process, one per topic that somebody reads."""

    def __init__(self, servers: str, topics: dict[str, int]) -> None:
        self._hubs = {topic: Hub(topic, partitions, servers) for topic, partitions in topics.items()}
        self.readers = 0

    def of(self, topic: str) -> Hub:
        """The hub of a topic. Raises KeyError for an unknown one."""
        return self._hubs[topic]

    async def close(self) -> None:
        """Let all readers of all topics go."""
        for hub in self._hubs.values():
            await hub.close()
