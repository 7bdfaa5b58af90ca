"""When things were completed, read from the topics afterwards: nothing has to watch while everything is broken."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition

NS_PER_MS = 1_000_000
FLOWS = {"order": ("documents.documents", "order"), "hire": ("payroll.employees", "employee")}
"""Per flow the topic of its last event, and the field that names what was asked for."""


async def completions(bootstrap: str, asked_ns: Mapping[str, Mapping[str, int]]) -> dict[str, list[tuple[int, int]]]:
    """Per flow (asked at, completed at) in wall ns, of everything accepted that was completed."""
    found: dict[str, list[tuple[int, int]]] = {}
    for flow, (topic, field) in FLOWS.items():
        asked = asked_ns.get(flow, {})
        first: dict[str, int] = {}
        async for data, at_ns in _events(bootstrap, topic):
            name = str(data.get(field))
            if name in asked and name not in first:
                first[name] = at_ns
        found[flow] = [(asked[name], at_ns) for name, at_ns in first.items()]
    return found


async def _events(bootstrap: str, topic: str) -> AsyncIterator[tuple[Mapping[str, Any], int]]:
    """All events of a topic with the time of their record."""
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, auto_offset_reset="earliest", enable_auto_commit=False)
    await consumer.start()
    try:
        partitions = [TopicPartition(topic, number) for number in await _partitions(consumer, topic)]
        consumer.assign(partitions)
        ends = await consumer.end_offsets(partitions)
        begins = await consumer.beginning_offsets(partitions)
        left = {partition for partition in partitions if ends[partition] > begins[partition]}
        while left:
            for partition, records in (await consumer.getmany(*left, timeout_ms=500)).items():
                for record in records:
                    yield json.loads(record.value), record.timestamp * NS_PER_MS
                if records and records[-1].offset + 1 >= ends[partition]:
                    left.discard(partition)
    finally:
        await consumer.stop()


async def _partitions(consumer: Any, topic: str) -> Sequence[int]:
    while not (numbers := consumer.partitions_for_topic(topic)):
        await consumer.topics()
        await asyncio.sleep(0.1)
    return sorted(numbers)
