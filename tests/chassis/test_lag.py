"""Consumer lag on real Kafka: what is there and not settled in the database, whatever has been fetched."""

from __future__ import annotations

import asyncio
import math
from typing import Any, cast

import pytest
from aiokafka import TopicPartition

from chassis.cluster import ClusterWatch
from chassis.consuming import Subscription
from tests.chassis.conftest import MakeToy
from tests.chassis.test_consuming import TOPIC, consuming, keys, noted_everywhere, produce, wired
from tests.chassis.toy import Toy
from tests.support.eventually import eventually

__all__ = ["wired"]  # the fixture

SENT = keys(5, range(1, 4))


@pytest.fixture
async def supplied(wired: Toy, kafka_bootstrap: str) -> Toy:
    """The toy, and orders on its topic."""
    await produce(kafka_bootstrap, SENT)
    return wired


def shown(toy: Toy) -> float | None:
    """The gauge as it stands."""
    about = {"service": "toy", "replica": "0", "topic": TOPIC}
    return toy.metrics.registry.get_sample_value("backbone_consumer_lag_events", about)


async def measured(subscription: Subscription, toy: Toy) -> float | None:
    await subscription._measure_lag(await subscription._ends())
    return shown(toy)


async def test_what_is_fetched_and_tried_again_is_lag_until_it_is_committed(supplied: Toy) -> None:
    """G15: the lag of a consumer; an hour of retries is not an hour of zero."""
    # Given a database that is away when the batch has been fetched
    really, tried, back = supplied.corridor._transact, asyncio.Event(), False

    async def away(*arguments: object, **more: object) -> None:
        if not back:
            tried.set()
            raise ConnectionResetError("the database is away")
        await really(*arguments, **more)  # type: ignore[arg-type]

    supplied.corridor._transact = away  # type: ignore[method-assign]
    async with consuming(supplied) as subscription:
        await tried.wait()
        # Then all that was sent is lag
        await eventually(lambda: measured(subscription, supplied), lambda lag: lag == 15, what="all of it is lag")
        # and none of it when it is applied
        back = True
        await eventually(lambda: noted_everywhere(supplied, SENT), what="the orders are noted")
        assert await measured(subscription, supplied) == 0


async def test_a_partition_of_which_nothing_was_fetched_yet_counts_in_full(
    supplied: Toy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """G15: and so while it is not known where to read it."""

    # Given partitions that stand still, because it is not known where to read them
    async def unknown(_: Subscription) -> None:
        raise ConnectionError("the database is away")

    monkeypatch.setattr(Subscription, "_seek", unknown)
    async with consuming(supplied) as subscription:
        await eventually(lambda: measured(subscription, supplied), lambda lag: lag == 15, what="all of it is lag")


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
