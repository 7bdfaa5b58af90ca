"""What a department cannot apply: seen as the reason of a delay, and settled through the gateway's own address."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import orjson
import pytest
import pytest_asyncio

from services.gateway.api.departments import Departments
from tests.gateway.conftest import MakeGateway
from tests.gateway.front import FrontOffice, Gateway, cloud_event
from tests.gateway.test_trail import carried, house, numbered
from tests.inventory.room import StockRoom
from tests.support.stack import TestPostgres


@pytest_asyncio.fixture
async def three(
    make_gateway: MakeGateway, postgres_server: TestPostgres, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[tuple[Gateway, StockRoom, FrontOffice]]:
    """A gateway, an inventory with stock, and a front office that may do everything."""

    async def is_ready(self: Departments, department: str) -> bool:
        return True

    monkeypatch.setattr(Departments, "is_ready", is_ready)
    async with house(make_gateway, postgres_server) as (gateway, room, office):
        await room.stocked({"BEANS": "10", "CUP": "10"})
        yield gateway, room, office


async def delay(gateway: Gateway, office: FrontOffice, request: str) -> dict[str, Any]:
    """Why the first department takes so long; what was accepted has been sent."""
    await gateway.rows("delete from outbox_unsent returning id")
    told = (await office.get(f"/v1/requests/{request}")).json()
    return dict(told["departments"][0]["delay"])


async def test_a_late_request_names_the_event_that_is_held(three: tuple[Gateway, StockRoom, FrontOffice]) -> None:
    """G14: a held event is the reason; what stands in it is shown to operators alone."""
    gateway, room, office = three
    request = (await office.send(cloud_event())).json()["request_id"]
    (placed,) = await carried(gateway)
    assert (await delay(gateway, office, request))["code"] == "department-busy"
    await room.hear(replace(placed, body=b'{"order": "secret"}'))

    sender = FrontOffice(office.client, (await gateway.make_key("webshop", "acme", "orders:write"))["key"])
    for asks in (office, sender):
        told = await delay(gateway, asks, request)
        assert told["code"] == "held"
        assert told["detail"].startswith("inventory holds an event of sales.orders since ")
        assert "poison" in told["detail"]
        assert "secret" not in told["detail"]


async def test_a_late_request_names_what_the_gateway_itself_holds(
    three: tuple[Gateway, StockRoom, FrontOffice],
) -> None:
    """G14: as when an event before it has not come."""
    gateway, _, office = three
    request = (await office.send(cloud_event())).json()["request_id"]
    (placed,) = await carried(gateway)
    await gateway.hear(replace(placed, sequence=3, headers=numbered(placed, 3)))
    told = await delay(gateway, office, request)
    assert (told["code"], told["detail"].startswith("gateway holds")) == ("held", True)


async def test_a_dead_letter_is_listed_edited_and_driven_again_through_the_gateway(
    three: tuple[Gateway, StockRoom, FrontOffice],
) -> None:
    """G10: poison in another department, from the list to the effect; who did it stands in the audit trail."""
    # Given an order that inventory cannot read, and one behind it
    gateway, room, office = three
    await office.send(cloud_event())
    (placed,) = await carried(gateway)
    await room.hear(replace(placed, body=b'{"order": 7}'))
    assert await room.told("StockReserved") == []

    # When it is found, put right and tried again, all at the gateway's address
    (letter,) = (await office.get("/v1/dead-letters", company="acme")).json()["letters"]
    assert (letter["department"], letter["reason"]) == ("inventory", "poison")
    at = f"{letter['address']}/{letter['id']}"
    edited = await office.post(f"{at}/edit", {"data": orjson.loads(placed.body)})
    assert edited.status_code == 200, edited.text
    again = await office.post(f"{at}/retry", {})
    assert again.status_code == 200, again.text
    await room.try_held()

    # Then it is applied once, and gone from the list
    assert [told.key for told in await room.told("StockReserved")] == [placed.key]
    assert (await office.get("/v1/dead-letters", company="acme")).json()["letters"] == []
    trail = await room.rows("select action, actor from audit where action like 'held-event-%' order by id")
    assert [(action, actor) for action, actor in trail if action != "held-event-released"] == [
        ("held-event-edit", "webshop"), ("held-event-retry", "webshop"),
    ]  # fmt: skip
