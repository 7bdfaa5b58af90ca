"""`python -m chassis.provisioning`: makes the topics of `contracts/topics.py`.

Beside it only a relay makes topics: its own, anew, on a cluster that has lost them.
"""

from __future__ import annotations

import asyncio

from chassis.kafka import admin, create_topics
from chassis.settings import StackSettings
from contracts.topics import TOPICS


async def provision(stack: StackSettings) -> None:
    """Make every topic that is missing."""
    async with admin(stack.kafka_bootstrap_servers) as client:
        await create_topics(client, TOPICS.values(), replication=stack.kafka_replication)


if __name__ == "__main__":
    asyncio.run(provision(StackSettings()))
