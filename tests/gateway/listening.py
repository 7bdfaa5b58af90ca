"""Somebody who writes to a topic, and readers of its stream."""

from __future__ import annotations

import asyncio
import itertools
import zlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import httpx
import orjson
from aiokafka import AIOKafkaProducer

from chassis.ids import derive, new_id
from chassis.kafka import admin, create_topics
from contracts import published
from contracts.envelope import Envelope, to_headers
from contracts.topics import TOPICS
from tests.gateway.front import FrontOffice, Gateway
from tests.gateway.serving import serving
from tests.support.eventually import eventually

TOPIC = "payroll.employees"
PARTITIONS = 6
_companies = itertools.count()


@dataclass
class Payroll:
    """Somebody who writes events to a topic, for a company of its own."""

    producer: AIOKafkaProducer
    company: str = field(default_factory=lambda: f"stream{next(_companies)}")
    topic: str = TOPIC
    sent: list[str] = field(default_factory=list)

    async def send(self, count: int, *, company: str | None = None, keys: int = 7) -> list[str]:
        """So many more events, over a few keys; returns their ids."""
        ids = [str(new_id()) for _ in range(count)]
        for number, identity in enumerate(ids):
            await self.write(identity, str(derive(self.company, number % keys)), company or self.company)
        await self.producer.flush()
        self.sent += ids
        return ids

    async def write(self, identity: str, key: str, company: str) -> None:
        """One event."""
        data = published.sample("EmployeeRegistered.v1").data | {"employee": key}
        envelope = Envelope(
            identity, "EmployeeRegistered.v1", "/payroll", key, datetime(2026, 11, 22, tzinfo=UTC), company, 1,
            identity, identity, "payroll", "urn:backbone:schema:EmployeeRegistered.v1",
        )  # fmt: skip
        await self.producer.send(
            self.topic, orjson.dumps(data), key.encode(), zlib.crc32(key.encode()) % PARTITIONS,
            headers=[*to_headers(envelope)],
        )  # fmt: skip


@asynccontextmanager
async def analyst(gateway: Gateway, **key: str) -> AsyncIterator[tuple[FrontOffice, Gateway]]:
    made = await gateway.make_key("analyst", **({"companies": "*"} | key))
    async with gateway.open(), serving(gateway.service.app) as address:
        async with httpx.AsyncClient(base_url=address, timeout=10) as client:
            yield FrontOffice(client, made["key"]), gateway
        await gateway.service.app.state.gateway.hubs.close()


@dataclass
class Listening:
    """What a reader has received."""

    ids: list[str] = field(default_factory=list)
    events: list[dict[str, Any]] = field(default_factory=list)
    token: str = ""
    end: dict[str, Any] | None = None
    heartbeats: int = 0
    _stop: asyncio.Task[None] | None = None

    async def read(self, response: httpx.Response) -> None:
        """Take server-sent events until there are no more."""
        name = data = ""
        async for line in response.aiter_lines():
            word, _, value = line.partition(": ")
            if word == "id":
                self.token = value
            elif word == "event":
                name = value
            elif word == "data":
                data = value
            elif line.startswith(": alive"):
                self.heartbeats += 1
            elif not line and data:
                self._take(name, orjson.loads(data))
                name = data = ""

    def _take(self, name: str, data: dict[str, Any]) -> None:
        if name == "end":
            self.end = data
        else:
            self.events.append(data)
            self.ids.append(data["id"])

    async def has(self, count: int) -> None:
        """Wait for so many events."""
        await eventually(lambda: len(self.ids), lambda got: got >= count, what=f"{count} events come", every_s=0.01)


@asynccontextmanager
async def listening(
    office: FrontOffice, topic: str = TOPIC, *, resume: str = "", **parameters: str
) -> AsyncIterator[Listening]:
    """A reader of a stream that has begun: its first sign of life has come."""
    headers = office.headers | ({"last-event-id": resume} if resume else {}) | {"accept": "text/event-stream"}
    got = Listening()
    async with office.client.stream("GET", f"/v1/streams/{topic}", params=parameters, headers=headers) as response:
        assert response.status_code == 200, await response.aread()
        task = asyncio.create_task(got.read(response))
        await eventually(lambda: got.heartbeats > 0, what="the stream has begun", every_s=0.01)
        try:
            yield got
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


async def wiped(servers: str, topic: str) -> None:
    """The topic has lost its disk and was made anew."""
    async with admin(servers) as client:
        await client.delete_topics([topic])

        async def gone() -> bool:
            return topic not in await client.list_topics()

        await eventually(gone, what="the topic is gone")

        async def again() -> bool:
            await create_topics(client, [TOPICS[topic]], replication=1)
            return topic in await client.list_topics()

        await eventually(again, what="the topic is there again")
