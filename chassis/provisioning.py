"""`python -m chassis.provisioning`: makes the topics of `contracts/topics.py`. Nothing else ever creates a topic."""

from __future__ import annotations

import asyncio
import os

from chassis.kafka import admin, create_topics
from contracts.topics import TOPICS


async def provision(servers: str, replication: int) -> None:
    """Make every topic that is missing."""
    async with admin(servers) as client:
        await create_topics(client, TOPICS.values(), replication=replication)


if __name__ == "__main__":
    asyncio.run(provision(os.environ["KAFKA_BOOTSTRAP_SERVERS"], int(os.environ.get("KAFKA_REPLICATION", "1"))))
