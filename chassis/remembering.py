"""What the cluster remembers of a relay: up to where this service has settled what Kafka acknowledged.

The end of a topic that a database knows is part of that database: an older copy knows an older one. So the relay leaves
the same ends with Kafka, as the offsets of a group that nobody reads with. They are written after the database has
them, never before: a database that knows less than they say has been further once (0043).
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from contextlib import suppress
from types import TracebackType

from aiokafka import AIOKafkaConsumer, TopicPartition

from chassis.kafka import REQUEST_MS, admin

STOP_S = 2.0


class Remembered:
    """The ends that a service's relay left with the cluster; a context manager, for one writer at a time."""

    def __init__(self, servers: str, service: str) -> None:
        self.servers = servers
        self.group = f"{service}.relay"
        self._writer: AIOKafkaConsumer | None = None

    async def __aenter__(self) -> Remembered:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def read(self, places: Iterable[TopicPartition]) -> dict[TopicPartition, int]:
        """The remembered end of each of these partitions that has one."""
        async with admin(self.servers) as client:
            told = await client.list_consumer_group_offsets(self.group, partitions=list(places))
        return {place: found.offset for place, found in told.items() if found.offset >= 0}

    async def write(self, ends: Mapping[TopicPartition, int]) -> None:
        """Let the cluster remember these. Raises what Kafka says."""
        if self._writer is None:
            self._writer = AIOKafkaConsumer(
                bootstrap_servers=self.servers, group_id=self.group, enable_auto_commit=False,
                request_timeout_ms=REQUEST_MS,
            )  # fmt: skip
            await self._writer.start()  # where it fails, `close` lets go of what it has opened
            await asyncio.sleep(0)  # see `reader`: its own tasks have to run once before they are stopped
        writer = self._writer
        writer.assign(list(ends))
        writer.pause(*ends)  # nothing is read with it
        await writer.commit(dict(ends))

    async def close(self) -> None:
        """Let go of the connection, without trusting Kafka to answer."""
        writer, self._writer = self._writer, None
        if writer is not None:
            with suppress(Exception):
                async with asyncio.timeout(STOP_S):
                    await writer.stop()
