"""Who leads a partition."""

from __future__ import annotations

from aiokafka.admin import AIOKafkaAdminClient


async def leader_of(bootstrap: str, topic: str, partition: int) -> int:
    """The number of the broker that leads a partition now; raises LookupError while nobody does."""
    client = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await client.start()
    try:
        (about,) = await client.describe_topics([topic])
        for one in about["partitions"]:
            if one["partition"] == partition and one["leader"] > 0:
                return int(one["leader"])
    finally:
        await client.close()
    raise LookupError(f"nobody leads {topic} {partition}")
