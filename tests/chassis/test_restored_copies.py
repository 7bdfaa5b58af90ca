"""A database that came from an old copy sends nothing, also after it has read its way back (0043)."""

from __future__ import annotations

import pytest
from aiokafka import TopicPartition

from chassis.cause import Cause
from chassis.ids import new_id
from chassis.remembering import Remembered
from contracts.gateway import OrderPlaced
from contracts.topics import TOPICS, partition_of
from tests.chassis.conftest import MakeToy
from tests.chassis.test_relay import TOPIC, drained, place, relaying, unsent
from tests.chassis.topics import empty_topics, everything_on
from tests.chassis.toy import Toy, cause, order_data, order_id
from tests.support.eventually import eventually


@pytest.fixture
async def wired(make_toy: MakeToy, kafka_bootstrap: str) -> Toy:
    await empty_topics(kafka_bootstrap, TOPIC)
    return make_toy(kafka_bootstrap)


async def decide(toy: Toy, because: Cause, name: str) -> None:
    """An event that is derived of its cause, as consumers derive theirs: the same id whenever it is decided again."""
    async with toy.database.unit(["acme"]) as unit:
        unit.now = because.at
        unit.emit(OrderPlaced, order_id(name), order_data(order_id(name)), because)
    toy.database.signals.outbox.set()


async def remembered(servers: str) -> dict[TopicPartition, int]:
    """What the cluster remembers of the toy's topics."""
    places = [TopicPartition(TOPIC, number) for number in range(TOPICS[TOPIC].partitions)]
    async with Remembered(servers, "gateway") as ends:
        return await ends.read(places)


async def test_an_old_copy_that_read_its_way_back_is_known_by_what_the_cluster_remembers(
    wired: Toy, make_toy: MakeToy, kafka_bootstrap: str
) -> None:
    # Given a department whose decision went out, and the cluster knows how far it had come
    because = cause(request=new_id())
    place_of = TopicPartition(TOPIC, partition_of(order_id("a"), TOPIC))
    async with relaying(wired):
        await decide(wired, because, "a")
        await drained(wired)
        await eventually(
            lambda: remembered(kafka_bootstrap), lambda ends: ends.get(place_of) == 1, what="the cluster remembers"
        )
    # When its database is an older copy, which has decided the same again before its relay looked, and more
    copy = make_toy(kafka_bootstrap)
    await decide(copy, because, "a")
    await place(copy, "b")
    # Then the last record on the topic is one that it knows, and yet nothing is sent
    async with relaying(copy) as relay:
        await eventually(lambda: relay.diverged is not None, what="the relay finds that it has been further")
        assert "1 were acknowledged" in str(relay.diverged)
        assert await unsent(copy) == 2
    assert len(await everything_on(kafka_bootstrap, TOPIC)) == 1


async def test_a_topic_that_is_rebuilt_may_be_shorter_than_the_cluster_remembers(
    wired: Toy, kafka_bootstrap: str
) -> None:
    # Given a topic that is remembered at 50 and was lost
    async with relaying(wired):
        await place(wired, *["a"] * 50)
        await drained(wired)
        await eventually(
            lambda: remembered(kafka_bootstrap), lambda ends: 50 in ends.values(), what="the cluster remembers"
        )
    await empty_topics(kafka_bootstrap, TOPIC)
    async with Remembered(kafka_bootstrap, "gateway") as ends:  # whether or not Kafka has forgotten it with the topic
        await ends.write({TopicPartition(TOPIC, partition_of(order_id("a"), TOPIC)): 50})
    # When the relay finds the loss and writes it again, it is not taken for an old copy, nor when it starts once more
    for name in ("b", "c"):
        async with relaying(wired) as relay:
            await place(wired, name)
            await drained(wired)
            assert relay.diverged is None
    assert len(await everything_on(kafka_bootstrap, TOPIC)) == 52
