"""Outbox and relay on real PostgreSQL and Kafka: everything committed arrives, in order per key, whatever breaks."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import asyncpg
import pytest

from chassis.cluster import ClusterWatch
from chassis.ids import new_id
from chassis.outbox import ContractBroken
from chassis.relay import Relay
from chassis.service import Service
from contracts.envelope import from_headers
from contracts.gateway import OrderPlaced
from contracts.topics import partition_of
from tests.chassis.conftest import MakeToy
from tests.chassis.topics import empty_topics, everything_on
from tests.chassis.toy import Toy, cause, order_data, order_id
from tests.support.eventually import eventually

TOPIC = "sales.orders"


@asynccontextmanager
async def relaying(toy: Toy) -> AsyncIterator[Relay]:
    relay = Relay(toy.settings, toy.database.signals, toy.metrics)
    task = asyncio.create_task(relay.run())
    try:
        yield relay
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def place(toy: Toy, *names: str, hold_s: float = 0.0) -> None:
    """One transaction that emits an order event per name."""
    async with toy.database.unit(["acme"]) as unit:
        unit.now = cause().at
        for name in names:
            unit.emit(OrderPlaced, order_id(name), order_data(order_id(name)), cause())
        await unit.flush()
        unit._events.clear()
        await asyncio.sleep(hold_s)  # the transaction stays open: this is the fault, not a wait
    toy.database.signals.outbox.set()


async def unsent(toy: Toy) -> int:
    return int((await toy.rows("select count(*) from outbox_unsent"))[0][0])


async def drained(toy: Toy) -> None:
    await eventually(lambda: unsent(toy), lambda left: left == 0, what="the outbox is empty", within_s=30)


@pytest.fixture
async def wired(make_toy: MakeToy, kafka_bootstrap: str) -> Toy:
    await empty_topics(kafka_bootstrap, TOPIC, "sales.payments", "sales.hires")
    return make_toy(kafka_bootstrap)


async def test_sequences_are_gap_free_per_key_within_and_across_transactions(toy: Toy) -> None:
    await place(toy, "a", "b", "a")
    await place(toy, "a")
    rows = await toy.rows("select key, sequence from outbox order by id")
    assert rows == [(order_id("a"), 1), (order_id("b"), 1), (order_id("a"), 2), (order_id("a"), 3)]
    assert await toy.rows("select count(*) from outbox_unsent") == [(4,)]


async def test_an_event_that_breaks_its_contract_is_refused_before_the_commit(toy: Toy) -> None:
    async with toy.database.unit(["acme"]) as unit:
        unit.now = cause().at
        with pytest.raises(ContractBroken, match=r"OrderPlaced\.v1"):
            unit.emit(OrderPlaced, order_id("a"), {"order": "x"}, cause())
    assert await toy.rows("select count(*) from outbox") == [(0,)]


async def test_an_event_above_the_limit_is_refused_before_the_commit(make_toy: MakeToy) -> None:
    toy = make_toy(event_bytes_max=1_024)
    with pytest.raises(ContractBroken, match="above the limit"):
        await place(toy, "a")
    assert await toy.rows("select count(*) from outbox") == [(0,)]


async def test_the_service_can_neither_change_nor_delete_its_log(toy: Toy) -> None:
    await place(toy, "a")
    for statement in ("update outbox set body = ''", "delete from outbox", "truncate outbox"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with toy.database.unit(["acme"]) as unit:
                await unit.raw.execute(statement)


async def test_events_reach_kafka_with_their_envelope_on_the_partition_of_their_key(
    wired: Toy, kafka_bootstrap: str
) -> None:
    """G15: what is committed is sent."""
    request = cause()
    async with wired.database.unit(["acme"]) as unit:
        unit.now = request.at
        event_id = unit.emit(OrderPlaced, order_id("a"), order_data(order_id("a")), request)
    async with relaying(wired):
        await drained(wired)
    (record,) = await everything_on(kafka_bootstrap, TOPIC)
    envelope = from_headers(record.headers)
    assert (envelope.id, envelope.sequence, envelope.company) == (str(event_id), 1, "acme")
    assert (envelope.causationid, envelope.subject) == (str(request.id), order_id("a"))
    assert record.partition == partition_of(order_id("a"), TOPIC)


async def test_sixteen_writers_whose_transactions_stay_open_lose_and_reorder_nothing(
    wired: Toy, kafka_bootstrap: str
) -> None:
    """G15: also while others write and have not committed, in order per key."""
    dice = random.Random(7)

    async def writer() -> None:
        for _ in range(25):
            names = [f"k{dice.randrange(8)}" for _ in range(5)]
            await place(wired, *names, hold_s=dice.choice((0, 0, 0.01)))

    async with relaying(wired):
        await asyncio.gather(*(writer() for _ in range(16)))
        await drained(wired)
    sequences: dict[str, list[int]] = {}
    for record in await everything_on(kafka_bootstrap, TOPIC):
        envelope = from_headers(record.headers)
        sequences.setdefault(envelope.subject, []).append(envelope.sequence)
    assert sum(map(len, sequences.values())) == 16 * 25 * 5
    assert all(found == list(range(1, len(found) + 1)) for found in sequences.values())


async def test_only_one_of_two_relays_owns_and_the_other_takes_over(
    wired: Toy, make_toy: MakeToy, kafka_bootstrap: str
) -> None:
    """G15: one relay at a time; another takes over."""
    second = make_toy(kafka_bootstrap, urls=wired.urls, replica=1)
    async with relaying(second) as standby:
        async with relaying(wired) as first:
            await eventually(lambda: first.connected or standby.connected, what="one relay owns")
            assert first.is_owner != standby.is_owner
            owner, other = (first, standby) if first.is_owner else (standby, first)
        if owner is first:
            await eventually(lambda: other.is_owner, what="the standby takes over")
        await place(second, "a")
        await drained(second)


async def test_the_backend_of_a_frozen_owner_is_ended(
    wired: Toy, postgres_server: object, kafka_bootstrap: str
) -> None:
    frozen = await asyncpg.connect(wired.urls.relay_url)
    from chassis.relay import LOCK

    assert await frozen.fetchval("select pg_try_advisory_lock($1)", LOCK)
    await frozen.execute(
        "insert into relay_owner (pid, replica, beat) values (pg_backend_pid(), 'frozen', now() - interval '1 hour')"
    )
    async with relaying(wired) as relay:
        await eventually(lambda: relay.is_owner, what="the relay takes over from a frozen owner")
    assert frozen.is_closed()


async def test_a_topic_whose_broker_lost_it_is_rebuilt_from_the_outbox(wired: Toy, kafka_bootstrap: str) -> None:
    """G15, G2: the log is kept, so a lost topic is written again."""
    async with relaying(wired):
        await place(wired, *(f"k{i % 7}" for i in range(50)))
        await drained(wired)
    before = [(r.key, r.value) for r in await everything_on(kafka_bootstrap, TOPIC)]
    await empty_topics(kafka_bootstrap, TOPIC)
    async with relaying(wired) as relay:
        await eventually(lambda: relay.connected, what="the relay is connected")
        await place(wired, "new")
        await drained(wired)
    after = [(r.key, r.value) for r in await everything_on(kafka_bootstrap, TOPIC)]
    assert [row for row in after if row[0] != order_id("new").encode()] == before
    assert len(after) == 51


async def test_a_database_older_than_its_topics_sends_nothing_and_names_what_is_missing(
    wired: Toy, make_toy: MakeToy, kafka_bootstrap: str
) -> None:
    async with relaying(wired):
        await place(wired, "a")
        await drained(wired)
    restored = make_toy(kafka_bootstrap)
    await place(restored, "b")
    async with relaying(restored) as relay:
        await eventually(lambda: relay.diverged is not None, what="the relay finds that its topics know more")
        assert order_id("a") in str(relay.diverged)
        assert await unsent(restored) == 1
    assert relay.diverged is None, "who no longer owns the outbox says nothing about it"


async def test_who_asks_whether_a_service_is_ready_is_told_no_key_of_what_is_missing(toy: Toy) -> None:
    service = Service(toy.settings)
    service.relay.diverged = (f"sales.orders/{order_id('a')}: sequence 1 is another event",)
    (told,) = [reason for reason in await service.unready_because() if "topics" in reason]
    assert order_id("a") not in told
    assert "1" in told
    await service.database.close()


async def test_an_emitted_event_has_the_same_id_whenever_its_cause_is_handled_again(toy: Toy) -> None:
    request = cause(request=new_id())
    ids = set()
    for _ in range(2):
        async with toy.database.unit(["acme"]) as unit:
            unit.now = request.at
            ids.add(unit.emit(OrderPlaced, order_id("a"), order_data(order_id("a")), request))
    assert len(ids) == 1


async def test_a_relay_woken_by_signals_finds_what_other_processes_write_and_then_looks_often(
    wired: Toy, make_toy: MakeToy, kafka_bootstrap: str
) -> None:
    # Given a relay that trusts its own process's signals, and a replica that writes without being able to signal it
    replica = make_toy(kafka_bootstrap, urls=wired.urls, replica=1)
    async with relaying(wired) as relay:
        relay.writers_signal = True
        await eventually(lambda: relay.connected, what="the relay is connected")
        # When the replica writes
        await place(replica, "a")
        # Then it is sent all the same
        await drained(replica)
        assert relay._others_write_until > asyncio.get_running_loop().time()


async def test_another_cluster_makes_the_relay_start_over_although_there_is_nothing_to_send(
    wired: Toy, kafka_bootstrap: str
) -> None:
    watch = ClusterWatch(kafka_bootstrap)
    relay = Relay(wired.settings, wired.database.signals, wired.metrics, watch)
    task = asyncio.create_task(relay.run())
    await eventually(lambda: relay.connected, what="the relay is connected")
    starts = 0
    really = relay._send_with_new_producer

    async def counted(connection: asyncpg.Connection, beating: asyncio.Task[None]) -> None:
        nonlocal starts
        starts += 1
        await really(connection, beating)

    relay._send_with_new_producer = counted  # type: ignore[method-assign]
    watch.identity = "another-cluster"
    await eventually(lambda: starts > 0, what="the relay has looked at the topics again")
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


async def test_a_relay_that_runs_notices_that_its_topic_has_lost_what_was_sent(
    wired: Toy, kafka_bootstrap: str
) -> None:
    # Given a relay that has sent, and goes on with the same producer
    async with relaying(wired) as relay:
        await place(wired, *(f"k{i % 9}" for i in range(60)))
        await drained(wired)
        # When the topic is lost and made again under it, and more is sent
        await empty_topics(kafka_bootstrap, TOPIC)
        await place(wired, *(f"k{i % 9}" for i in range(60)))
        await eventually(lambda: relay.connected, what="the relay goes on")
        await drained(wired)
    # Then everything is there, in order per key
    sequences: dict[str, set[int]] = {}
    for record in await everything_on(kafka_bootstrap, TOPIC):
        envelope = from_headers(record.headers)
        sequences.setdefault(envelope.subject, set()).add(envelope.sequence)
    assert sum(map(len, sequences.values())) == 120
    assert all(found == set(range(1, len(found) + 1)) for found in sequences.values())


async def test_an_old_copy_that_went_on_under_the_same_numbers_is_found_by_the_events_themselves(
    wired: Toy, make_toy: MakeToy, kafka_bootstrap: str
) -> None:
    async with relaying(wired):
        await place(wired, "a")
        await drained(wired)
    restored = make_toy(kafka_bootstrap)
    await place(restored, "a", "a")  # its sequence 1 is another event than the one on the topic
    async with relaying(restored) as relay:
        await eventually(lambda: relay.diverged is not None, what="the relay finds another event under its number")
        assert await unsent(restored) == 2


async def test_the_heartbeat_goes_on_while_kafka_is_away(make_toy: MakeToy) -> None:
    toy = make_toy("127.0.0.1:1")
    async with relaying(toy) as relay:
        await eventually(lambda: relay.is_owner, what="the relay owns the outbox")

        async def beat() -> object:
            return (await toy.rows("select beat from relay_owner"))[0][0]

        first = await eventually(beat, what="there is a heartbeat")
        await eventually(beat, lambda now: now != first, what="the heart beats on without Kafka")
