"""What the relay and the consumers ask of Kafka beside sending and fetching: topics, ends, single records, identity."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.structs import ConsumerRecord

from contracts.topics import TOPICS, Topic

REQUEST_MS = 5_000
TOPIC_EXISTS = 36
"""Kafka's error code for a topic that is there already."""


@asynccontextmanager
async def admin(servers: str) -> AsyncIterator[AIOKafkaAdminClient]:
    """An admin client for a few questions."""
    client = AIOKafkaAdminClient(bootstrap_servers=servers, request_timeout_ms=REQUEST_MS)
    try:
        await client.start()
        yield client
    finally:
        await client.close()


@asynccontextmanager
async def reader(servers: str) -> AsyncIterator[AIOKafkaConsumer]:
    """A consumer without a group, for looking at single records.

    Use it for something: one that is stopped before it was given a partition cancels the task that stops it.
    """
    consumer = AIOKafkaConsumer(
        bootstrap_servers=servers, enable_auto_commit=False, request_timeout_ms=REQUEST_MS, fetch_max_wait_ms=50
    )
    try:
        await consumer.start()
        await asyncio.sleep(0)  # stopped before its own task has run once, aiokafka lets that task's cancellation out
        yield consumer
    finally:
        await consumer.stop()


async def cluster_id(client: AIOKafkaAdminClient) -> str:
    """The identity of the cluster: another one means that its logs start anew."""
    return str((await client.describe_cluster())["cluster_id"])


async def create_topics(client: AIOKafkaAdminClient, topics: Iterable[Topic], *, replication: int) -> None:
    """Make the topics that are missing. Raises RuntimeError with what Kafka says of those that it refuses."""
    there = set(await client.list_topics())
    missing = [topic for topic in topics if topic.name not in there]
    if not missing:
        return
    answer = await client.create_topics(
        [NewTopic(topic.name, topic.partitions, replication, topic_configs=topic.config) for topic in missing]
    )
    refused = [f"{name}: {message}" for name, code, message in answer.topic_errors if code not in (0, TOPIC_EXISTS)]
    if refused:
        raise RuntimeError("; ".join(refused))


def owned_topics(owner: str) -> list[Topic]:
    """The topics that a service writes."""
    return [topic for topic in TOPICS.values() if topic.owner == owner]


async def last_records(
    consumer: AIOKafkaConsumer, offsets: Mapping[TopicPartition, int]
) -> dict[TopicPartition, ConsumerRecord[Any, Any] | None]:
    """The records at these offsets; None where the log holds none there.

    Raises TimeoutError when a record that must be there was not given in time: whether it is the one that somebody
    means is then not known, and who took silence for "another log" would start over, or overlook an old database.
    """
    async with asyncio.timeout(2 * REQUEST_MS / 1_000):  # the client alone would wait for its metadata for ever
        begin = await consumer.beginning_offsets(list(offsets))
        end = await consumer.end_offsets(list(offsets))
    wanted = {tp: offset for tp, offset in offsets.items() if begin[tp] <= offset < end[tp]}
    found: dict[TopicPartition, ConsumerRecord[Any, Any] | None] = dict.fromkeys(offsets)
    if not wanted:
        return found
    consumer.assign(list(wanted))
    for tp, offset in wanted.items():
        consumer.seek(tp, offset)
    missing = set(wanted)
    while missing:
        batch = await consumer.getmany(*missing, timeout_ms=REQUEST_MS, max_records=None)
        if not batch:
            raise TimeoutError(f"Kafka gives no record of {', '.join(f'{t}[{n}]' for t, n in sorted(missing))}")
        for tp, records in batch.items():
            found[tp] = records[0]
            missing.discard(tp)
            consumer.pause(tp)
    return found
