"""A broker loses its disk while a department reads from it, and comes back empty: without a topic, without a group."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress

import pytest

from chassis.cluster import ClusterWatch
from chassis.ids import new_id
from deploy.local.kafka import Broker, KafkaCluster, new_cluster_id
from deploy.local.paths import StateFolder
from deploy.local.ports import Ports
from deploy.local.processes import Keeper
from tests.chassis.conftest import MakeToy
from tests.chassis.test_consuming import consuming, keys, noted_everywhere, produce
from tests.chassis.topics import empty_topics
from tests.support.eventually import eventually

TOPICS = ("sales.orders", "ledger.companies")


@pytest.fixture
async def own_kafka(stack_folder: StateFolder, keeper: Keeper) -> AsyncIterator[KafkaCluster]:
    """A broker of this test alone."""
    ports = Ports()
    broker = Broker(2, ports.take(), ports.take(), stack_folder.kafka(2), stack_folder.log("kafka-2"))
    cluster = KafkaCluster([broker], new_cluster_id(), for_tests=True)
    await cluster.start(keeper)
    yield cluster
    await keeper.kill(broker.name)


async def test_readers_find_the_topics_that_are_made_on_an_emptied_cluster(
    make_toy: MakeToy, own_kafka: KafkaCluster, keeper: Keeper
) -> None:
    # Given a reader that has read
    servers = own_kafka.bootstrap
    await empty_topics(servers, *TOPICS)
    toy = make_toy(servers, name=f"toy-{new_id()}")
    await toy.knows("acme")
    await produce(servers, keys(5, range(1, 4)))
    async with consuming(toy) as subscription:
        await eventually(lambda: noted_everywhere(toy, keys(5, range(1, 4))), what="the first orders are noted")
        watch = ClusterWatch(servers)
        watch.on_change(subscription.on_cluster_change)
        watching = asyncio.create_task(watch.run())
        await eventually(lambda: watch.identity == own_kafka.cluster_id, what="the cluster is known")

        # When its broker comes back empty, and the group joins it before anybody has made a topic
        emptied = await own_kafka.wipe(keeper, new_cluster_id())
        await emptied.start(keeper)
        consumer = subscription.subscriber.consumer
        assert consumer is not None
        await eventually(lambda: not consumer.assignment(), what="there is nothing to read", within_s=30)
        await empty_topics(servers, *TOPICS)
        await produce(servers, keys(9, range(1, 3)) | keys(5, range(1, 6)))

        # Then it finds the topics, and reads them from their starts
        expected = keys(9, range(1, 3)) | keys(5, range(1, 6))
        await eventually(lambda: noted_everywhere(toy, expected), what="old and new are there once", within_s=40)
        watching.cancel()
        with suppress(asyncio.CancelledError):
            await watching
