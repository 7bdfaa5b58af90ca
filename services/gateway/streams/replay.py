"""From where a reader wants to start to the live end: a short-lived consumer, then the hub, without a gap between."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import NamedTuple

from aiokafka import AIOKafkaConsumer
from aiokafka.errors import KafkaError

from chassis.kafka import last_records, reader
from chassis.requests import unavailable
from services.gateway.streams.entries import Entry
from services.gateway.streams.hub import BATCH_RECORDS, Hub, Reader
from services.gateway.streams.position import Mark, Position

MARGIN_MS = 60_000
"""After a rebuild a reader is set back by this much more: clocks of two brokers differ."""


class Start(NamedTuple):
    """Where a reader wants to begin: one of these, or at the live end when all are None."""

    at_ms: int | None = None
    position: Position | None = None


Placed = tuple[Entry, tuple[Mark, ...]]


async def starting_marks(hub: Hub, start: Start) -> list[Mark]:
    """The place to begin at. Raises Problem 503 while Kafka does not answer."""
    await hub.start()
    try:
        if start.position is not None:
            return await _resumed(hub, start.position)
        if start.at_ms is not None:
            return await _at_time(hub, [start.at_ms] * len(hub.partitions))
    except (OSError, KafkaError) as error:  # a TimeoutError is an OSError, a KafkaError is not
        raise unavailable("stream-unavailable", "The streams do not answer; try again.") from error
    return list(hub.marks)


async def _at_time(hub: Hub, times_ms: Sequence[int]) -> list[Mark]:
    """Per partition the first record at or after a time; the end where there is none."""
    async with reader(hub.servers) as consumer:
        found = await consumer.offsets_for_times(dict(zip(hub.partitions, times_ms, strict=True)))
        ends = await consumer.end_offsets(hub.partitions)
    marks = []
    for tp, at_ms in zip(hub.partitions, times_ms, strict=True):
        place = found.get(tp)
        marks.append(Mark(ends[tp] if place is None else place.offset, at_ms, 0))
    return marks


async def _resumed(hub: Hub, position: Position) -> list[Mark]:
    """The token's place where the log is still the same one; where it is not, back by time, with repeats."""
    same_cluster = position.cluster == hub.cluster
    wanted = {
        tp: mark.next - 1
        for tp, mark in zip(hub.partitions, position.marks, strict=True)
        if mark.check and 0 < mark.next <= hub.marks[tp.partition].next
    }
    async with reader(hub.servers) as consumer:
        found = await last_records(consumer, wanted) if wanted else {}
    kept: list[Mark | None] = []
    for tp, mark in zip(hub.partitions, position.marks, strict=True):
        record = found.get(tp)
        if mark.check:
            same = record is not None and Entry(record).mark.check == mark.check
        else:
            same = same_cluster and mark.next <= hub.marks[tp.partition].next
        kept.append(mark if same else None)
    if all(kept):
        return [mark for mark in kept if mark is not None]
    by_time = await _at_time(hub, [max(0, mark.at_ms - MARGIN_MS) for mark in position.marks])
    rebuilt = any(mark.check and k is None for mark, k in zip(position.marks, kept, strict=True))
    return [late if k is None or (rebuilt and not k.check) else k for k, late in zip(kept, by_time, strict=True)]


async def caught_up(hub: Hub, reader_: Reader, quiet_s: float) -> AsyncGenerator[Sequence[Placed], None]:
    """What lies between the reader's place and the live end, in parts; then the reader is attached and this ends.

    A part is empty when the filter let nothing through for `quiet_s` seconds: the reader wants a sign of life, and the
    place that was reached. The check and the attaching happen without a pause between, so no record can slip through.
    """
    told_at = time.monotonic()
    async with _replaying(hub, reader_) as consumer:
        while True:
            await hub.start()
            if all(mark.next >= live.next for mark, live in zip(reader_.marks, hub.marks, strict=True)):
                hub.attach(reader_)
                return
            assert consumer is not None
            batch = await consumer.getmany(timeout_ms=200, max_records=BATCH_RECORDS)
            placed: list[Placed] = []
            for records in batch.values():
                for record in records:
                    entry = Entry(record)
                    reader_.marks[entry.partition] = entry.mark
                    if reader_.wanted(entry):
                        placed.append((entry, tuple(reader_.marks)))
            if placed or time.monotonic() - told_at >= quiet_s:
                yield placed
                told_at = time.monotonic()


@asynccontextmanager
async def _replaying(hub: Hub, reader_: Reader) -> AsyncIterator[AIOKafkaConsumer | None]:
    """A consumer at the reader's place; none when the reader is at the end already."""
    await hub.start()
    behind = [tp for tp in hub.partitions if reader_.marks[tp.partition].next < hub.marks[tp.partition].next]
    if not behind:
        yield None
        return
    consumer = AIOKafkaConsumer(
        bootstrap_servers=hub.servers, enable_auto_commit=False, auto_offset_reset="earliest", fetch_max_wait_ms=50
    )
    try:
        await consumer.start()
        consumer.assign(hub.partitions)
        for tp in hub.partitions:
            consumer.seek(tp, reader_.marks[tp.partition].next)
        yield consumer
    finally:
        await consumer.stop()
