"""Named cursors over real Kafka: they move when somebody acknowledges, and are found where they were left."""

from __future__ import annotations

import asyncio
import os
import re
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest

from tests.gateway.conftest import MakeGateway
from tests.gateway.front import FrontOffice
from tests.gateway.listening import TOPIC, Listening, Payroll, analyst, wiped
from tests.support.eventually import eventually

PAGE = (Path(__file__).parents[2] / "docs/subscribing.md").read_text(encoding="utf-8")
PROGRAM = re.compile(r"^```python file=read_batches\.py\n(.*?)^```$", re.MULTILINE | re.DOTALL)


class Subscriber:
    """A client's named cursor."""

    def __init__(self, office: FrontOffice, company: str, name: str = "copy") -> None:
        self.office = office
        self.address = f"/v1/companies/{company}/subscriptions/{name}"

    async def ask(self, method: str, path: str = "", body: object = None, **query: object) -> httpx.Response:
        """One request."""
        content = None if body is None else orjson.dumps(body)
        headers = self.office.headers | {"content-type": "application/json"}
        asked = {name: str(value) for name, value in query.items()}
        return await self.office.client.request(
            method, self.address + path, content=content, headers=headers, params=asked
        )

    async def open(self, start: str = "end", topic: str = TOPIC, **more: str) -> dict[str, Any]:
        """Keep it."""
        answer = await self.ask("PUT", "", {"topic": topic, "from": start} | more)
        assert answer.status_code in (200, 201), answer.text
        return answer.json()  # type: ignore[no-any-return]

    async def read(self, **query: object) -> dict[str, Any]:
        """What comes next."""
        answer = await self.ask("GET", "/events", **query)
        assert answer.status_code == 200, answer.text
        return answer.json()  # type: ignore[no-any-return]

    async def acknowledge(self, cursor: str, status: int = 200) -> dict[str, Any]:
        """Done up to here."""
        answer = await self.ask("PUT", "/cursor", {"cursor": cursor})
        assert answer.status_code == status, answer.text
        return answer.json()  # type: ignore[no-any-return]

    async def set_back(self, place: str) -> dict[str, Any]:
        """Read on from there."""
        answer = await self.ask("PUT", "/place", {"from": place})
        assert answer.status_code == 200, answer.text
        return answer.json()  # type: ignore[no-any-return]

    async def lag(self) -> int:
        """How far it is behind."""
        return int((await self.ask("GET")).json()["lag_events"])

    async def drain(self, limit: int = 7) -> list[str]:
        """Read and acknowledge up to the present end."""
        ids: list[str] = []
        while True:
            batch = await self.read(limit=limit)
            ids += ids_of(batch)
            await self.acknowledge(batch["cursor"])
            if batch["lag_events"] == 0:
                return ids


def ids_of(batch: dict[str, Any]) -> list[str]:
    return [each["event"]["id"] for each in batch["events"]]


@asynccontextmanager
async def reader_of(
    make_gateway: MakeGateway, servers: str, payroll: Payroll, **key: str
) -> AsyncIterator[FrontOffice]:
    gateway = make_gateway(kafka=servers, stream_heartbeat_s=0.3)
    await gateway.opens_for(payroll.company)
    async with analyst(gateway, companies=payroll.company, **key) as (office, _):
        yield office


async def test_a_named_cursor_moves_when_its_reader_acknowledges_and_outlives_the_process(
    make_gateway: MakeGateway, kafka_bootstrap: str, payroll: Payroll
) -> None:
    """G8: a named cursor is kept by the server, moves by acknowledgement alone and outlives every process."""
    async with reader_of(make_gateway, kafka_bootstrap, payroll) as office:
        mine = Subscriber(office, payroll.company)
        assert (await mine.open())["lag_events"] == 0
        await payroll.send(30)
        assert await mine.lag() == 30
        first = await mine.read(limit=20)
        assert await mine.lag() == 30, "reading moves nothing"
        assert sorted(ids_of(await mine.read())) == sorted(payroll.sent)
        assert (len(first["events"]), first["lag_events"]) == (20, 10)
        third = first["events"][2]["cursor"]
        assert (await mine.acknowledge(third))["lag_events"] == 27, "a part of a batch can be acknowledged"
        await mine.acknowledge(first["cursor"])
    made = make_gateway(kafka=kafka_bootstrap)
    async with made.open() as client:
        later = Subscriber(FrontOffice(client, office.key), payroll.company)
        assert await later.lag() == 10
        rest = await later.drain()
        assert sorted(ids_of(first) + rest) == sorted(payroll.sent)
        assert (await later.open())["lag_events"] == 0, "opening what is open moves nothing"
        await made.service.app.state.gateway.hubs.close()


