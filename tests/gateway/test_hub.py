"""The live end of a topic while it comes and goes, with a consumer of our own in Kafka's place."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any, cast

import pytest
from aiokafka.errors import KafkaConnectionError, NodeNotReadyError

from chassis.errors import Problem
from services.gateway.api import streams
from services.gateway.streams import hub as hub_module
from services.gateway.streams import replay
from services.gateway.streams.hub import Hub, Reader
from services.gateway.streams.position import Mark, Position
from services.gateway.streams.replay import Start, caught_up, starting_marks
from tests.support.eventually import eventually


class Consumer:
    """Gives what a test puts in, fails when it is told to, and stops when it may."""

    def __init__(self) -> None:
        self.records: list[Any] = []
        self.fails = False
        self.asked = asyncio.Event()
        self.stopping = asyncio.Event()
        self.may_stop = asyncio.Event()

    async def getmany(self, **_options: int) -> dict[str, list[Any]]:
        self.asked.set()
        await asyncio.sleep(0.001)
        if self.fails:
            raise OSError("away")
        given, self.records = self.records, []
        return {"all": given} if given else {}

    async def stop(self) -> None:
        self.stopping.set()
        await self.may_stop.wait()


class TestHub(Hub):
    """A hub of one partition, at place 5."""

    __test__ = False

    def __init__(self) -> None:
        super().__init__("t", 1, "nowhere")
        self.consumers: list[Consumer] = []

    async def _open(self) -> None:
        self.consumers.append(Consumer())
        self._consumer = self.consumers[-1]
        self.marks = [Mark(5, 0, 0)]


async def a_reader_at_the_end(hub: Hub) -> Reader:
    reader = Reader(lambda entry: True, await starting_marks(hub, Start()), 10)
    async for _ in caught_up(hub, reader, quiet_s=60.0):
        pass
    return reader


@pytest.mark.parametrize("fails", [False, True])
async def test_a_reader_that_comes_while_the_consumer_is_being_closed_gets_what_comes(
    monkeypatch: pytest.MonkeyPatch, fails: bool
) -> None:
    monkeypatch.setattr(hub_module, "LINGER_S", 60 if fails else 0.0)
    hub = TestHub()
    await hub.start()
    dying = hub.consumers[0]
    dying.fails = fails
    await dying.stopping.wait()

    monkeypatch.setattr(hub_module, "LINGER_S", 60)
    coming = [asyncio.create_task(a_reader_at_the_end(hub)) for _ in range(3)]
    await asyncio.sleep(0)
    dying.may_stop.set()
    readers = await asyncio.gather(*coming)
    assert len(hub.consumers) == 2, "one consumer in its place, for all who came"
    hub.consumers[1].records = [SimpleNamespace(partition=0, offset=5, timestamp=1, headers=[], value=b"{}")]
    for reader in readers:
        await asyncio.wait_for(reader.arrived.wait(), 5)
        assert reader.dropped is None
        assert [entry.mark.next for entry, _ in reader.take()] == [6]
    hub.consumers[1].may_stop.set()
    await hub.close()


async def test_whoever_is_still_attached_when_the_consumer_ends_is_told() -> None:
    hub = TestHub()
    await hub.start()
    await hub.consumers[0].asked.wait()
    assert hub._task is not None
    hub.consumers[0].may_stop.set()
    hub._task.cancel()
    reader = Reader(lambda entry: True, hub.marks, 10)
    hub.attach(reader)
    await eventually(lambda: hub._task is not None and hub._task.done(), what="the consumer has ended")
    assert reader.dropped == "stream-interrupted"


@asynccontextmanager
async def kafka_that_went_away(servers: str) -> AsyncIterator[None]:
    if servers:
        raise KafkaConnectionError("away")
    yield


async def test_a_reader_that_comes_back_while_kafka_is_away_is_told_to_try_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(replay, "reader", kafka_that_went_away)
    hub = TestHub()
    await hub.start()
    for start in (Start(at_ms=1), Start(position=Position(1, (Mark(3, 1, 7),)))):
        with pytest.raises(Problem) as told:
            await starting_marks(hub, start)
        assert told.value.status == 503
    hub.consumers[0].may_stop.set()
    await hub.close()


async def test_a_replay_that_kafka_breaks_ends_with_a_last_word(monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(hub: Hub, *_arguments: object) -> AsyncGenerator[list[Any], None]:
        if hub.topic:
            raise NodeNotReadyError("away")
        yield []

    monkeypatch.setattr(streams, "caught_up", broken)
    settings = SimpleNamespace(stream_heartbeat_s=1.0)
    stream = streams.EventStream(
        cast("Any", SimpleNamespace(settings=settings)), cast("Any", None), TestHub(), Reader(lambda _: True, [], 10)
    )
    parts = [part async for part in stream._parts()]
    assert b"stream-interrupted" in parts[-1]
