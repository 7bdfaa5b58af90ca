"""Before anything new is sent: do the topics hold what this service has sent, and not more?

Kafka is not the truth, the outbox is. A topic that lost records (another cluster, an end below the recorded one) is
rebuilt by putting its whole log back on the queue. A topic that holds events which this database does not know means
that the database was restored from an old copy: then nothing may be sent, and what is missing is named.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import asyncpg
from aiokafka import AIOKafkaConsumer, TopicPartition

from chassis.kafka import admin, cluster_id, create_topics, last_records, owned_topics, reader
from chassis.telemetry import logger
from contracts.envelope import EnvelopeError, from_headers
from contracts.topics import Topic

REQUEUE = """
insert into outbox_unsent select id from outbox where topic = any($1::text[]) on conflict do nothing
"""

FORGET = "update relay_position set cluster_id = $2, end_offset = 0 where topic = any($1::text[])"

KNOWN_ENDS = "select topic, partition, cluster_id, end_offset from relay_position where topic = any($1::text[])"

LAST = "select coalesce(max(last), 0) from outbox_sequence where company = $1 and topic = $2 and key = $3"


@dataclass(frozen=True, slots=True)
class Watermark:
    """Which cluster is written to, and why nothing may be sent, if so."""

    cluster_id: str
    diverged: str | None = None


async def ensure_topics_hold_what_was_sent(connection: asyncpg.Connection, servers: str, service: str) -> Watermark:
    """Compare topics and outbox, and queue again what Kafka lost. Raises what Kafka or the database says."""
    topics = owned_topics(service)
    async with admin(servers) as client:
        identity = await cluster_id(client)
        await create_topics(client, topics)
    async with reader(servers) as consumer:
        ends = await consumer.end_offsets([TopicPartition(t.name, p) for t in topics for p in range(t.partitions)])
        unknown = await _events_that_this_database_does_not_know(connection, consumer, ends)
    if unknown:
        return Watermark(identity, "; ".join(unknown))
    await _requeue_what_was_lost(connection, identity, topics, ends)
    return Watermark(identity)


async def _requeue_what_was_lost(
    connection: asyncpg.Connection, identity: str, topics: Sequence[Topic], ends: dict[TopicPartition, int]
) -> None:
    rows = await connection.fetch(KNOWN_ENDS, [topic.name for topic in topics])
    lost = sorted(
        {
            row["topic"]
            for row in rows
            if row["cluster_id"] != identity or ends[TopicPartition(row["topic"], row["partition"])] < row["end_offset"]
        }
    )
    if not lost:
        return
    async with connection.transaction():
        answer = await connection.execute(REQUEUE, lost)
        await connection.execute(FORGET, lost, identity)
    logger.error("topics are rebuilt from the outbox", action="rebuild", topics=lost, queued=answer.rpartition(" ")[2])


async def _events_that_this_database_does_not_know(
    connection: asyncpg.Connection, consumer: AIOKafkaConsumer, ends: dict[TopicPartition, int]
) -> list[str]:
    """The last event of each partition, where its sequence is beyond the outbox's own."""
    unknown: list[str] = []
    last = await last_records(consumer, {tp: end - 1 for tp, end in ends.items() if end > 0})
    for tp, record in last.items():
        if record is None:
            continue
        try:
            envelope = from_headers(record.headers)
        except EnvelopeError:
            continue  # not written by a relay of ours; consumers keep it raw
        own = await connection.fetchval(LAST, envelope.company, tp.topic, envelope.subject)
        if envelope.sequence > own:
            unknown.append(f"{tp.topic}/{envelope.subject}: sequence {envelope.sequence} on the topic, {own} here")
    return unknown
