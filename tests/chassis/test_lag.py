"""Consumer lag on real Kafka: what is there and not settled in the database, whatever has been fetched."""

from __future__ import annotations

import asyncio
import math
from typing import Any, cast

import pytest
from aiokafka import TopicPartition

from chassis.cluster import ClusterWatch
from chassis.consuming import Subscription
from chassis.ids import new_id
from tests.chassis.conftest import MakeToy
from tests.chassis.test_consuming import TOPIC, consuming, keys, noted_everywhere, produce
from tests.chassis.topics import empty_topics
from tests.chassis.toy import Toy
from tests.support.eventually import eventually

SENT = keys(5, range(1, 4))


@pytest.fixture
async def wired(make_toy: MakeToy, kafka_bootstrap: str) -> Toy:
    await empty_topics(kafka_bootstrap, TOPIC, "ledger.companies")
    toy = make_toy(kafka_bootstrap, name=f"toy-{new_id()}")
    await toy.knows("acme")
    await produce(kafka_bootstrap, SENT)
    return toy


def shown(toy: Toy) -> float | None:
    """The gauge as it stands."""
    about = {"service": "toy", "replica": "0", "topic": TOPIC}
    return toy.metrics.registry.get_sample_value("backbone_consumer_lag_events", about)


async def measured(subscription: Subscription, toy: Toy) -> float | None:
    await subscription._measure_lag(await subscription._ends())
    return shown(toy)


async def test_what_is_fetched_and_tried_again_is_lag_until_it_is_committed(wired: Toy) -> None:
    """G15: the lag of a consumer; an hour of retries is not an hour of zero."""
    # Given a database that is away when the batch has been fetched
    really, tried, back = wired.corridor._transact, asyncio.Event(), False

    async def away(*arguments: object, **more: object) -> None:
        if not back:
            tried.set()
            raise ConnectionResetError("the database is away")
        await really(*arguments, **more)  # type: ignore[arg-type]

    wired.corridor._transact = away  # type: ignore[method-assign]
    async with consuming(wired) as subscription:
        await tried.wait()
        # Then all that was sent is lag
        await eventually(lambda: measured(subscription, wired), lambda lag: lag == 15, what="all of it is lag")
        # and none of it when it is applied
        back = True
        await eventually(lambda: noted_everywhere(wired, SENT), what="the orders are noted")
        assert await measured(subscription, wired) == 0


async def test_a_partition_of_which_nothing_was_fetched_yet_counts_in_full(
    wired: Toy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """G15: and so while it is not known where to read it."""

    # Given partitions that stand still, because it is not known where to read them
    async def unknown(_: Subscription) -> None:
        raise ConnectionError("the database is away")

    monkeypatch.setattr(Subscription, "_seek", unknown)
    async with consuming(wired) as subscription:
        await eventually(lambda: measured(subscription, wired), lambda lag: lag == 15, what="all of it is lag")


class Away:
    """A consumer whose cluster does not answer."""

    def assignment(self) -> set[TopicPartition]:
        return {TopicPartition(TOPIC, 0)}

    async def end_offsets(self, _: list[TopicPartition]) -> dict[TopicPartition, int]:
        raise ConnectionError("Kafka is away")


async def test_while_kafka_is_away_the_lag_is_unknown_and_not_what_it_was(
    make_toy: MakeToy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """G15: the last value of a gauge looks like the present one."""
    monkeypatch.setattr("chassis.consuming.LAG_S", 0.0)
    toy = make_toy()
    subscription = Subscription(toy.settings, toy.consumers, toy.corridor, toy.metrics)
    subscription.subscriber.consumer = cast("Any", Away())
    toy.metrics.lag(TOPIC, 7)

    watching = asyncio.create_task(subscription.watch_lag(ClusterWatch("nowhere")))

    async def gauge() -> float | None:
        return shown(toy)

    await eventually(
        gauge, lambda lag: lag is not None and math.isnan(lag), what="the gauge says that it does not know"
    )
    watching.cancel()
    await toy.database.close()
