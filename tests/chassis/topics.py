"""Topics that start empty: tests share a broker, and a relay refuses topics that hold what it does not know."""

from __future__ import annotations

from collections.abc import Sequence

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.structs import ConsumerRecord

from chassis.kafka import admin, create_topics, reader
from contracts.topics import TOPICS
from tests.support.eventually import eventually


async def empty_topics(servers: str, *names: str) -> None:
    """Delete and make topics anew."""
    async with admin(servers) as client:
        there = [name for name in names if name in await client.list_topics()]
        if there:
            await client.delete_topics(there)
            await eventually(
                client.list_topics, lambda left: not set(there) & set(left), what=f"{there} are gone from Kafka"
            )

        async def make() -> bool:
            await create_topics(client, [TOPICS[name] for name in names], replication=1)
            return set(names) <= set(await client.list_topics())

        await eventually(make, what=f"{names} are made")


async def everything_on(servers: str, topic: str) -> list[ConsumerRecord]:
    """All records of a topic, partition by partition from offset 0."""
    partitions = [TopicPartition(topic, p) for p in range(TOPICS[topic].partitions)]
    async with reader(servers) as consumer:
        return await _read_all(consumer, partitions)


async def _read_all(consumer: AIOKafkaConsumer, partitions: Sequence[TopicPartition]) -> list[ConsumerRecord]:
    ends = await consumer.end_offsets(list(partitions))
    consumer.assign(list(partitions))
    await consumer.seek_to_beginning()
    records: list[ConsumerRecord] = []
    while any([await consumer.position(tp) < end for tp, end in ends.items()]):
        for batch in (await consumer.getmany(timeout_ms=1_000)).values():
            records.extend(batch)
    return sorted(records, key=lambda record: (record.partition, record.offset))
