"""A department stands alone: it starts with its dependencies absent, and the gateway accepts while others are down."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Self

import httpx
import pytest

from deploy.local.demo.front_office import FrontOffice
from deploy.local.stack import LocalStack
from tests.end_to_end.test_one_order_followed import COMPANY, ORDER, admin, in_state, superuser
from tests.support.eventually import eventually

__all__ = ["admin"]  # the fixture


async def readiness(house: LocalStack, name: str) -> tuple[int, list[str]]:
    async with httpx.AsyncClient() as client:
        answer = await client.get(f"{house.address(name)}/readyz")
        return answer.status_code, answer.json()["because"]


@pytest.mark.timeout(180)
async def test_a_service_starts_with_kafka_and_database_absent_and_becomes_ready_by_itself(house: LocalStack) -> None:
    # Given neither Kafka nor the department's database
    await house.stop_service("inventory")
    await house.kill("kafka")
    await house.kill("postgres-inventory")
    # When the service starts
    await house.restart("inventory", wait=False)
    _, reasons = await eventually(
        lambda: readiness(house, "inventory"), lambda answer: answer[0] == 503, what="it says that it is not ready"
    )
    assert any(reason.startswith("database") for reason in reasons)
    pid = house.pid("inventory")
    # Then it becomes ready when they come, in any order, without a restart
    await house.restart("kafka")
    await house.restart("postgres-inventory")
    await eventually(
        lambda: readiness(house, "inventory"), lambda answer: answer[0] == 200, what="it is ready", within_s=40
    )
    assert house.pid("inventory") == pid
    await house.ready()


@pytest.mark.timeout(180)
async def test_the_gateway_accepts_while_kafka_and_a_department_are_down_and_everything_happens_later(
    house: LocalStack, admin: FrontOffice
) -> None:
    """G2, G20: accepted, kept, and done when they are back."""
    await house.kill("kafka")
    await house.kill("ledger")
    answers = await asyncio.gather(
        *(admin.post("/v1/orders", ORDER | {"reference": f"DARK-{n}"}, key=f"dark-{n}") for n in range(2))
    )
    assert [answer.status_code for answer in answers] == [202, 202]
    await house.restart("kafka")
    await house.restart("ledger")
    for answer in answers:
        await in_state(admin, answer.json()["subject"], "documented")


async def test_a_department_that_is_down_answers_503_with_retry_after_and_nothing_else_does(
    house: LocalStack, admin: FrontOffice
) -> None:
    """G20: the others work on."""
    await house.kill("payroll")
    async with httpx.AsyncClient(base_url=house.address("gateway")) as client:
        who = {"Authorization": f"Bearer {await house.admin_key()}"}
        down = await client.get(f"/payroll/v1/companies/{COMPANY}/employees", headers=who)
        assert (down.status_code, down.headers["content-type"]) == (503, "application/problem+json")
        assert int(down.headers["retry-after"]) > 0
        up = await client.get(f"/inventory/v1/companies/{COMPANY}/stock", headers=who)
        assert up.status_code == 200
    await house.restart("payroll")


async def test_on_sigterm_every_request_that_came_in_is_answered(house: LocalStack, admin: FrontOffice) -> None:
    """Nothing is sent a second time here: a front office's client would hide what was dropped."""
    # Given connections that the gateway has accepted
    callers = [await Caller.at(house.address("gateway")) for _ in range(40)]
    assert [await caller.ask("GET", "/healthz") for caller in callers] == [200] * 40
    async with superuser(house, "gateway") as connection:
        async with connection.transaction():
            # and a request on each, whose commit has to wait
            await connection.execute("lock table request in access exclusive mode")
            for n, caller in enumerate(callers):
                headers = {"Authorization": f"Bearer {await house.admin_key()}", "Idempotency-Key": f"last-{n}"}
                await caller.send("POST", "/v1/orders", headers, ORDER | {"reference": f"DRAINED-{n}"})
            await eventually(lambda: connection.fetch(WAITING), what="the gateway waits for the lock")
            # When it is told to stop, and takes no more connections
            stopping = asyncio.create_task(house.stop_service("gateway"))
            await eventually(lambda: is_closed(house.address("gateway")), what="the gateway's door is closed")
            assert not stopping.done()
        # Then, as soon as it can go on, each is answered
        answers = [await caller.answer() for caller in callers]
        assert answers == [202] * 40
        assert await stopping == 0
        # and has happened
        assert await connection.fetchval(SENT) == 40
    for caller in callers:
        caller.hang_up()
    await house.restart("gateway")
    await house.ready()


SENT = "select count(*) from outbox where topic = 'sales.orders' and convert_from(body, 'UTF8') like '%DRAINED-%'"
WAITING = "select 1 from pg_locks where relation = 'request'::regclass and not granted"


async def is_closed(address: str) -> bool:
    """Whether nobody listens there any more."""
    host, _, port = address.removeprefix("http://").partition(":")
    try:
        _, writer = await asyncio.open_connection(host, int(port))
    except OSError:
        return True
    writer.close()
    return False


class Caller:
    """One connection of an HTTP client that asks once."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    @classmethod
    async def at(cls, address: str) -> Self:
        """Connect."""
        host, _, port = address.removeprefix("http://").partition(":")
        return cls(*await asyncio.open_connection(host, int(port)))

    async def send(self, method: str, path: str, headers: Mapping[str, str], body: object) -> None:
        """All of a request, and no look at the answer."""
        content = json.dumps(body).encode()
        more = {"Host": "gateway", "Content-Type": "application/json", "Content-Length": str(len(content)), **headers}
        head = "".join(f"{name}: {value}\r\n" for name, value in more.items())
        self._writer.write(f"{method} {path} HTTP/1.1\r\n{head}\r\n".encode() + content)
        await self._writer.drain()

    async def answer(self) -> int:
        """The status of what was sent, or 0 where the connection ended without an answer."""
        try:
            async with asyncio.timeout(20):
                head = (await self._reader.readuntil(b"\r\n\r\n")).decode().lower()
                length = re.search(r"content-length: (\d+)", head)
                await self._reader.readexactly(int(length[1]) if length else 0)
        except (asyncio.IncompleteReadError, ConnectionError):
            return 0
        return int(head.split()[1])

    async def ask(self, method: str, path: str) -> int:
        """Send and wait."""
        await self.send(method, path, {}, None)
        return await self.answer()

    def hang_up(self) -> None:
        """End the connection."""
        self._writer.close()


async def test_an_answer_that_the_gateway_passes_on_says_how_current_its_department_is(
    house: LocalStack, admin: FrontOffice
) -> None:
    """G18: a department's answers behind the gateway say as of when they are, and how far it is behind."""

    async def told() -> Mapping[str, str]:
        answer = await admin.send("GET", f"/ledger/v1/companies/{COMPANY}/accounts")
        assert answer.status_code == 200, answer.text
        return dict(answer.headers)

    headers = await eventually(told, lambda got: got.get("backbone-lag-events") == "0", what="nothing is missing")
    as_of = datetime.fromisoformat(headers["backbone-as-of"])
    assert 0 <= float(headers["backbone-lag-seconds"]) < 60

    async def later() -> datetime:
        return datetime.fromisoformat((await told())["backbone-as-of"])

    await eventually(later, lambda moment: moment > as_of, what="the moment goes on")
