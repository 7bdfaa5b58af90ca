"""What is asked of Kafka beside sending and fetching, with a client of our own in Kafka's place."""

from __future__ import annotations

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka import TopicPartition

from chassis.kafka import create_topics, last_records
from contracts.topics import TOPICS

PLACE = TopicPartition("sales.orders", 0)


class Log:
    """A log of five records whose broker gives what a test says."""

    def __init__(self, gives: Sequence[Any]) -> None:
        self.gives = list(gives)

    async def beginning_offsets(self, places: Sequence[TopicPartition]) -> dict[TopicPartition, int]:
        return dict.fromkeys(places, 0)

    async def end_offsets(self, places: Sequence[TopicPartition]) -> dict[TopicPartition, int]:
        return dict.fromkeys(places, 5)

    def assign(self, places: Sequence[TopicPartition]) -> None:
        pass

    def seek(self, place: TopicPartition, offset: int) -> None:
        pass

    def pause(self, place: TopicPartition) -> None:
        pass

    async def getmany(self, *_places: TopicPartition, **_options: object) -> dict[TopicPartition, list[Any]]:
        return self.gives.pop(0) if self.gives else {}


async def test_a_broker_that_does_not_answer_is_not_a_log_without_the_record() -> None:
    with pytest.raises(TimeoutError):
        await last_records(Log([]), {PLACE: 4})


async def test_half_an_answer_is_none() -> None:
    other = TopicPartition("sales.orders", 1)
    with pytest.raises(TimeoutError):
        await last_records(Log([{PLACE: [SimpleNamespace(offset=4)]}]), {PLACE: 4, other: 4})


async def test_a_place_that_the_log_does_not_have_is_none_and_is_not_waited_for() -> None:
    assert await last_records(Log([]), {PLACE: 5}) == {PLACE: None}


class Admin:
    """Knows one topic, and counts how often it is asked."""

    def __init__(self) -> None:
        self.asked = 0
        self.made: list[Any] = []

    async def list_topics(self) -> list[str]:
        self.asked += 1
        return ["sales.orders"]

    async def create_topics(self, topics: Sequence[Any]) -> Any:
        self.made += topics
        return SimpleNamespace(topic_errors=[])


async def test_missing_topics_are_made_with_the_copies_that_the_installation_keeps_and_asked_for_once() -> None:
    admin = Admin()
    await create_topics(admin, TOPICS.values(), replication=3)
    assert {topic.name for topic in admin.made} == set(TOPICS) - {"sales.orders"}
    assert {topic.replication_factor for topic in admin.made} == {3}
    assert admin.asked == 1
