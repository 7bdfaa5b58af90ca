"""The subscription on real Kafka: it reads where the database says, acknowledges after the commit, skips nothing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any, cast

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from faststream import AckPolicy

from chassis.consuming import Subscription
from chassis.ids import new_id
from contracts.topics import partition_of
from tests.chassis.conftest import MakeToy
from tests.chassis.test_corridor import outcomes
from tests.chassis.topics import empty_topics
from tests.chassis.toy import Toy, order_id, record
from tests.support.eventually import eventually

TOPIC = "sales.orders"


@asynccontextmanager
async def consuming(toy: Toy) -> AsyncIterator[Subscription]:
    subscription = Subscription(toy.settings, toy.consumers, toy.corridor, toy.metrics)
    await subscription.start()
    try:
        yield subscription
    finally:
        await subscription.stop()


async def produce(servers: str, sequences: dict[str, range]) -> None:
    """Send orders by hand, in rounds."""
    producer = AIOKafkaProducer(bootstrap_servers=servers, enable_idempotence=True)
    await producer.start()
    for key, numbers in sequences.items():
        for number in numbers:
            made = record(key, number, 0)
            headers = list(made.headers)
            partition = partition_of(key, TOPIC)
            await producer.send(TOPIC, made.value, key=made.key, headers=headers, partition=partition)
    await producer.flush()
    await producer.stop()


async def noted_everywhere(toy: Toy, keys: dict[str, range]) -> bool:
    return all([await toy.noted(key) == list(numbers) for key, numbers in keys.items()])


@pytest.fixture
async def wired(make_toy: MakeToy, kafka_bootstrap: str) -> Toy:
    await empty_topics(kafka_bootstrap, TOPIC, "ledger.companies")
    toy = make_toy(kafka_bootstrap, name=f"toy-{new_id()}")
    await toy.knows("acme")
    return toy


def keys(count: int, numbers: range) -> dict[str, range]:
    return {order_id(f"k{i}"): numbers for i in range(count)}


async def test_a_look_that_finds_nothing_is_followed_by_the_next_at_once(make_toy: MakeToy) -> None:
    """Whoever rests between two looks lets what has come meanwhile wait, and looks for nothing fifty times a second."""
    toy = make_toy()
    subscription = Subscription(toy.settings, toy.consumers, toy.corridor, toy.metrics)
    place, one, asked = TopicPartition(TOPIC, 0), record(order_id("k"), 1, 0), list[float]()

    class Quiet:
        async def getmany(self, *, timeout_ms: float, max_records: int) -> dict[TopicPartition, list[object]]:
            asked.append(timeout_ms)
            return {} if len(asked) == 1 else {place: [one]}

    async with asyncio.timeout(subscription.settings.poll_ms / 2_000):
        found = [await subscription.subscriber.get_msg(cast("Any", Quiet())) for _ in range(2)]
    assert found == [(), (one,)]
    assert min(asked) >= 100, "a look ends by itself when something comes"


def test_the_subscriber_acknowledges_after_the_commit_and_never_by_a_timer(make_toy: MakeToy) -> None:
    toy = make_toy()
    subscription = Subscription(toy.settings, toy.consumers, toy.corridor, toy.metrics)
    assert [s.ack_policy for s in subscription.broker.subscribers] == [AckPolicy.NACK_ON_ERROR]
    for subscriber in subscription.broker.subscribers:
        assert getattr(subscriber, "_connection_args")["enable_auto_commit"] is False  # noqa: B009


async def test_everything_sent_is_applied_once_and_in_order(wired: Toy, kafka_bootstrap: str) -> None:
    await produce(kafka_bootstrap, keys(20, range(1, 11)))
    async with consuming(wired):
        await eventually(lambda: noted_everywhere(wired, keys(20, range(1, 11))), what="all orders are noted")
    assert await outcomes(wired) == {"applied": 200}


async def test_a_wrong_position_in_kafka_neither_skips_nor_doubles(wired: Toy, kafka_bootstrap: str) -> None:
    await produce(kafka_bootstrap, keys(5, range(1, 4)))
    async with consuming(wired):
        await eventually(lambda: noted_everywhere(wired, keys(5, range(1, 4))), what="the first orders are noted")
    await produce(kafka_bootstrap, keys(5, range(4, 8)))
    vandal = AIOKafkaConsumer(
        *wired.consumers.topics, bootstrap_servers=kafka_bootstrap, group_id=wired.consumers.name,
        group_instance_id=f"{wired.consumers.name}-0", enable_auto_commit=False,
    )  # fmt: skip
    await vandal.start()
    await eventually(vandal.assignment, what="the vandal has the member's place")
    partitions = [TopicPartition(TOPIC, p) for p in range(6)]
    await vandal.commit(await vandal.end_offsets(partitions))
    await vandal.stop()
    async with consuming(wired):
        await eventually(lambda: noted_everywhere(wired, keys(5, range(1, 8))), what="the skipped orders are noted")
    assert (await outcomes(wired))["applied"] == 35


async def test_a_topic_that_was_lost_and_filled_again_is_read_again_from_its_start(
    wired: Toy, kafka_bootstrap: str
) -> None:
    await produce(kafka_bootstrap, keys(5, range(1, 4)))
    async with consuming(wired):
        await eventually(lambda: noted_everywhere(wired, keys(5, range(1, 4))), what="the first orders are noted")
    await empty_topics(kafka_bootstrap, TOPIC)
    await produce(kafka_bootstrap, keys(9, range(1, 3)) | keys(5, range(1, 6)))
    async with consuming(wired):
        expected = keys(9, range(1, 3)) | keys(5, range(1, 6))
        await eventually(lambda: noted_everywhere(wired, expected), what="old and new orders are there once")


async def test_a_database_that_is_away_stops_the_flow_and_loses_nothing(wired: Toy, kafka_bootstrap: str) -> None:
    calls = 0
    really = wired.corridor._transact

    async def sometimes(*arguments: object, **more: object) -> None:
        nonlocal calls
        calls += 1
        if calls <= 3:
            raise ConnectionResetError("the database is away")
        await really(*arguments, **more)  # type: ignore[arg-type]

    wired.corridor._transact = sometimes  # type: ignore[method-assign]
    await produce(kafka_bootstrap, keys(3, range(1, 4)))
    async with consuming(wired):
        await eventually(lambda: noted_everywhere(wired, keys(3, range(1, 4))), what="the orders come after all")
    assert await outcomes(wired) == {"applied": 9}


async def test_another_consumer_started_later_reads_from_the_beginning(
    wired: Toy, make_toy: MakeToy, kafka_bootstrap: str
) -> None:
    await produce(kafka_bootstrap, keys(3, range(1, 3)))
    late = make_toy(kafka_bootstrap, name=f"late-{new_id()}")
    await late.knows("acme")
    async with consuming(wired), consuming(late):
        await eventually(lambda: noted_everywhere(wired, keys(3, range(1, 3))), what="the first has all orders")
        await eventually(lambda: noted_everywhere(late, keys(3, range(1, 3))), what="the late one has all orders")


async def test_a_subscription_waits_for_topics_that_nobody_made(make_toy: MakeToy, kafka_bootstrap: str) -> None:
    toy = make_toy("127.0.0.1:1")
    with pytest.raises(Exception, match=r"(?i)connect|bootstrap"):
        async with consuming(toy):
            pass
    with suppress(asyncio.CancelledError):
        await toy.database.ping()


async def test_brokers_are_named_in_one_line_and_one_that_answers_is_enough(
    make_toy: MakeToy, kafka_bootstrap: str
) -> None:
    # Given a cluster that is told as three brokers, of which one is there
    toy = make_toy(f"127.0.0.1:1,{kafka_bootstrap},127.0.0.1:2", name=f"many-{new_id()}")
    await toy.knows("acme")
    # When events come, then they are read
    await produce(kafka_bootstrap, keys(1, range(1, 3)))
    async with consuming(toy):
        await eventually(lambda: noted_everywhere(toy, keys(1, range(1, 3))), what="it has the orders")


class Assigned:
    """A consumer of two partitions, the first of which has lost its beginning."""

    def __init__(self) -> None:
        self.begin = {TopicPartition(TOPIC, 0): 5, TopicPartition(TOPIC, 1): 0}
        self.sought: list[TopicPartition] = []
        self.paused: set[TopicPartition] = set()

    def assignment(self) -> set[TopicPartition]:
        return set(self.begin)

    async def beginning_offsets(self, places: list[TopicPartition]) -> dict[TopicPartition, int]:
        return {tp: self.begin[tp] for tp in places}

    def pause(self, *places: TopicPartition) -> None:
        self.paused.update(places)

    def resume(self, place: TopicPartition) -> None:
        self.paused.discard(place)

    def seek(self, place: TopicPartition, _offset: int) -> None:
        self.sought.append(place)


async def test_while_one_partition_stands_still_the_others_are_sought_once_and_read_on(
    make_toy: MakeToy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chassis.consuming.RETRY_S", 0.0)
    toy, consumer = make_toy(), Assigned()
    subscription = Subscription(toy.settings, toy.consumers, toy.corridor, toy.metrics)
    subscription.subscriber.consumer = cast("Any", consumer)
    lost, whole = consumer.begin
    await subscription.on_partitions_assigned(consumer.assignment())
    looks = 0

    async def looked() -> int:
        nonlocal looks
        looks += 1
        await asyncio.sleep(0.01)
        return looks

    await eventually(looked, lambda n: n > 10, what="it has looked some times")
    assert (consumer.sought, consumer.paused, subscription.ready) == ([whole], {lost}, False)

    consumer.begin[lost] = 0
    await eventually(lambda: subscription.ready, what="the log is whole again")
    assert (consumer.sought, consumer.paused) == ([whole, lost], set())
    await toy.database.close()
