"""The relay under writers that hold transactions open, an idle writer beside, a frozen owner (GOAL17, GOAL18)."""

from __future__ import annotations

import asyncio
import random
import signal
import statistics
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

import asyncpg
from aiokafka import AIOKafkaConsumer, TopicPartition

from chassis.cause import Cause
from chassis.clock import rfc3339
from chassis.ids import derive
from chassis.outbox import Producer, append
from contracts.inventory import ItemDefined
from contracts.topics import TOPICS
from tests.proof.chapter import Chapter, Length
from tests.proof.house import House
from tests.proof.load.sending import Tally
from tests.proof.run import Run
from tests.proof.trial import Trial
from tests.proof.verdict import Verdict
from tests.support.eventually import eventually

SERVICE = "inventory"
TOPIC = "inventory.stock"
COMPANY = "writers"
WRITERS = 16
KEYS = 40
OPEN_MS = 50.0
"""A transaction stays open up to so long after its events have their ids: ids commit out of order."""
FOR_S: dict[Length, float] = {"normal": 8, "full": 300}
FROZEN_S = 14.0
"""Longer than the time after which a standby takes over from an owner without a heartbeat."""
P50_MS = 30.0
P99_MS = 250.0
EVENT_BYTES_MAX = 262_144


@dataclass(slots=True)
class Sent:
    """What the writers committed, and when it was seen on its topic (monotonic seconds)."""

    committed: dict[str, float] = field(default_factory=dict)
    seen: dict[str, float] = field(default_factory=dict)
    last: Counter[str] = field(default_factory=Counter)
    out_of_order: int = 0
    repeats: int = 0


async def run(run: Run) -> Sequence[Verdict]:
    """Writers of their own beside the load; first undisturbed, then with the owner of the relay frozen."""
    async with run.house(split=(SERVICE,)) as house:
        await house.stack.start_service(SERVICE, only="relay", replica=1)
        trial = Trial(run, house, "relay", f"{WRITERS} writers, open 0-{OPEN_MS:.0f} ms")
        sent = Sent()

        async def write(house: House, _: Tally) -> None:
            async with _watched(house, sent), _idle_writer_elsewhere(house):
                fault = house.note("open transactions", f"{WRITERS} writers")
                await _writers(house, sent, run, "undisturbed", FOR_S[run.length])
                await eventually(lambda: sent.seen.keys() >= sent.committed.keys(), what="all is sent", within_s=60)
                fault.end()
                _judge(trial, sent)
                await _owner_frozen(house, sent, run)
                await eventually(lambda: sent.seen.keys() >= sent.committed.keys(), what="all is sent", within_s=60)

        verdict = await trial.go(write)
        trial.figures["events of the writers"] = f"{len(sent.committed)}, {sent.repeats} of them twice on the topic"
        if lost := len(sent.committed.keys() - sent.seen.keys()):
            trial.violations.append(f"GOAL18: {lost} events are on no topic")
        if sent.out_of_order:
            trial.violations.append(f"GOAL18: {sent.out_of_order} events out of order on their keys")
        return [trial.again(verdict)]


async def _writers(house: House, sent: Sent, run: Run, when: str, seconds: float) -> None:
    """Events have ids of their own in each phase: the dice are those of the phase as well."""
    ends = time.monotonic() + seconds
    await asyncio.gather(
        *(_writer(house, sent, random.Random(f"{run.seed}/{when}/{number}"), ends) for number in range(WRITERS))
    )


async def _writer(house: House, sent: Sent, dice: random.Random, ends: float) -> None:
    producer = Producer(f"/{SERVICE}", EVENT_BYTES_MAX)
    connection = await asyncpg.connect(house.stack.urls[SERVICE].database_url)
    try:
        while time.monotonic() < ends:
            chain = derive("writer", dice.random())
            cause = Cause(chain, COMPANY, str(chain), "writer", None, None, datetime.now(UTC))
            keys = sorted({f"item-{dice.randrange(KEYS)}" for _ in range(3)})
            events = [
                producer.make(
                    ItemDefined, derive(COMPANY, key),
                    {"item": derive(COMPANY, key), "sku": key, "name": key, "unit": "pcs"}, cause,
                    time=rfc3339(datetime.now(UTC)), ordinal=ordinal,
                )
                for ordinal, key in enumerate(keys)
            ]  # fmt: skip
            await connection.execute(f"begin; select set_config('app.companies', '{COMPANY}', true)")
            await append(connection, events)
            await asyncio.sleep(dice.uniform(0, OPEN_MS) / 1_000)
            await connection.execute("commit")
            committed = time.monotonic()
            sent.committed |= {str(event.event_id): committed for event in events}
            await asyncio.sleep(dice.uniform(0, 0.2))
    finally:
        await connection.close()


