"""One question to everybody: the audit trail, and the way of one request, with a real inventory behind the gateway."""

from __future__ import annotations

from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import replace
from unittest.mock import ANY

import pytest

from chassis.ids import new_id
from chassis.migrating import migrate
from contracts.envelope import to_headers
from contracts.gateway import OrderPlaced
from contracts.inventory import ShipmentDispatched
from contracts.ledger import InvoiceIssued
from contracts.registry import EVENTS
from services.inventory.main import build
from services.inventory.settings import InventorySettings
from tests.gateway.conftest import MakeGateway
from tests.gateway.front import ORDER, FrontOffice, Gateway, cloud_event
from tests.gateway.serving import serving
from tests.gateway.telling import ORDERS, about
from tests.inventory.room import StockRoom
from tests.support.department import Department, Event
from tests.support.stack import TestPostgres


async def carried(source: Department, kind: str = "OrderPlaced") -> list[Event]:
    """What a department has told of one type, as Kafka would carry it to another."""
    bodies = {str(i): body for i, body in await source.rows("select event_id, body from outbox")}
    topic = EVENTS[f"{kind}.v1"].topic
    return [
        Event(t.company, topic, t.key, t.sequence, tuple(to_headers(t.envelope)), bodies[t.envelope.id])
        for t in await source.told(kind)
    ]


@asynccontextmanager
async def house(
    make_gateway: MakeGateway, server: TestPostgres
) -> AsyncIterator[tuple[Gateway, StockRoom, FrontOffice]]:
    """A gateway, a front office, and an inventory behind it; the other departments are not connected."""
    urls = server.create_database("inventory")
    with ThreadPoolExecutor(1) as thread:
        thread.submit(migrate, "inventory", urls.migration_url).result()
    secret = make_gateway().settings.stack.backbone_internal_secret_file
    assert secret is not None
    room = StockRoom.on(urls, server, secret)
    await room.knows("acme", "umbrella")
    service = build(InventorySettings.model_validate(room.settings), ("api",))
    async with serving(service.app) as address:
        gateway = make_gateway(inventory_address=address)
        await gateway.opens_for("acme", "umbrella")
        key = await gateway.make_key()
        async with gateway.open() as client:
            yield gateway, room, FrontOffice(client, key["key"])
    await service.database.close()
    await room.close()


async def test_who_did_what_for_whom_and_why_is_one_question(
    make_gateway: MakeGateway, postgres_server: TestPostgres
) -> None:
    """X10: the trail of one request over departments: each record names actor, on behalf of whom, cause and request."""
    async with house(make_gateway, postgres_server) as (gateway, room, office):
        await room.stocked({"BEANS": "10", "CUP": "10"})
        accepted = (await office.send(cloud_event(onbehalfof="maria"))).json()
        await office.send(cloud_event(ORDER | {"reference": "WEB-2"}, id="other"))
        await room.hear(*await carried(gateway))

        told = (await office.get("/v1/audit", company="acme", request=accepted["request_id"])).json()

        assert {(one["department"], one["action"]) for one in told["records"]} == {
            ("inventory", "stock-reserved"),
            ("gateway", "accepted.OrderPlaced.v1"),
        }
        assert {(one["actor"], one["on_behalf_of"]) for one in told["records"]} == {("webshop", "maria")}
        assert {one["correlation"] for one in told["records"]} == {accepted["request_id"]}
        (event,) = [t.envelope.id for t in await gateway.told("OrderPlaced") if t.key == accepted["subject"]]
        assert [one["cause"] for one in told["records"] if one["department"] == "inventory"] == [event]
        assert sorted(one["department"] for one in told["absent"]) == ["documents", "ledger", "payroll"]
        assert (await office.get("/v1/audit", company="umbrella")).status_code == 404


async def test_the_trail_is_paged_over_all_departments_without_gap_or_repeat(
    make_gateway: MakeGateway, postgres_server: TestPostgres
) -> None:
    """X10: pages of any size hold each record once, while new ones come."""
    async with house(make_gateway, postgres_server) as (gateway, room, office):
        await room.stocked({"BEANS": "100", "CUP": "100"})
        for number in range(6):
            await office.send(cloud_event(ORDER | {"reference": f"WEB-{number}"}, id=f"e{number}"))
        await room.hear(*await carried(gateway))
        seen: list[tuple[str, str]] = []
        cursor: dict[str, str] = {}
        while True:
            page = (await office.get("/v1/audit", company="acme", limit="4", **cursor)).json()
            seen += [(one["department"], one["id"]) for one in page["records"]]
            await office.send(cloud_event(ORDER | {"reference": f"LATE-{len(seen)}"}, id=f"late-{len(seen)}"))
            if page["next"] is None:
                break
            cursor = {"cursor": page["next"]}

        written = await room.rows("select count(*) from audit where company = 'acme'")
        assert len(seen) == len(set(seen)) == 6 + written[0][0]
        assert (await office.get("/v1/audit", company="acme", cursor="made-up")).status_code == 422


