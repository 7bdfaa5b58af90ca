"""Streams over real Kafka: what comes, from where, and that nothing is missed on the way."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import httpx
import orjson
import pytest
import pytest_asyncio

from chassis.ids import derive
from contracts import published
from contracts.envelope import Envelope, to_headers
from services.gateway.streams.entries import Entry
from services.gateway.streams.hub import Reader
from services.gateway.streams.position import BadToken, Mark, position_of, token_of
from services.gateway.streams.replay import Start, caught_up, starting_marks
from tests.gateway.conftest import MakeGateway
from tests.gateway.front import FrontOffice, Gateway
from tests.gateway.listening import TOPIC, Listening, Payroll, analyst, listening, wiped
from tests.support.eventually import eventually


@pytest_asyncio.fixture
async def reading(make_gateway: MakeGateway, kafka_bootstrap: str) -> AsyncIterator[FrontOffice]:
    """An analyst who may read everything of every company, over a real connection."""
    async with analyst(make_gateway(kafka=kafka_bootstrap, stream_heartbeat_s=0.3)) as (office, _):
        yield office


async def test_events_come_as_they_happen_in_order_per_key(reading: FrontOffice, payroll: Payroll) -> None:
    """G5: a stream keeps the order of each key."""
    async with listening(reading, company=payroll.company) as got:
        await payroll.send(100)
        await got.has(100)
    assert sorted(got.ids) == sorted(payroll.sent)
    order = {identity: place for place, identity in enumerate(payroll.sent)}
    for key in {event["subject"] for event in got.events}:
        places = [order[event["id"]] for event in got.events if event["subject"] == key]
        assert places == sorted(places)
    first = got.events[0]
    assert first["specversion"] == "1.0"
    assert first["type"] == "EmployeeRegistered.v1"
    assert first["data"].keys() == published.sample("EmployeeRegistered.v1").data.keys()
    assert first["sequence"] == 1


async def test_a_reader_from_the_beginning_gets_everything_once_while_more_comes(
    reading: FrontOffice, payroll: Payroll
) -> None:
    await payroll.send(1_000)

    async def more() -> None:
        for _ in range(20):
            await payroll.send(25)

    writing = asyncio.create_task(more())
    async with listening(reading, company=payroll.company, **{"from": "beginning"}) as got:
        await writing
        await got.has(1_500)
    assert sorted(got.ids) == sorted(payroll.sent)


async def test_a_reader_that_comes_back_gets_exactly_what_it_missed(reading: FrontOffice, payroll: Payroll) -> None:
    """G8: resumed from an offset, nothing lost and nothing twice."""
    async with listening(reading, company=payroll.company) as first:
        await payroll.send(40)
        await first.has(40)
    await payroll.send(60)
    async with listening(reading, resume=first.token, company=payroll.company) as second:
        await second.has(60)
        await payroll.send(5)
        await second.has(65)
    assert sorted(first.ids + second.ids) == sorted(payroll.sent)
    async with listening(reading, company=payroll.company, **{"from": second.token}) as third:
        await payroll.send(1)
        await third.has(1)
    assert third.ids == payroll.sent[-1:]


async def test_a_reader_that_was_cut_off_in_the_middle_misses_nothing(reading: FrontOffice, payroll: Payroll) -> None:
    await payroll.send(500)
    ids: list[str] = []
    token = ""
    for _ in range(60):
        start = {"from": "beginning"} if not token else {}
        url = f"/v1/streams/{TOPIC}"
        headers = reading.headers | ({"last-event-id": token} if token else {})
        async with reading.client.stream(
            "GET", url, params={"company": payroll.company, **start}, headers=headers
        ) as response:
            text = ""
            async for part in response.aiter_text():
                text += part
                if text.count("\ndata: ") >= 20 or ": alive" in text:
                    break
        whole, _, _ = text.rpartition("\n\n")  # the last block may be cut in its middle
        for block in whole.split("\n\n"):
            lines = dict(line.partition(": ")[::2] for line in block.split("\n"))
            token = lines.get("id", token)
            if "data" in lines:
                ids.append(orjson.loads(lines["data"])["id"])
        if len(ids) >= 500:
            break
    assert sorted(ids) == sorted(payroll.sent), "each once, however it was cut"


async def test_a_reader_that_catches_up_through_a_filter_that_lets_nothing_through_hears_that_it_goes_on(
    make_gateway: MakeGateway, kafka_bootstrap: str, payroll: Payroll
) -> None:
    await payroll.send(1_200)
    async with analyst(make_gateway(kafka=kafka_bootstrap)) as (_, gateway):
        hub = gateway.service.app.state.gateway.hubs.of(TOPIC)
        reader = Reader(lambda _: False, await starting_marks(hub, Start(at_ms=0)), 10)

        parts = [list(part) async for part in caught_up(hub, reader, quiet_s=0.0)]
        impatient = [list(part) async for part in caught_up(hub, reader, quiet_s=60.0)]
        hub.detach(reader)

    assert parts, "no sign of life on the way"
    assert not any(parts)
    assert impatient == [], "a sign of life only after so many quiet seconds"
    assert sum(mark.next for mark in reader.marks) >= 1_200


async def test_a_reader_may_start_at_a_time(reading: FrontOffice, payroll: Payroll) -> None:
    """G8: from a moment in time."""
    await payroll.send(10)
    await asyncio.sleep(0.02)
    between = datetime.now(UTC)
    await asyncio.sleep(0.02)
    later = await payroll.send(10)
    async with listening(reading, company=payroll.company, **{"from": between.isoformat()}) as got:
        await got.has(10)
    assert sorted(got.ids) == sorted(later)
    future = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    async with listening(reading, company=payroll.company, **{"from": future}) as got:
        await payroll.send(1)
        await got.has(1)


async def test_filters_let_through_what_is_asked_for(reading: FrontOffice, payroll: Payroll) -> None:
    """G8: filtered by type, company and subject."""
    other = f"{payroll.company}-b"
    async with (
        listening(reading, company=payroll.company) as ours,
        listening(reading, subject=str(derive(payroll.company, 0))) as one,
        listening(reading, type="EmployeeRegistered.v1", company=other) as others,
    ):
        await payroll.send(14)
        await payroll.send(7, company=other)
        await asyncio.gather(ours.has(14), one.has(3), others.has(7))
    assert {event["company"] for event in ours.events} == {payroll.company}
    assert {event["subject"] for event in one.events} == {str(derive(payroll.company, 0))}
    assert {event["company"] for event in others.events} == {other}


async def test_a_reader_sees_its_own_companies_alone(
    make_gateway: MakeGateway, kafka_bootstrap: str, payroll: Payroll
) -> None:
    """X7: also in what it is replayed, and without asking for a company."""
    async with analyst(make_gateway(kafka=kafka_bootstrap), companies=payroll.company) as (office, _):
        await payroll.send(5, company="somebody-else")
        await payroll.send(5)
        async with listening(office, **{"from": "beginning"}) as got:
            await payroll.send(5, company="somebody-else")
            await payroll.send(1)
            await got.has(6)
    assert {event["company"] for event in got.events} == {payroll.company}


async def test_after_a_rebuild_of_the_topic_a_reader_sees_events_again_rather_than_not_at_all(
    reading: FrontOffice, payroll: Payroll, kafka_bootstrap: str
) -> None:
    payroll.topic = "inventory.stock"
    await payroll.send(30)
    async with listening(reading, "inventory.stock", company=payroll.company, **{"from": "beginning"}) as before:
        await before.has(30)
    await payroll.send(10)
    await wiped(kafka_bootstrap, "inventory.stock")
    rebuilt, payroll.sent = payroll.sent, []
    for number, identity in enumerate(rebuilt):
        await payroll.write(identity, str(derive(payroll.company, number % 7)), payroll.company)
    await payroll.producer.flush()

    async with listening(reading, "inventory.stock", resume=before.token, company=payroll.company) as after:
        await after.has(10)
        await eventually(
            lambda: set(rebuilt) <= set(before.ids + after.ids), what="no event is missing after the rebuild"
        )


async def test_a_slow_reader_is_dropped_with_a_last_word_and_loses_nothing(
    make_gateway: MakeGateway, kafka_bootstrap: str, payroll: Payroll
) -> None:
    async with analyst(make_gateway(kafka=kafka_bootstrap, stream_queue_events=10)) as (office, gateway):
        takes = asyncio.Event()
        parts: list[bytes] = []
        told = asyncio.create_task(slowly(gateway, office, payroll.company, takes, parts))
        await eventually(lambda: any(b": alive" in part for part in parts), what="the stream has begun")
        async with listening(office, company=payroll.company) as quick:
            for _ in range(15):  # in small portions: the quick one must keep up with a queue of ten
                sent = await payroll.send(2)
                await quick.has(len(payroll.sent) - len(sent) + 2)
        takes.set()
        await told
        got = Listening()
        await got.read(httpx.Response(200, content=b"".join(parts)))
        assert got.end is not None
        assert got.end["code"] == "slow-reader"
        assert 0 < len(got.ids) < 30
        async with listening(office, resume=got.token, company=payroll.company) as rest:
            await rest.has(30 - len(got.ids))
    assert sorted(got.ids + rest.ids) == sorted(payroll.sent)


async def slowly(gateway: Gateway, office: FrontOffice, company: str, takes: asyncio.Event, parts: list[bytes]) -> None:
    """A reader that takes the beginning of the stream and then nothing until it is told."""

    async def receive() -> dict[str, Any]:
        await asyncio.sleep(60)
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        parts.append(message.get("body", b""))
        if b"data:" in parts[-1]:
            await takes.wait()

    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "GET", "scheme": "http",
        "path": f"/v1/streams/{TOPIC}", "raw_path": f"/v1/streams/{TOPIC}".encode(), "root_path": "",
        "query_string": f"company={company}".encode(), "server": ("gateway", 80), "client": ("127.0.0.1", 1),
        "headers": [(b"host", b"gateway"), (b"authorization", office.headers["authorization"].encode())],
    }  # fmt: skip
    await gateway.service.app(scope, receive, send)


async def test_readers_are_let_go_when_the_process_stops(
    make_gateway: MakeGateway, kafka_bootstrap: str, payroll: Payroll
) -> None:
    async with (
        analyst(make_gateway(kafka=kafka_bootstrap)) as (office, gateway),
        listening(office, company=payroll.company) as got,
    ):
        await gateway.service.app.state.gateway.hubs.close()
        await eventually(lambda: got.end is not None, what="the reader is told")
    assert got.end is not None
    assert got.end["code"] == "stopping"


@pytest.mark.parametrize("set_to", ["revoked_at = now()", "expires_at = '2026-12-13T11:59:59Z'"])
@pytest.mark.parametrize("busy", [False, True])
async def test_a_stream_ends_when_its_key_does(
    make_gateway: MakeGateway, kafka_bootstrap: str, payroll: Payroll, set_to: str, busy: bool
) -> None:
    gateway = make_gateway(kafka=kafka_bootstrap, stream_heartbeat_s=60 if busy else 0.1)
    async with analyst(gateway) as (office, _), listening(office, company=payroll.company) as got:
        await payroll.send(1)
        await got.has(1)
        await gateway.rows(f"update api_key set {set_to} returning id")
        await gateway.rows("update api_key_version set version = version + 1 returning version")
        await gateway.service.app.state.gateway.keys.look()
        if busy:
            await payroll.send(1)
        await eventually(lambda: got.end is not None, what="the reader is told")
    assert got.end is not None
    assert got.end["code"] == "key-revoked"
    assert got.ids == payroll.sent[:1], "nothing more after the key's end"


async def test_without_kafka_a_stream_is_503(make_gateway: MakeGateway) -> None:
    async with analyst(make_gateway()) as (office, _):
        answer = await office.get(f"/v1/streams/{TOPIC}")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")


@pytest.mark.parametrize(
    ("topic", "query", "status"),
    [
        ("nothing", "", 404),
        (TOPIC, "type=OrderPlaced.v1", 422),
        (TOPIC, "company=ACME", 404),
        (TOPIC, "from=yesterday", 422),
        (TOPIC, "from=2026-11-22T10:00:00", 422),
        (TOPIC, "from=" + "A" * 5_000, 422),
        (TOPIC, "from=" + token_of("sales.orders", 1, [Mark(0, 0, 0)] * 6), 422),
        (TOPIC, "from=" + token_of(TOPIC, 1, [Mark(0, 0, 0)] * 5), 422),
        (TOPIC, "subject=", 422),
        (TOPIC, "to=end", 422),
        (TOPIC, "from=end&from=beginning", 400),
    ],
)
async def test_a_stream_that_cannot_be_meant_is_refused(
    strict: tuple[FrontOffice, Gateway], topic: str, query: str, status: int
) -> None:
    office, _ = strict
    assert (await office.client.get(f"/v1/streams/{topic}?{query}", headers=office.headers)).status_code == status


async def test_a_stream_wants_the_right_for_what_it_tells(office: FrontOffice, gateway: Gateway) -> None:
    clerk = FrontOffice(office.client, (await gateway.make_key("clerk", scopes="orders:read"))["key"])
    assert (await clerk.get(f"/v1/streams/{TOPIC}")).status_code == 403
    picture = await office.client.get(f"/v1/streams/{TOPIC}", headers=office.headers | {"accept": "image/png"})
    assert picture.status_code == 406


# -- parts ------------------------------------------------------------------------------------------------------------


def test_a_token_says_what_was_put_in_and_nothing_else_is_a_token() -> None:
    marks = tuple(Mark(n * 10**9, 1_764_000_000_000 + n, n) for n in range(6))
    token = token_of(TOPIC, 7, marks)
    assert position_of(token, TOPIC, 6) == (7, marks)
    for wrong in (token[:-1], token + "A", token[1:], "", "κ", token_of("sales.orders", 7, marks)):
        with pytest.raises(BadToken):
            position_of(wrong, TOPIC, 6)


@pytest.mark.parametrize("value", [b"{", b"", b"\xff", b"not\njson", b"[1]]"])
def test_a_record_whose_value_is_not_json_is_shown_to_nobody_and_the_place_moves_past_it(value: bytes) -> None:
    one = str(derive("x"))
    envelope = Envelope(
        one, "EmployeeRegistered.v1", "/payroll", one, datetime(2026, 11, 22, tzinfo=UTC), "a", 1, one, one, "payroll",
        "urn:backbone:schema:EmployeeRegistered.v1",
    )  # fmt: skip
    headers = tuple(to_headers(envelope))
    good, bad = (Entry(record_of(headers, each)) for each in (b"{}", value))
    assert good.is_event
    assert not bad.is_event
    assert bad.mark == good.mark


def record_of(headers: tuple[tuple[str, bytes], ...], value: bytes) -> Any:
    """A record as Kafka gives it."""
    return SimpleNamespace(partition=0, offset=7, timestamp=1, headers=headers, value=value)


def test_a_reader_takes_a_record_once_and_its_place_moves_past_what_it_does_not_want() -> None:
    reader = Reader(lambda entry: entry.company == "a", [Mark(0, 0, 0)] * 2, 10)
    for entry in entries([(0, 0, "a"), (1, 0, "b"), (0, 0, "a"), (0, 1, "b"), (0, 2, "a")]):
        reader.offer(entry)
    taken = reader.take()
    assert [(entry.mark.next, [mark.next for mark in marks]) for entry, marks in taken] == [(1, [1, 0]), (3, [3, 1])]


def entries(places: Sequence[tuple[int, int, str]]) -> list[Entry]:
    """Entries by partition, offset and company."""
    made = []
    for partition, offset, company in places:
        entry = Entry.__new__(Entry)
        entry.partition, entry.company = partition, company
        entry.mark = Mark(offset + 1, 0, 1)
        made.append(entry)
    return made
