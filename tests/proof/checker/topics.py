"""All topics from offset 0 to their ends, as files: one per partition, read without a group, in nobody's way."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import orjson
from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

from contracts.topics import TOPICS

FETCH_BYTES = 4 * 1024 * 1024


class Record(NamedTuple):
    """One record. `headers` and `data` are None when it cannot be read as an event."""

    topic: str
    partition: int
    offset: int
    key: str
    headers: Mapping[str, str] | None
    data: Any
    raw: bytes
    """Its line in the file: what is compared when an event comes again."""

    @property
    def place(self) -> str:
        """Where it stands."""
        return f"{self.topic}/{self.partition}@{self.offset}"


async def dump_topics(bootstrap: str, folder: Path) -> int:
    """Write every record of every topic to `folder/topics`; returns how many there are."""
    into = folder / "topics"
    into.mkdir(parents=True, exist_ok=True)
    partitions = [TopicPartition(name, number) for name, topic in TOPICS.items() for number in range(topic.partitions)]
    consumer = AIOKafkaConsumer(
        bootstrap_servers=bootstrap, auto_offset_reset="earliest", enable_auto_commit=False,
        max_partition_fetch_bytes=FETCH_BYTES,
    )  # fmt: skip
    await consumer.start()
    files: dict[TopicPartition, BinaryIO] = {}
    count = 0
    try:
        consumer.assign(partitions)
        ends, begins = await consumer.end_offsets(partitions), await consumer.beginning_offsets(partitions)
        for partition in partitions:
            files[partition] = (into / f"{partition.topic}-{partition.partition}.jsonl").open("wb")
        left = {partition for partition in partitions if ends[partition] > begins[partition]}
        await consumer.seek_to_beginning(*partitions)
        while left:
            for partition, records in (await consumer.getmany(*left, timeout_ms=500, max_records=5_000)).items():
                wanted = [record for record in records if record.offset < ends[partition]]
                files[partition].writelines(map(_line, wanted))
                count += len(wanted)
                if records and records[-1].offset + 1 >= ends[partition]:
                    left.discard(partition)
    finally:
        for file in files.values():
            file.close()
        await consumer.stop()
    return count


def read_topic(folder: Path, topic: str) -> Iterator[Record]:
    """The records of one topic, partition by partition, each in the order of its offsets."""
    for number in range(TOPICS[topic].partitions):
        file = folder / "topics" / f"{topic}-{number}.jsonl"
        if not file.exists():
            continue
        with file.open("rb") as lines:
            for line in lines:
                told = orjson.loads(line)
                yield Record(topic, number, told["o"], told["k"], told.get("h"), told.get("v"), line)


def _line(record: ConsumerRecord) -> bytes:
    key = (record.key or b"").decode(errors="replace")
    line: dict[str, Any] = {"o": record.offset, "k": key}
    try:
        headers = {name: value.decode() for name, value in record.headers}
        line |= {"h": headers, "v": orjson.loads(record.value or b"")}
    except (ValueError, AttributeError):
        line |= {"x": base64.b64encode(record.value or b"").decode()}
    return orjson.dumps(line) + b"\n"
