"""Before anything new is sent: do the topics hold what this service has sent, and not more?

Kafka is not the truth, the outbox is. A topic that lost records (another cluster, an end below the recorded one) is
rebuilt by putting its whole log back on the queue. A topic that holds events which this database does not know, or a
cluster that remembers more acknowledged events than it does, means that the database was restored from an old copy:
then nothing may be sent, and what is missing is named. The second is seen also when the copy has read its way back.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import asyncpg
from aiokafka import AIOKafkaConsumer, TopicPartition

from chassis.kafka import admin, cluster_id, create_topics, last_records, owned_topics, reader
from chassis.remembering import Remembered
from chassis.settings import StackSettings
from chassis.telemetry import logger
from contracts.envelope import EnvelopeError, from_headers

REQUEUE = """
with chunk as (select id from outbox where topic = any($1::text[]) and id > $2 order by id limit $3),
queued as (insert into outbox_unsent select id from chunk on conflict do nothing)
select max(id), count(*) from chunk
"""

FORGET = "update relay_position set cluster_id = $2, end_offset = 0 where topic = any($1::text[])"

KNOWN_ENDS = "select topic, partition, cluster_id, end_offset from relay_position where topic = any($1::text[])"

OWN = "select event_id from outbox where company = $1 and topic = $2 and key = $3 and sequence = $4"

REQUEUE_ROWS = 50_000
"""Rows per statement, so that a long log is queued in steps that each take well under a statement's time limit."""
QUESTIONS_S = 15.0


@dataclass(frozen=True, slots=True)
class Watermark:
    """Which cluster is written to, and why nothing may be sent, if so."""

    cluster_id: str
    diverged: tuple[str, ...] | None = None
    ends: dict[tuple[str, int], int] = field(default_factory=dict)
    """Per partition, up to where Kafka has acknowledged: a later acknowledgement below it means a lost log."""


async def ensure_topics_hold_what_was_sent(
    connection: asyncpg.Connection, stack: StackSettings, service: str
) -> Watermark:
    """Compare topics and outbox, and queue again what Kafka lost. Raises what Kafka or the database says."""
    topics, servers = owned_topics(service), stack.kafka_bootstrap_servers
    async with asyncio.timeout(QUESTIONS_S):
        async with admin(servers) as client:
            identity = await cluster_id(client)
            await create_topics(client, topics, replication=stack.kafka_replication)
        async with reader(servers) as consumer:
            ends = await consumer.end_offsets([TopicPartition(t.name, p) for t in topics for p in range(t.partitions)])
            unknown = await _events_that_this_database_does_not_know(connection, consumer, ends)
    rows = await connection.fetch(KNOWN_ENDS, [topic.name for topic in topics])
    known = {TopicPartition(row["topic"], row["partition"]): int(row["end_offset"]) for row in rows}
    lost = sorted({row["topic"] for row in rows if _is_lost(row, identity, ends)})
    async with Remembered(servers, service) as remembered, asyncio.timeout(QUESTIONS_S):
        been = await remembered.read(place for place in ends if place.topic not in lost)
        unknown += _ends_that_this_database_does_not_know(known, been, ends)
        if unknown:
            return Watermark(identity, tuple(unknown))
        if lost:
            await requeue_lost(connection, identity, lost)
            await remembered.write({place: 0 for place in ends if place.topic in lost})
    return Watermark(identity, ends={(t, p): end for (t, p), end in known.items() if t not in lost})


async def requeue_lost(connection: asyncpg.Connection, identity: str, lost: Sequence[str]) -> None:
    """Put the whole log of these topics back on the queue, in steps; the evidence of the loss goes last.

    After a crash in between, it starts again: what is queued already stays queued once.
    """
    last, queued = 0, 0
    while True:
        end, count = await connection.fetchrow(REQUEUE, lost, last, REQUEUE_ROWS)  # type: ignore[misc]
        if not count:
            break
        last, queued = end, queued + count
    await connection.execute(FORGET, lost, identity)
    logger.error("topics are rebuilt from the outbox", action="rebuild", topics=list(lost), queued=queued)


def _is_lost(row: asyncpg.Record, identity: str, ends: dict[TopicPartition, int]) -> bool:
    place = TopicPartition(row["topic"], row["partition"])
    return bool(row["cluster_id"] != identity or ends[place] < row["end_offset"])


def _ends_that_this_database_does_not_know(
    known: Mapping[TopicPartition, int], been: Mapping[TopicPartition, int], ends: Mapping[TopicPartition, int]
) -> list[str]:
    """Where the service has been further. What is remembered beyond the topic's end is of a log that was lost since."""
    return [
        f"{place.topic}[{place.partition}]: {end} were acknowledged once, this database knows of {known.get(place, 0)}"
        for place, end in sorted(been.items())
        if known.get(place, 0) < end <= ends[place]
    ]


async def _events_that_this_database_does_not_know(
    connection: asyncpg.Connection, consumer: AIOKafkaConsumer, ends: dict[TopicPartition, int]
) -> list[str]:
    """The last event of each partition, where the outbox does not hold this very event under its sequence."""
    unknown: list[str] = []
    last = await last_records(consumer, {tp: end - 1 for tp, end in ends.items() if end > 0})
    for tp, record in last.items():
        if record is None:
            continue
        try:
            envelope = from_headers(record.headers)
        except EnvelopeError:
            continue  # not written by a relay of ours; consumers keep it raw
        own = await connection.fetchval(OWN, envelope.company, tp.topic, envelope.subject, envelope.sequence)
        if str(own) != envelope.id:
            here = "nothing" if own is None else f"event {own}"
            place = f"{tp.topic}/{envelope.subject}"
            unknown.append(f"{place}: sequence {envelope.sequence} is {envelope.id} on the topic, {here} here")
    return unknown