async def test_several_cursors_are_independent_and_listed_with_their_lag(
    make_gateway: MakeGateway, kafka_bootstrap: str, payroll: Payroll
) -> None:
    """G8: several named consumers are independent of one another, and listed with how far each is behind."""
    async with reader_of(make_gateway, kafka_bootstrap, payroll) as office:
        names = [Subscriber(office, payroll.company, name) for name in ("bi", "copy", "mail")]
        for one in names:
            await one.open()
        await payroll.send(12)
        assert len(await names[0].drain()) == 12
        await names[1].acknowledge((await names[1].read(limit=5))["cursor"])
        listed = (await office.get(f"/v1/companies/{payroll.company}/subscriptions")).json()["subscriptions"]
        assert [(one["name"], one["lag_events"]) for one in listed] == [("bi", 0), ("copy", 7), ("mail", 12)]
        assert (await names[0].ask("DELETE")).status_code == 204
        assert (await names[0].ask("GET")).status_code == 404
        await payroll.send(1)
        again = await names[0].open("beginning")
        assert again["lag_events"] >= 13, "a name that was closed is opened anew, from where it is asked"


async def test_a_cursor_is_set_back_to_the_beginning_to_a_time_and_to_a_place(
    make_gateway: MakeGateway, kafka_bootstrap: str, payroll: Payroll
) -> None:
    """G8: replay from an offset or a time; what was given out before that acknowledges nothing any more."""
    async with reader_of(make_gateway, kafka_bootstrap, payroll) as office:
        mine = Subscriber(office, payroll.company)
        old = await payroll.send(9)
        await mine.open("beginning")
        assert sorted(await mine.drain()) == sorted(old)
        between = datetime.now(UTC)
        await eventually(
            lambda: datetime.now(UTC) - between, lambda past: past > timedelta(milliseconds=20), what="later"
        )
        new = await payroll.send(4)
        batch = await mine.read()
        assert sorted(ids_of(batch)) == sorted(new)
        place = batch["events"][1]["cursor"]

        await mine.set_back("beginning")
        refused = await mine.acknowledge(batch["cursor"], 409)
        assert refused["type"] == "/problems/subscription-set-back"
        assert sorted(await mine.drain()) == sorted(old + new)
        await mine.set_back(between.isoformat())
        assert sorted(await mine.drain()) == sorted(new)
        await mine.set_back(place)
        assert sorted(await mine.drain()) == sorted(ids_of(batch)[2:])
        await mine.set_back("end")
        assert await mine.drain() == []


async def test_an_acknowledgement_never_moves_a_cursor_back(
    make_gateway: MakeGateway, kafka_bootstrap: str, payroll: Payroll
) -> None:
    async with reader_of(make_gateway, kafka_bootstrap, payroll) as office:
        mine = Subscriber(office, payroll.company)
        await mine.open()
        await payroll.send(20)
        batch = await mine.read()
        early = batch["events"][3]["cursor"]
        await mine.acknowledge(batch["cursor"])
        assert (await mine.acknowledge(batch["cursor"]))["lag_events"] == 0, "the same twice is once"
        assert (await mine.acknowledge(early, 409))["type"] == "/problems/cursor-behind"
        assert await mine.lag() == 0
        await payroll.send(40)
        batch = await mine.read()
        cursors = [each["cursor"] for each in batch["events"]]
        await asyncio.gather(*(mine.ask("PUT", "/cursor", {"cursor": one}) for one in cursors[::8]))
        await mine.acknowledge(batch["cursor"])
        assert await mine.lag() == 0


