"""A department whose clock is wrong: Kafka takes its events all the same, because records bear the broker's time."""

from __future__ import annotations

import time

from aiokafka import AIOKafkaProducer

from tests.chassis.topics import empty_topics, everything_on

TOPIC = "sales.hires"
AHEAD_MS = 2 * 3_600 * 1_000


async def test_a_producer_whose_clock_is_two_hours_ahead_is_not_refused(kafka_bootstrap: str) -> None:
    # Given a topic as the house makes it
    await empty_topics(kafka_bootstrap, TOPIC)
    producer = AIOKafkaProducer(bootstrap_servers=kafka_bootstrap, enable_idempotence=True)
    await producer.start()
    try:
        # When a record says that it is of two hours from now
        began_ms = int(time.time() * 1_000)
        await producer.send_and_wait(TOPIC, b"{}", key=b"k", partition=0, timestamp_ms=began_ms + AHEAD_MS)
    finally:
        await producer.stop()
    # Then it is there, with the broker's time
    (record,) = await everything_on(kafka_bootstrap, TOPIC)
    assert abs(record.timestamp - began_ms) < 600_000
    await empty_topics(kafka_bootstrap, TOPIC)
