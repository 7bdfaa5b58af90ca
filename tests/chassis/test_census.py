"""The census on real PostgreSQL and Kafka: what was taken away, set elsewhere or never sent is named, nothing else."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from typing import Any

import asyncpg
import pytest
from aiokafka import AIOKafkaProducer

from chassis import census
from chassis.auditing import Audit, Audits
from chassis.consuming import Subscription
from chassis.ids import new_id
from chassis.relay import Relay
from contracts.gateway import OrderPlaced
from services.gateway.api.census import Here, take_census
from tests.chassis.conftest import MakeToy
from tests.chassis.test_relay import drained
from tests.chassis.topics import empty_topics, everything_on
from tests.chassis.toy import Toy, cause, order_data, order_id
from tests.support.eventually import eventually

TOPIC = "sales.orders"
Named = tuple[str, str | None, int | None, str | None]
"""Kind, key, sequence and event id of a finding."""


class House:
    """A department that sends orders and one that notes them, each on a database of its own."""

    def __init__(self, sender: Toy, noter: Toy, pools: Sequence[asyncpg.Pool]) -> None:
        self.sender = sender
        self.noter = noter
        self.pools = pools

    async def send(self, *names: str) -> None:
        """One transaction with an order event per name."""
        async with self.sender.database.unit(["acme"]) as unit:
            unit.now = cause().at
            for name in names:
                unit.emit(OrderPlaced, order_id(name), order_data(order_id(name)), cause())

    async def census(self, company: str | None = None) -> dict[str, Any]:
        """The report, over both."""
        companies = None if company is None else [company]
        sender, noter = self.pools
        sends = Here(census.Counting(sender, "gateway", None), companies)
        notes = Here(census.Counting(noter, "ledger", self.noter.consumers), companies)
        return await take_census({"gateway": sends, "ledger": notes}, company)

    async def arrived(self, number: int) -> None:
        """Wait until so many events were noted."""
        await eventually(self.noter.noted, lambda noted: len(noted) >= number, what=f"{number} are noted", within_s=30)

    async def event(self, name: str, sequence: int) -> str:
        """The id of an event."""
        rows = await self.sender.rows(
            "select event_id::text from outbox where key = $1 and sequence = $2", order_id(name), sequence
        )
        return str(rows[0][0])


@asynccontextmanager
async def running(toy: Toy, *, relay: bool) -> AsyncIterator[None]:
    if relay:
        task = asyncio.create_task(Relay(toy.settings, toy.database.signals, toy.metrics).run())
        try:
            yield
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
        return
    subscription = Subscription(toy.settings, toy.consumers, toy.corridor, toy.metrics)
    await subscription.start()
    try:
        yield
    finally:
        await subscription.stop()


@pytest.fixture
async def house(make_toy: MakeToy, kafka_bootstrap: str) -> AsyncIterator[House]:
    await empty_topics(kafka_bootstrap, TOPIC, "sales.payments", "sales.hires", "ledger.companies")
    sender, noter = make_toy(kafka_bootstrap), make_toy(kafka_bootstrap, name=f"noter-{order_id('x')[:4]}")
    await noter.knows("acme")
    urls = [toy.settings.relay_url.get_secret_value() for toy in (sender, noter)]
    async with (
        asyncpg.create_pool(urls[0], min_size=0, max_size=3) as one,
        asyncpg.create_pool(urls[1], min_size=0, max_size=3) as other,
    ):
        yield House(sender, noter, [one, other])


def named(report: dict[str, Any]) -> list[tuple[str, str, int, str | None]]:
    """Findings about single events."""
    return sorted((f["kind"], f["key"], f["sequence"], f["event_id"]) for f in report["findings"] if f["key"])


async def test_under_load_many_readings_add_up_and_at_rest_everything_is_settled(house: House) -> None:
    # Given both departments at work
    async with running(house.sender, relay=True), running(house.noter, relay=False):
        load = asyncio.create_task(_load(house))
        reports = []
        while not load.done():
            reports.append(await house.census())
        await load
        await house.arrived(60 * 20)
        rest = await house.census()

    # Then no reading names anything or counts backwards, and in the end sent = applied
    assert [report["findings"] for report in reports if report["findings"]] == []
    assert all(row["on_the_way"] >= 0 for report in reports for row in report["totals"])
    (row,) = [row for row in rest["totals"] if row["topic"] == TOPIC]
    assert (row["sent"], row["applied"], row["on_the_way"]) == (1_200, 1_200, 0)
    assert rest["adds_up"] is True
    assert len(reports) > 3
    assert (await house.census("other"))["totals"][-1]["sent"] == 0


async def _load(house: House) -> None:
    for batch in range(60):
        await house.send(*(f"o-{batch % 7}-{n}" for n in range(20)))
        await asyncio.sleep(0.04)  # the rate of the load, not a wait


async def test_what_left_the_queue_without_being_sent_is_named(house: House) -> None:
    # Given an event whose place in the queue is gone, and another whose row is gone altogether, the last of its key
    await house.send("a", "b", "c")
    await house.sender.rows(
        "delete from outbox_unsent q using outbox o where o.id = q.id and o.key = $1", order_id("a")
    )
    await house.sender.rows("with g as (delete from outbox where key = $1 returning id) "
                            "delete from outbox_unsent q using g where q.id = g.id", order_id("b"))  # fmt: skip
    async with running(house.sender, relay=True), running(house.noter, relay=False):
        await house.arrived(1)
        report = await house.census()

    # Then both are named, the one that stands in the log with its id
    wanted = [("missing", order_id("a"), 1, await house.event("a", 1)), ("missing", order_id("b"), 1, None)]
    assert named(report) == sorted(wanted)
    assert report["adds_up"] is False


async def test_a_cursor_that_was_deleted_set_back_or_set_ahead_is_named(house: House) -> None:
    # Given everything noted, and cursors changed by hand
    async with running(house.sender, relay=True), running(house.noter, relay=False):
        for _ in range(3):
            await house.send("deleted", "back", "ahead", "sound")
        await house.arrived(12)
        await house.noter.rows("delete from inbox where key = $1", order_id("deleted"))
        await house.noter.rows("update inbox set sequence = 2 where key = $1", order_id("back"))
        await house.noter.rows("update inbox set sequence = 5 where key = $1", order_id("ahead"))
        report = await house.census()

    # Then each is named: what the consumer no longer knows it has, and where it stands beyond what was sent
    lost = [("missing", order_id("deleted"), n, await house.event("deleted", n)) for n in (1, 2, 3)]
    back = ("missing", order_id("back"), 3, await house.event("back", 3))
    assert named(report) == sorted([*lost, back, ("ahead", order_id("ahead"), 5, None)])


async def audited(house: House) -> tuple[Audit, Audit]:
    """Both departments' audits, ended."""
    servers = house.sender.settings.stack.kafka_bootstrap_servers
    sends = Audits(house.pools[0], servers, "gateway", None)
    notes = Audits(house.pools[1], servers, "noter", house.noter.consumers)
    audits = sends.start(), notes.start()
    await eventually(lambda: all(a.state != "running" for a in audits), what="both audits have ended", within_s=60)
    return audits