async def test_what_any_department_holds_is_one_list_with_its_age_and_where_it_is_settled(
    make_gateway: MakeGateway, postgres_server: TestPostgres
) -> None:
    """G10: dead letters of all departments: reason, age, whether a person must decide, where each is settled."""
    async with house(make_gateway, postgres_server) as (gateway, room, office):
        # Given an order that inventory cannot read, a gap at the gateway, and departments that are away
        await office.send(cloud_event(ORDER))
        (placed,) = await carried(gateway)
        await room.hear(replace(placed, body=b'{"order": 7}'))
        await gateway.hear(replace(placed, sequence=2, headers=numbered(placed, 2)))
        await room.rows("update held set next_at = 'infinity', at = now() - interval '2 hours' returning 1")

        told = (await office.get("/v1/dead-letters", company="acme")).json()

        shown = [(row["department"], row["reason"], row["needs_person"]) for row in told["letters"]]
        assert shown == [("inventory", "poison", True), ("gateway", "gap", False)], "the oldest first"
        assert {row["key"] for row in told["letters"]} == {placed.key}
        assert told["letters"][0]["address"] == "/inventory/v1/companies/acme/held"
        assert {one["department"] for one in told["absent"]} == {"ledger", "payroll", "documents"}
        assert told["next"] is None
        assert (await office.get("/v1/dead-letters", company="acme", reason="gap")).json()["letters"] == [
            told["letters"][1] | {"age_s": ANY}
        ]
        assert (await office.get("/v1/dead-letters", company="acme", cursor="?")).status_code == 422
        assert (await office.get("/v1/dead-letters", company="nobody")).status_code == 404


async def test_dead_letters_are_paged_without_gap_or_repeat(
    make_gateway: MakeGateway, postgres_server: TestPostgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    """G10: a page holds some of each department; the cursor goes on behind each one's last."""
    monkeypatch.setattr("chassis.operating.PAGE", 2)
    async with house(make_gateway, postgres_server) as (gateway, room, office):
        await office.send(cloud_event(ORDER))
        (placed,) = await carried(gateway)
        for sequence in range(2, 7):
            ahead = replace(placed, sequence=sequence, headers=numbered(placed, sequence))
            await room.hear(ahead)
            if sequence < 5:
                await gateway.hear(ahead)
        seen: list[tuple[str, int]] = []
        cursor: dict[str, str] = {}
        while True:
            told = (await office.get("/v1/dead-letters", company="acme", **cursor)).json()
            seen += [(row["department"], row["sequence"]) for row in told["letters"]]
            if told["next"] is None:
                break
            cursor = {"cursor": told["next"]}
    assert sorted(seen) == [("gateway", n) for n in range(2, 5)] + [("inventory", n) for n in range(2, 7)]


def numbered(told: Event, sequence: int) -> tuple[tuple[str, bytes], ...]:
    """Its headers under another number, as another event."""
    own = {"ce_sequence": b"%d" % sequence, "ce_id": str(new_id()).encode()}
    return tuple((name, own.get(name, value)) for name, value in told.headers)


async def test_a_request_is_traced_to_everything_that_followed(
    make_gateway: MakeGateway, postgres_server: TestPostgres
) -> None:
    """G13: one query from a request, or from the order, to all events; whoever cannot be asked is named."""
    async with house(make_gateway, postgres_server) as (gateway, room, office):
        await room.stocked({"BEANS": "10", "CUP": "10"})
        accepted = (await office.send(cloud_event())).json()
        placed = await carried(gateway)
        await room.hear(*placed)
        reserved = await carried(room, "StockReserved")
        await gateway.hear(*placed, *reserved)

        by_request = (await office.get("/v1/trace", request=accepted["request_id"])).json()
        by_order = (await office.get("/v1/trace", subject=accepted["subject"])).json()

        assert [(e["department"], e["type"]) for e in by_request["events"]] == [
            ("gateway", "OrderPlaced.v1"), ("inventory", "StockReserved.v1"),
        ]  # fmt: skip
        assert by_request["requests"] == [accepted["request_id"]]
        assert by_order["events"] == by_request["events"]
        unknown = await office.get("/v1/trace", request="00000000-0000-4000-8000-000000000001")
        assert unknown.status_code == 404
        assert (await office.get("/v1/trace", invoice=accepted["subject"])).status_code == 503, "only the ledger knows"
        assert (await office.get("/v1/trace")).status_code == 422


async def test_a_trace_with_more_documents_than_it_asks_about_says_that_it_is_cut(
    gateway: Gateway, office: FrontOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    """G13: nothing is left out silently."""
    monkeypatch.setattr("services.gateway.api.trace.NAMED_MAX", 1)
    order = ORDERS[0]
    await gateway.hear(about(OrderPlaced, order), about(InvoiceIssued, order))
    whole = (await office.get("/v1/trace", subject=order)).json()
    await gateway.hear(about(ShipmentDispatched, order))
    cut = (await office.get("/v1/trace", subject=order)).json()
    assert (whole["cut"], cut["cut"]) == (False, True)


async def test_who_may_not_read_a_departments_trail_is_told_that_and_not_that_it_is_down(
    make_gateway: MakeGateway, postgres_server: TestPostgres
) -> None:
    async with house(make_gateway, postgres_server) as (gateway, _, office):
        key = await gateway.make_key("clerk", "acme,umbrella", "audit:read@acme")
        told = await FrontOffice(office.client, key["key"]).get("/v1/audit", company="acme")
        absent = {one["department"]: one["code"] for one in told.json()["absent"]}
    assert absent == dict.fromkeys(("ledger", "payroll", "documents"), "department-unavailable")
