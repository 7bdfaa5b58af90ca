"""A department stands alone: it starts with its dependencies absent, and the gateway accepts while others are down."""

from __future__ import annotations

import asyncio

import httpx
import pytest

from deploy.local.demo.front_office import FrontOffice
from deploy.local.stack import LocalStack
from tests.end_to_end.test_one_order_followed import COMPANY, ORDER, admin, in_state
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
    sending = [
        asyncio.create_task(admin.post("/v1/orders", ORDER | {"reference": f"LAST-{n}"}, key=f"last-{n}"))
        for n in range(40)
    ]
    await asyncio.wait(sending, return_when=asyncio.FIRST_COMPLETED)
    assert await house.stop_service("gateway") == 0
    await house.restart("gateway")
    answers = await asyncio.gather(*sending)
    assert {answer.status_code for answer in answers} == {202}
