"""The door from Kafka: one FastStream batch subscriber per service, acknowledged after the corridor's commit.

Kafka's own committed offsets are for lag tools only. Where to read is decided by the database: on assignment the
partitions are paused before anything is awaited, compared with `inbox_offset` in the background, sought and resumed.
The seek is an optimisation; contiguity is checked inside each batch's transaction.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain
from typing import Any

import asyncpg
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.abc import ConsumerRebalanceListener
from faststream import AckPolicy
from faststream.kafka import KafkaBroker
from faststream.kafka.message import KafkaAckableMessage

from chassis.cluster import ClusterWatch
from chassis.consumers import Consumers
from chassis.corridor import Corridor, Rewind
from chassis.kafka import admin, cluster_id, last_records, reader
from chassis.records import Record, event_id_of
from chassis.settings import ServiceSettings
from chassis.telemetry import Metrics, logger, safe_text

TOPICS_LOOKED_FOR_MS = 5_000
"""A cluster that lost its disk comes back without topics, and a group that joins then is given no partitions. It
notices the topics that the relays make only when it asks again; by default that is after five minutes."""
RETRY_S = 1.0
LAG_S = 3.0
LAG_PATIENCE_S = 5.0
"""After this a broker that does not answer is away; the client itself would ask for 40 s."""
DEAF_S = 30.0
"""A client that hears nothing for so long, while its cluster answers others, will not hear again."""
ABANDON_S = 2.0

OFFSETS = "select topic, partition, next, last_event_id, cluster_id from inbox_offset where consumer = $1"
START_OVER = """
update inbox_offset set next = 0, last_event_id = null, cluster_id = $4
where consumer = $1 and topic = $2 and partition = $3
"""


class Deaf(Exception):
    """The client of a subscription does not get through to a cluster that answers others."""


@dataclass(frozen=True, slots=True)
class _Stored:
    next: int
    last_event_id: str | None
    cluster_id: str | None


class Subscription(ConsumerRebalanceListener):  # type: ignore[misc]
    """One service's subscription to all its topics, and where it reads."""

    def __init__(self, settings: ServiceSettings, consumers: Consumers, corridor: Corridor, metrics: Metrics) -> None:
        self.settings = settings
        self.consumers = consumers
        self.corridor = corridor
        self.metrics = metrics
        self.ready = False
        """Whether the partitions assigned last have been sought."""
        self.lost: dict[TopicPartition, str] = {}
        """Partitions that stand still because their log has lost what was not read yet."""
        self._servers = settings.stack.kafka_bootstrap_servers
        self._seeking: asyncio.Task[None] | None = None
        self._unsought: set[TopicPartition] = set()
        """Partitions that stand still until it is known where to read them; the others are left in peace."""
        self.broker = KafkaBroker(
            self._servers.split(","),  # FastStream takes a text for the name of one broker
            apply_types=False, allow_auto_create_topics=False, logger=None,
            client_id=f"{settings.service}-{settings.replica}", graceful_timeout=settings.drain_s,
            metadata_max_age_ms=TOPICS_LOOKED_FOR_MS,
        )  # fmt: skip
        self.subscriber = self.broker.subscriber(
            *consumers.topics,
            group_id=consumers.name,
            group_instance_id=f"{consumers.name}-{settings.replica}",
            session_timeout_ms=settings.session_timeout_ms,
            batch=True,
            ack_policy=AckPolicy.NACK_ON_ERROR,
            auto_offset_reset="earliest",
            listener=self,
            parser=self._parse,
            decoder=_raw_records,
            no_reply=True,
            fetch_max_wait_ms=100,
        )
        self.subscriber.get_msg = self._look  # type: ignore[method-assign]
        self.subscriber(self._handle)

    async def start(self) -> None:
        """Join the group. Raises while Kafka is away or a topic is missing."""
        async with admin(self._servers) as client:
            self.corridor.cluster_id = await cluster_id(client)
            missing = set(self.consumers.topics) - set(await client.list_topics())
        if missing:
            raise ConnectionError(f"topics are not provisioned: {', '.join(sorted(missing))}")
        await self.broker.start()

    async def stop(self) -> None:
        """Finish the running batch, acknowledge it, leave."""
        if self._seeking is not None:
            self._seeking.cancel()
        await self.broker.stop()

    async def abandon(self) -> None:
        """Let go of a client that is not trusted to stop; what it had not acknowledged is read again by the next."""
        consumer, running = self.subscriber.consumer, list(self.subscriber.tasks)
        with suppress(Exception):
            async with asyncio.timeout(ABANDON_S):
                await self.stop()
        for task in running:  # nothing is taken any more, wherever the stop has stood still
            task.cancel()
        if consumer is not None:
            with suppress(Exception):
                async with asyncio.timeout(ABANDON_S):
                    await consumer._client.close()

    def on_cluster_change(self, identity: str) -> None:
        """Another cluster answers under the same address (its disk was lost): read everything again."""
        self._seek_in_background(self._consumer.assignment())  # pauses before anything else
        self.corridor.cluster_id = identity

    async def watch_lag(self, watch: ClusterWatch) -> None:
        """Keep the gauge of what is on Kafka and not settled here. Raises `Deaf` when only this client is deaf."""
        heard = asyncio.get_running_loop().time()
        while True:
            await asyncio.sleep(LAG_S)
            now = asyncio.get_running_loop().time()
            try:
                ends = await self._ends()
                heard = now
                await self._measure_lag(ends)
            except Exception as error:
                for topic in self.consumers.topics:  # the last value would look like the present one
                    self.metrics.lag(topic, None)
                logger.warning("lag is not known", action="retry", error=safe_text(error))
            if not watch.answers:
                heard = now  # Kafka is away: nobody hears anything
            elif now - heard > DEAF_S:
                raise Deaf(f"nothing heard for {now - heard:.0f} s, while the cluster answers others")

    async def on_partitions_revoked(self, revoked: Iterable[TopicPartition]) -> None:
        """Nothing to do: whoever gets them reads their positions from the database."""
        self.ready = False

    async def on_partitions_assigned(self, assigned: Iterable[TopicPartition]) -> None:
        """Pause before any await, so that no record of a wrong position comes through; the rest in the background."""
        self._seek_in_background(assigned)

    # -- batches ----------------------------------------------------------------------------------------------------

    async def _look(self, consumer: AIOKafkaConsumer) -> tuple[Any, ...]:
        """What has come, or else what comes first. FastStream's own look is followed by a rest when nothing came, and
        what comes then waits; an idle service looked 25 times a second (decision 0049)."""
        settings = self.settings
        found = await consumer.getmany(timeout_ms=settings.poll_ms, max_records=settings.batch_records_max)
        return tuple(chain.from_iterable(found.values()))

    async def _parse(self, batch: tuple[Record, ...]) -> KafkaAckableMessage:
        """Wrap the batch without a look at the records: an error here would lose them silently."""
        return KafkaAckableMessage(
            body=b"", headers={}, batch_headers=[], reply_to="", content_type=None, message_id="", correlation_id="",
            raw_message=batch, path={}, consumer=self._consumer,
        )  # fmt: skip

    async def _handle(self, records: Any) -> None:  # FastStream builds a model of what is annotated here
        try:
            await self.corridor.take(records)
        except Rewind as rewind:
            # Return, do not raise: on an error FastStream would seek back to this batch's own start.
            await self._rewind(records, rewind)

    async def _rewind(self, records: Sequence[Record], rewind: Rewind) -> None:
        logger.warning("batch starts beyond what was taken", action="rewind", expected=str(rewind.expected))
        assignment = self._consumer.assignment()
        firsts: dict[TopicPartition, int] = {}
        for record in records:
            firsts.setdefault(TopicPartition(record.topic, record.partition), record.offset)
        targets = {tp: rewind.expected.get((tp.topic, tp.partition), first) for tp, first in firsts.items()}
        begin = await self._consumer.beginning_offsets(list(targets))
        for tp, target in targets.items():
            if tp not in assignment:
                continue
            if begin[tp] > target:
                self._stand_still(tp, begin[tp], target)
            else:
                self._consumer.seek(tp, target)
        if self.lost:  # somebody must look again, until the log is whole
            self._seek_in_background(self.lost)

    # -- positions --------------------------------------------------------------------------------------------------

    @property
    def _consumer(self) -> AIOKafkaConsumer:
        consumer = self.subscriber.consumer
        if consumer is None:
            raise ConnectionError("the consumer has not started")
        return consumer

    def _seek_in_background(self, partitions: Iterable[TopicPartition]) -> None:
        self._unsought.update(partitions)
        self.ready = False
        if self._unsought:
            self._consumer.pause(*(self._unsought & self._consumer.assignment()))
        if self._seeking is not None:
            self._seeking.cancel()
        self._seeking = asyncio.create_task(self._seek_until_done())

    async def _seek_until_done(self) -> None:
        while True:
            try:
                await self._seek()
                return
            except Exception as error:
                logger.warning("positions are not known yet", action="retry", error=safe_text(error))
                await asyncio.sleep(RETRY_S)

    async def _seek(self) -> None:
        """Seek what is still assigned to where the database says, after checking that the log is the one it means.

        What has been sought reads on, however long another partition stands still.
        """
        consumer = self._consumer
        self._unsought &= consumer.assignment()
        partitions = tuple(self._unsought)
        positions = await self._positions(partitions)
        begin = await consumer.beginning_offsets(list(partitions)) if partitions else {}
        self.lost = {tp: why for tp, why in self.lost.items() if tp in consumer.assignment()}
        for tp in set(partitions) & consumer.assignment():
            if begin[tp] > positions[tp]:
                self._stand_still(tp, begin[tp], positions[tp])
                continue
            self.lost.pop(tp, None)
            consumer.seek(tp, positions[tp])
            consumer.resume(tp)
            self._unsought.discard(tp)
        self.metrics.alarm("log-lost-events", bool(self.lost))
        if self.lost:
            raise ConnectionError("; ".join(self.lost.values()))
        self.ready = True

    def _stand_still(self, tp: TopicPartition, begin: int, wanted: int) -> None:
        """A log that starts beyond what was read has lost events: alarm and wait for its rebuild, never skip."""
        self.lost[tp] = f"{tp.topic}[{tp.partition}] starts at {begin}, this consumer needs {wanted}"
        self._consumer.pause(tp)
        self.metrics.alarm("log-lost-events")
        logger.error("a log has lost events that were not read", action="alarm", partition=self.lost[tp])

    async def _positions(self, partitions: Sequence[TopicPartition]) -> dict[TopicPartition, int]:
        stored = await self._stored()
        checked = {tp: stored[tp].next - 1 for tp in partitions if tp in stored and stored[tp].next > 0}
        found: dict[TopicPartition, Record | None] = {}
        if checked:
            async with reader(self._servers) as single:
                found = await last_records(single, checked)
        positions: dict[TopicPartition, int] = {}
        for tp in partitions:
            row = stored.get(tp)
            if row is None or row.next == 0:
                positions[tp] = 0
            elif self._is_same_log(row, found.get(tp)):
                positions[tp] = row.next
            else:
                await self._start_over(tp)
                positions[tp] = 0
        return positions

    def _is_same_log(self, row: _Stored, record: Record | None) -> bool:
        if row.cluster_id is not None and row.cluster_id != self.corridor.cluster_id:
            return False
        return record is not None and event_id_of(record) == row.last_event_id

    async def _stored(self) -> dict[TopicPartition, _Stored]:
        async with self.corridor.database.unit([], nobody=True) as unit:
            rows: Sequence[asyncpg.Record] = await unit.raw.fetch(OFFSETS, self.consumers.name)
        return {TopicPartition(r[0], r[1]): _Stored(r[2], r[3], r[4]) for r in rows}

    async def _start_over(self, tp: TopicPartition) -> None:
        """Another log stands under this name: read it from its start; the cursors drop what is known."""
        logger.error("a log is not the one that was read", action="reread", topic=tp.topic, partition=tp.partition)
        async with self.corridor.database.unit([], nobody=True) as unit:
            await unit.raw.execute(START_OVER, self.consumers.name, tp.topic, tp.partition, self.corridor.cluster_id)

    async def _ends(self) -> dict[TopicPartition, int]:
        """The ends of the partitions of this replica; where it has none, one of each topic is asked for anyway."""
        consumer = self._consumer
        assigned = set(consumer.assignment())
        asked = assigned or {TopicPartition(topic, 0) for topic in self.consumers.topics}
        async with asyncio.timeout(LAG_PATIENCE_S):
            ends = await consumer.end_offsets(list(asked))
        return {tp: end for tp, end in ends.items() if tp in assigned}

    async def _measure_lag(self, ends: Mapping[TopicPartition, int]) -> None:
        """What is on the partitions of this replica, beyond what its database has committed.

        Not beyond what was fetched: a batch that is tried again for an hour has been fetched all the while.
        """
        lags: dict[str, int] = dict.fromkeys(self.consumers.topics, 0)
        if ends:
            stored = await self._stored()
            for tp, end in ends.items():
                row = stored.get(tp)
                is_of_this_log = row is not None and row.cluster_id in (None, self.corridor.cluster_id)
                lags[tp.topic] += max(0, end - row.next) if row is not None and is_of_this_log else end
        for topic, lag in lags.items():
            self.metrics.lag(topic, lag)


async def _raw_records(message: Any) -> Any:
    """The records as they came; reading them is the corridor's, where a bad one is kept instead of lost."""
    return message.raw_message