def found(audit: Audit) -> set[Named]:
    """Findings without their words."""
    return {(f.kind, f.key, f.sequence, f.event_id) for f in audit.findings}


async def test_an_audit_of_sound_topics_finds_nothing_also_under_load(house: House) -> None:
    async with running(house.sender, relay=True), running(house.noter, relay=False):
        load = asyncio.create_task(_load(house))
        during = [await audited(house)]
        while not load.done():
            during.append(await audited(house))
        await house.arrived(60 * 20)
        sends, notes = await audited(house)
    assert [f for pair in during for audit in pair for f in audit.findings] == []
    assert (sends.state, notes.state, sends.records, sends.duplicates) == ("finished", "finished", 1_200, 0)
    assert not sends.findings
    assert not notes.findings


async def test_an_audit_names_what_was_deleted_doubled_changed_and_reordered(
    house: House, kafka_bootstrap: str
) -> None:
    # Given six sound keys of three events each, on the topic
    names = ("lost", "twice", "doubled", "body", "head", "order", "row")
    async with running(house.sender, relay=True):
        for _ in range(3):
            await house.send(*names)
        await drained(house.sender)
    records = await everything_on(kafka_bootstrap, TOPIC)

    # When the topic is made anew with one record each missing, repeated, copied, changed and moved
    await empty_topics(kafka_bootstrap, TOPIC)
    foreign = str(new_id())
    await write_again(kafka_bootstrap, records, foreign)
    await house.sender.rows("delete from outbox where key = $1 and sequence = 3", order_id("row"))
    audit, _ = await audited(house)

    # Then each is named by key, sequence and id; the repeat is only counted
    wanted: set[Named] = set()
    for kind, name in (("gone-from-topic", "lost"), ("changed", "body"), ("changed", "head"), ("reordered", "order")):
        wanted.add((kind, order_id(name), 2, await house.event(name, 2)))
    row = next(r for r in records if r.key.decode() == order_id("row") and dict(r.headers)["ce_sequence"] == b"3")
    wanted |= {
        ("doubled", order_id("doubled"), 4, foreign),
        ("gone-from-outbox", order_id("row"), 3, None),
        ("gone-from-outbox", order_id("row"), 3, dict(row.headers)["ce_id"].decode()),
    }
    assert found(audit) == wanted
    assert audit.duplicates == 1
    assert {f.topic for f in audit.findings} == {TOPIC}


