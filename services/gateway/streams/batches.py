"""A topic by the batch: what lies behind a place, up to so many events, and how much more there is."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import aclosing
from typing import NamedTuple

from aiokafka import TopicPartition
from aiokafka.errors import KafkaError

from chassis.kafka import reader
from services.gateway.streams.hub import Hub, Reader
from services.gateway.streams.position import Mark
from services.gateway.streams.replay import Placed, caught_up

QUIET_S = 2.0
"""A filter that lets nothing through for so long ends a batch: its place has moved on all the same."""
LOOK_S = 5.0


class Batch(NamedTuple):
    """Events with the place behind each, and the place behind all that was looked at."""

    placed: Sequence[Placed]
    marks: Sequence[Mark]
    lag_events: int


async def next_batch(hub: Hub, reader_: Reader, most: int, wait_s: float) -> Batch:
    """What comes next for this reader; at the live end it waits for something for so long."""
    taken: list[Placed] = []
    try:
        async with aclosing(caught_up(hub, reader_, QUIET_S)) as missed:
            async for placed in missed:
                taken += placed
                if len(taken) >= most or not placed:
                    return _batch(hub, taken[:most], taken[most - 1][1] if len(taken) >= most else reader_.marks)
        if not taken and wait_s > 0:
            try:
                async with asyncio.timeout(wait_s):
                    await reader_.arrived.wait()
            except TimeoutError:
                pass
        dropped = reader_.dropped is not None
        taken += reader_.take()
    finally:
        hub.detach(reader_)
    if len(taken) > most or (dropped and taken):
        taken = taken[:most]
        return _batch(hub, taken, taken[-1][1])
    return _batch(hub, taken, reader_.marks)


def _batch(hub: Hub, taken: Sequence[Placed], marks: Sequence[Mark]) -> Batch:
    marks = tuple(marks)
    return Batch(taken, marks, lag(marks, [mark.next for mark in hub.marks]))


def lag(marks: Sequence[Mark], ends: Sequence[int]) -> int:
    """Events between a place and the ends of the partitions, whatever a filter lets through."""
    return sum(max(0, end - mark.next) for mark, end in zip(marks, ends, strict=True))


async def ends_of(servers: str, partitions: Mapping[str, Sequence[TopicPartition]]) -> Mapping[str, list[int]] | None:
    """The ends of these topics by partition; None while Kafka does not answer."""
    try:
        async with asyncio.timeout(LOOK_S), reader(servers) as consumer:
            found = await consumer.end_offsets([tp for several in partitions.values() for tp in several])
    except (OSError, KafkaError):
        return None
    return {topic: [found[tp] for tp in several] for topic, several in partitions.items()}