async def test_a_cursor_lets_through_what_it_was_opened_for_and_moves_past_the_rest(
    make_gateway: MakeGateway, kafka_bootstrap: str, payroll: Payroll
) -> None:
    async with reader_of(make_gateway, kafka_bootstrap, payroll) as office:
        one_key, gone = Subscriber(office, payroll.company, "one"), Subscriber(office, payroll.company, "gone")
        await gone.open(type="EmployeeLeft.v1")
        first = Subscriber(office, payroll.company)
        await first.open()
        await payroll.send(14)
        await payroll.send(6, company="somebody-else")
        batch = await first.read()
        assert sorted(ids_of(batch)) == sorted(payroll.sent[:14]), "of its own company alone"
        subject = batch["events"][0]["event"]["subject"]
        await one_key.open("beginning", subject=subject)
        assert {e["event"]["subject"] for e in (await one_key.read())["events"]} == {subject}
        nothing = await gone.read()
        assert (nothing["events"], nothing["lag_events"]) == ([], 0)
        assert (await gone.acknowledge(nothing["cursor"]))["lag_events"] == 0
        other = await first.ask("PUT", "", {"topic": TOPIC, "type": "EmployeeLeft.v1"})
        assert (other.status_code, other.json()["type"]) == (409, "/problems/subscription-exists")


async def test_a_reader_at_the_end_waits_for_the_next_event_and_streams_from_its_cursor(
    make_gateway: MakeGateway, kafka_bootstrap: str, payroll: Payroll
) -> None:
    async with reader_of(make_gateway, kafka_bootstrap, payroll) as office:
        mine = Subscriber(office, payroll.company)
        await mine.open()
        waiting = asyncio.create_task(mine.read(wait_s=8))
        await payroll.send(1)
        assert ids_of(await waiting) == payroll.sent
        got = Listening()
        headers = office.headers | {"accept": "text/event-stream"}
        async with office.client.stream("GET", f"{mine.address}/stream", headers=headers) as response:
            assert response.headers["content-type"].startswith("text/event-stream"), await response.aread()
            task = asyncio.create_task(got.read(response))
            await got.has(1)
            await payroll.send(5)
            await got.has(6)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        assert sorted(got.ids) == sorted(payroll.sent)
        assert (await mine.acknowledge(got.token))["lag_events"] == 0, "an event's id in the stream is a cursor"


async def test_cursors_of_others_are_not_found(
    make_gateway: MakeGateway, kafka_bootstrap: str, payroll: Payroll
) -> None:
    """X7: a subscription belongs to one client and one company, and is read by who may read its topic."""
    gateway = make_gateway(kafka=kafka_bootstrap)
    await gateway.opens_for(payroll.company, "umbrella")
    other = await gateway.make_key("other", companies=payroll.company)
    poor = await gateway.make_key("analyst", companies=payroll.company, scopes="orders:read")
    async with analyst(gateway, companies=payroll.company) as (office, _):
        mine = Subscriber(office, payroll.company)
        await mine.open()
        theirs = Subscriber(FrontOffice(office.client, other["key"]), payroll.company)
        for method, path, body in (
            ("GET", "", None), ("GET", "/events", None), ("PUT", "/cursor", {"cursor": "1!x"}),
            ("PUT", "/place", {"from": "end"}),
        ):  # fmt: skip
            assert (await theirs.ask(method, path, body)).json()["type"] == "/problems/subscription-not-found"
        assert (await theirs.ask("DELETE")).status_code == 204
        assert (await mine.ask("GET")).status_code == 200, "it is still there"
        poorer = Subscriber(FrontOffice(office.client, poor["key"]), payroll.company)
        assert (await poorer.ask("GET")).json()["type"] == "/problems/scope-missing"
        assert (await poorer.ask("PUT", "", {"topic": TOPIC})).json()["type"] == "/problems/scope-missing"
        elsewhere = Subscriber(office, "umbrella")
        for method, path in (("GET", ""), ("GET", "/events"), ("DELETE", "")):
            assert (await elsewhere.ask(method, path)).json()["type"] == "/problems/company-not-found"
        assert (await elsewhere.ask("PUT", "", {"topic": TOPIC})).json()["type"] == "/problems/company-not-found"