async def test_an_audit_names_cursors_that_do_not_fit_the_log(house: House) -> None:
    async with running(house.sender, relay=True), running(house.noter, relay=False):
        for _ in range(3):
            await house.send("deleted", "back", "sound")
        await house.arrived(9)
        await house.noter.rows("delete from inbox where key = $1", order_id("deleted"))
        await house.noter.rows("update inbox set sequence = 2 where key = $1", order_id("back"))
        _, audit = await audited(house)
    wanted: set[Named] = {("not-taken", order_id("deleted"), n, await house.event("deleted", n)) for n in (1, 2, 3)}
    wanted |= {("not-taken", order_id("back"), 3, await house.event("back", 3))}
    wanted |= {("cursor-differs", order_id("back"), 2, await house.event("back", 2))}
    assert found(audit) == wanted
    assert all(f.consumer == house.noter.consumers.name for f in audit.findings)


async def write_again(servers: str, records: Sequence[Any], foreign: str) -> None:
    """The records once more, with something wrong on each key."""
    producer = AIOKafkaProducer(bootstrap_servers=servers)
    await producer.start()
    try:
        for record in bent(records, foreign):
            await producer.send_and_wait(
                TOPIC, record.value, key=record.key, partition=record.partition, headers=list(record.headers)
            )
    finally:
        await producer.stop()


def bent(records: Sequence[Any], foreign: str) -> list[Any]:
    """`lost` without its second, `order` with its last two exchanged, and so on, as the keys' names say."""
    told: list[Any] = []
    held_back: list[Any] = []
    for record in records:
        key, number = record.key.decode(), int(dict(record.headers)["ce_sequence"])
        if (key, number) == (order_id("lost"), 2):
            continue
        if (key, number) == (order_id("order"), 2):
            held_back.append(record)
            continue
        if number == 2 and key == order_id("body"):
            record = replace(record, value=record.value.replace(b"R-1", b"R-2"))
        if number == 2 and key == order_id("head"):
            record = replace(record, headers=with_header(record, "ce_actor", b"somebody"))
        told.append(record)
        if (key, number) == (order_id("twice"), 3):
            told.append(record)
        if (key, number) == (order_id("doubled"), 3):
            headers = with_header(record, "ce_id", foreign.encode())
            copy = replace(record, headers=headers)
            told.append(replace(copy, headers=with_header(copy, "ce_sequence", b"4")))
    return told + held_back


def with_header(record: Any, name: str, value: bytes) -> tuple[tuple[str, bytes], ...]:
    return tuple((n, value if n == name else v) for n, v in record.headers)
