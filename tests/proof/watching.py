"""When things were completed, read from the topics afterwards: nothing has to watch while everything is broken."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

from contracts.topics import TOPICS

NS_PER_MS = 1_000_000
FLOWS = {"order": ("documents.documents", "order"), "hire": ("payroll.employees", "employee")}
"""Per flow the topic of its last event, and the field that names what was asked for."""


@dataclass(frozen=True, slots=True)
class Seen:
    """One record of a topic."""

    topic: str
    key: str
    company: str
    id: str
    type: str
    sequence: int
    data: Mapping[str, Any]
    at_ns: int


async def completions(bootstrap: str, asked_ns: Mapping[str, Mapping[str, int]]) -> dict[str, list[tuple[int, int]]]:
    """Per flow (asked at, completed at) in wall ns, of everything accepted that was completed."""
    found: dict[str, list[tuple[int, int]]] = {}
    for flow, (topic, field) in FLOWS.items():
        asked = asked_ns.get(flow, {})
        first: dict[str, int] = {}
        async for event in events(bootstrap, [topic]):
            name = str(event.data.get(field))
            if name in asked:
                first.setdefault(name, event.at_ns)
        found[flow] = [(asked[name], at_ns) for name, at_ns in first.items()]
    return found


async def events(bootstrap: str, topics: Sequence[str]) -> AsyncIterator[Seen]:
    """All events of some topics from offset 0 to their ends, each partition in order; unreadable ones left out."""
    consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, auto_offset_reset="earliest", enable_auto_commit=False)
    await consumer.start()
    try:
        partitions = [TopicPartition(t, number) for t in topics for number in range(TOPICS[t].partitions)]
        consumer.assign(partitions)
        ends = await consumer.end_offsets(partitions)
        begins = await consumer.beginning_offsets(partitions)
        left = {partition for partition in partitions if ends[partition] > begins[partition]}
        while left:
            for partition, records in (await consumer.getmany(*left, timeout_ms=500)).items():
                for record in records:
                    if (event := _seen(record)) is not None:
                        yield event
                if records and records[-1].offset + 1 >= ends[partition]:
                    left.discard(partition)
    finally:
        await consumer.stop()


def _seen(record: ConsumerRecord) -> Seen | None:
    headers = {name: value.decode() for name, value in record.headers}
    try:
        data = json.loads(record.value)
        return Seen(
            record.topic, record.key.decode(), headers["ce_company"], headers["ce_id"], headers["ce_type"],
            int(headers["ce_sequence"]), data, record.timestamp * NS_PER_MS,
        )  # fmt: skip
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