async def test_a_cursor_survives_a_topic_that_was_lost_and_written_anew(
    make_gateway: MakeGateway, kafka_bootstrap: str, payroll: Payroll
) -> None:
    payroll.topic = "inventory.stock"
    async with reader_of(make_gateway, kafka_bootstrap, payroll) as office:
        mine = Subscriber(office, payroll.company)
        await mine.open("beginning", topic=payroll.topic)
        before = await payroll.send(10)
        assert set(before) <= set(await mine.drain())
        await wiped(kafka_bootstrap, payroll.topic)
        after = await payroll.send(3)

        async def read() -> dict[str, Any]:
            answer = await mine.ask("GET", "/events")
            return answer.json() if answer.status_code == 200 else {"events": []}

        batch = await eventually(read, lambda got: set(after) <= set(ids_of(got)), what="the new topic is read")
        assert (await mine.acknowledge(batch["cursor"]))["lag_events"] == 0


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("PUT", "", {"topic": "nothing"}, 422), ("PUT", "", {"topic": TOPIC, "type": "OrderPlaced.v1"}, 422),
        ("PUT", "", {"topic": TOPIC, "from": "yesterday"}, 422), ("PUT", "", {"topic": TOPIC, "more": 1}, 422),
        ("PUT", "/cursor", {"cursor": "1!nonsense"}, 422), ("PUT", "/cursor", {"cursor": ""}, 422),
        ("PUT", "/place", {"from": "1!nonsense"}, 422), ("PUT", "/place", {}, 422),
    ],
)  # fmt: skip
async def test_what_is_no_topic_and_no_place_is_refused(
    make_gateway: MakeGateway, kafka_bootstrap: str, payroll: Payroll,
    method: str, path: str, body: object, status: int,
) -> None:  # fmt: skip
    async with reader_of(make_gateway, kafka_bootstrap, payroll) as office:
        if path:
            await Subscriber(office, payroll.company).open()
        assert (await Subscriber(office, payroll.company).ask(method, path, body)).status_code == status


async def test_nobody_waits_for_kafka_longer_than_it_takes_to_say_so(make_gateway: MakeGateway) -> None:
    gateway = make_gateway()
    await gateway.opens_for("acme")
    key = await gateway.make_key(companies="acme")
    async with gateway.open() as client:
        mine = Subscriber(FrontOffice(client, key["key"]), "acme")
        refused = await mine.ask("PUT", "", {"topic": TOPIC})
        assert (refused.status_code, refused.json()["type"]) == (503, "/problems/stream-unavailable")


async def test_the_program_of_the_page_prints_what_is_new_each_time_it_is_run(
    make_gateway: MakeGateway, kafka_bootstrap: str, payroll: Payroll, tmp_path: Path
) -> None:
    program, commands = PROGRAM.search(PAGE), re.findall(r"^\$ python (read_batches\.py .+)$", PAGE, re.MULTILINE)
    assert program is not None
    (tmp_path / "read_batches.py").write_text(program[1])
    async with reader_of(make_gateway, kafka_bootstrap, payroll) as office:
        environment = os.environ | {"BACKBONE_URL": str(office.client.base_url), "BACKBONE_KEY": office.key}

        async def printed(command: str) -> list[str]:
            told = command.replace("hellas", payroll.company).replace("ledger.invoices", TOPIC)
            running = await asyncio.create_subprocess_exec(
                sys.executable, *told.split(), cwd=tmp_path, env=environment, stdout=PIPE, stderr=PIPE
            )
            out, error = await running.communicate()
            assert running.returncode == 0, error.decode()
            return out.decode().splitlines()

        await payroll.send(3)
        assert len(await printed(commands[0])) == 3
        await payroll.send(2)
        lines = await printed(commands[1])
    assert len(lines) == 2
    assert {line.split()[0] for line in lines} == {"EmployeeRegistered.v1"}