@asynccontextmanager
async def _watched(house: House, sent: Sent) -> AsyncIterator[None]:
    """Note when each event is seen on the topic, by a reader of its own."""
    consumer = AIOKafkaConsumer(
        bootstrap_servers=house.stack.kafka_bootstrap, enable_auto_commit=False, auto_offset_reset="earliest"
    )
    await consumer.start()
    consumer.assign([TopicPartition(TOPIC, number) for number in range(TOPICS[TOPIC].partitions)])
    watching = asyncio.create_task(_watch(consumer, sent))
    try:
        yield
    finally:
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)
        await consumer.stop()


async def _watch(consumer: AIOKafkaConsumer, sent: Sent) -> None:
    while True:
        for records in (await consumer.getmany(timeout_ms=100)).values():
            at = time.monotonic()
            for record in records:
                headers = {name: value.decode() for name, value in record.headers}
                if headers["ce_company"] != COMPANY:
                    continue
                identity, key, sequence = headers["ce_id"], record.key.decode(), int(headers["ce_sequence"])
                if identity in sent.seen:
                    sent.repeats += 1
                    continue
                sent.seen[identity] = at
                sent.out_of_order += sequence != sent.last[key] + 1
                sent.last[key] = sequence


@asynccontextmanager
async def _idle_writer_elsewhere(house: House) -> AsyncIterator[None]:
    """Somebody has written in another database of the same server, and does not commit."""
    server = house.stack.servers.postgres[SERVICE].superuser_url
    above = await asyncpg.connect(server)
    await above.execute("create database elsewhere")
    idle = await asyncpg.connect(f"{server.rpartition('/')[0]}/elsewhere")
    await idle.execute("set idle_in_transaction_session_timeout = 0; begin; create table held_open (n int)")
    try:
        yield
    finally:
        idle.terminate()
        await above.execute("drop database elsewhere with (force)")
        await above.close()


def _judge(trial: Trial, sent: Sent) -> None:
    """GOAL17: commit → topic, while nothing but the open transactions is in the way."""
    late = sorted(1_000 * max(0.0, sent.seen[identity] - at) for identity, at in sent.committed.items())
    p50, p99 = statistics.median(late), late[int(0.99 * (len(late) - 1))]
    trial.figures["commit → topic"] = f"p50 {p50:.0f} ms, p99 {p99:.0f} ms of {len(late)}"
    if p50 > P50_MS or p99 > P99_MS:
        trial.violations.append(f"GOAL17: commit → topic p50 {p50:.0f} ms, p99 {p99:.0f} ms")


async def _owner_frozen(house: House, sent: Sent, run: Run) -> None:
    """The relay that owns the database is stopped; the standby takes over; the old owner wakes and is harmless."""
    name = await _owner(house)
    fault = house.note("stop", name)
    house.stack.keeper.signal(name, signal.SIGSTOP)
    try:
        await _writers(house, sent, run, "frozen", FROZEN_S)
        await eventually(lambda: sent.seen.keys() >= sent.committed.keys(), what="the standby sends", within_s=60)
        fault.end()
    finally:
        house.stack.keeper.signal(name, signal.SIGCONT)
    await _writers(house, sent, run, "awake", 3.0)


async def _owner(house: House) -> str:
    """Which of the two relays owns the database; the replica number is written beside its heartbeat."""
    connection = await asyncpg.connect(house.stack.urls[SERVICE].relay_url)
    try:
        replica = str(await connection.fetchval("select replica from relay_owner"))
    finally:
        await connection.close()
    names = [name for name in house.stack.processes if name.startswith(SERVICE) and "relay" in name]
    return next(name for name in names if name.endswith("-1") == (replica == "1"))


CHAPTER = Chapter(
    name="relay",
    fault="16 writers with open transactions, an idle one elsewhere, a frozen owner",
    about="Ids commit out of order for 50 ms, another database is held open, the owner freezes (GOAL17, 18).",
    run=run,
    seconds={"normal": 60, "full": 360},
)
