"""A consumer's client that hears nothing while its cluster answers others is replaced, on real Kafka."""

from __future__ import annotations

import asyncio

import pytest
from aiokafka import TopicPartition

from chassis.cluster import ClusterWatch
from chassis.consuming import Deaf, Subscription
from chassis.service import Service
from tests.chassis.conftest import MakeToy
from tests.chassis.test_consuming import keys, noted_everywhere, produce, wired
from tests.chassis.toy import Toy
from tests.support.eventually import eventually

__all__ = ["wired"]  # the fixture

SENT = keys(3, range(1, 4))


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Silence is noticed in a second, not in half a minute."""
    monkeypatch.setattr("chassis.consuming.LAG_S", 0.1)
    monkeypatch.setattr("chassis.consuming.LAG_PATIENCE_S", 0.2)
    monkeypatch.setattr("chassis.consuming.DEAF_S", 1.0)
    monkeypatch.setattr("chassis.cluster.LOOK_S", 0.2)


def deafen(subscription: Subscription) -> None:
    """End what refreshes the client's metadata, as a socket that was reset did, and let it wait for that."""
    client = subscription._consumer._client
    client._sync_task.cancel()
    client.force_metadata_update()


@pytest.mark.usefixtures("impatient")
async def test_a_deaf_client_is_replaced_and_everything_is_read(wired: Toy, kafka_bootstrap: str) -> None:
    # Given a department that consumes
    service = Service(wired.settings, consumers=wired.consumers)
    working = [asyncio.create_task(service.cluster.run()), asyncio.create_task(service._consume())]
    first = await eventually(lambda: service.subscription, what="it consumes")
    assert first is not None
    await eventually(lambda: first.ready, what="it knows where to read")
    taking = list(first.subscriber.tasks)
    # When its client does not hear any more, and something is sent
    deafen(first)
    await produce(kafka_bootstrap, SENT)
    # Then another takes its place and reads it
    await eventually(lambda: service.subscription not in (None, first), what="it has another client", within_s=30)
    await eventually(lambda: noted_everywhere(wired, SENT), what="the orders are noted", within_s=30)
    assert taking
    assert all(task.done() for task in taking)
    for task in working:
        task.cancel()
    assert service.subscription is not None
    await service.subscription.stop()
    await service.database.close()


class Silent:
    """A consumer that never gets an answer."""

    def assignment(self) -> set[TopicPartition]:
        return set()

    async def end_offsets(self, _: list[TopicPartition]) -> dict[TopicPartition, int]:
        raise TimeoutError


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("answers", [True, False])
async def test_silence_is_deafness_only_while_the_cluster_answers_others(
    make_toy: MakeToy, monkeypatch: pytest.MonkeyPatch, *, answers: bool
) -> None:
    toy = make_toy()
    subscription = Subscription(toy.settings, toy.consumers, toy.corridor, toy.metrics)
    subscription.subscriber.consumer = Silent()
    monkeypatch.setattr(ClusterWatch, "answers", answers)
    monkeypatch.setattr("chassis.consuming.DEAF_S", 0.3)
    with pytest.raises(Deaf if answers else TimeoutError):
        async with asyncio.timeout(3):
            await subscription.watch_lag(ClusterWatch("nowhere"))
    await toy.database.close()


async def test_whoever_is_stopping_takes_no_new_client(make_toy: MakeToy) -> None:
    """A drain may be longer than the silence of a client that was stopped for it."""
    toy = make_toy()
    service = Service(toy.settings, consumers=toy.consumers)
    service.stopping.set()
    async with asyncio.timeout(3):
        await service._consume()
    assert service.subscription is None
    await service.database.close()
    await toy.database.close()
