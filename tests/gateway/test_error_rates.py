"""One figure for the whole house: what was refused or is held in any department, with a real inventory behind it."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

from chassis.ids import new_id
from services.gateway.api.cloudevents import BATCHED
from tests.gateway.conftest import MakeGateway
from tests.gateway.front import ORDER, FrontOffice, cloud_event
from tests.gateway.test_trail import carried, house
from tests.support.pinned_clock import TODAY
from tests.support.stack import TestPostgres


async def test_the_error_rate_of_every_department_is_one_question(
    make_gateway: MakeGateway, postgres_server: TestPostgres
) -> None:
    """X21: error rate is a KPI: per department, door and reason code; who cannot be asked is named."""
    async with house(make_gateway, postgres_server) as (gateway, room, office):
        today = str(TODAY)
        # Given an accepted order and its repeat, one of a wrong shape, and one whose reference is taken
        placed = cloud_event(ORDER)
        assert (await office.send(placed)).status_code == 202
        assert (await office.send(placed)).status_code == 202
        wrong = {**ORDER, "lines": []}
        assert (await office.send(cloud_event(wrong, id="wrong"))).status_code == 422
        assert (await office.send(cloud_event(ORDER, id="other"))).status_code == 409
        # And an order that inventory cannot read, and one that it refuses at its own door
        (event,) = await carried(gateway)
        await room.hear(replace(event, body=b'{"order": 7}'))
        refused = await office.post("/inventory/v1/companies/acme/receipts", {"nonsense": True}, str(new_id()))
        assert refused.status_code == 422, refused.text

        told = (await office.get("/v1/error-rates", company="acme", **{"from": today})).json()

        parts: dict[str, Any] = {part["department"]: part for part in told["departments"]}
        assert set(parts) == {"gateway", "inventory"}
        assert {one["department"] for one in told["absent"]} == {"ledger", "payroll", "documents"}
        (orders,) = parts["gateway"]["doors"]
        assert (orders["door"], orders["kind"]) == ("accept OrderPlaced.v1", "commands")
        assert (orders["accepted"], orders["refused"], orders["duplicates"]) == (1, 2, 1)
        assert {(reason["code"], reason["number"]) for reason in orders["reasons"]} == {
            ("invalid-event", 1),
            ("reference-reused", 1),
        }
        assert orders["rate"] == round(2 / 3, 6)
        by_door = {door["door"]: door for door in parts["inventory"]["doors"]}
        assert by_door["POST /v1/companies/{company}/receipts"]["reasons"] == [
            {"outcome": "refused", "code": "invalid-request", "number": 1}
        ]
        assert by_door["sales.orders"]["reasons"] == [{"outcome": "held", "code": "poison", "number": 1}]
        assert (told["total"]["accepted"], told["total"]["refused"], told["total"]["held"]) == (1, 3, 1)
        assert told["total"]["rate"] == 0.8

        own = (await office.get("/inventory/v1/companies/acme/error-rates", **{"from": today})).json()
        assert own["doors"] == parts["inventory"]["doors"], "the department says the same behind the same address"
        here = (await office.get("/v1/companies/acme/error-rates", **{"from": today})).json()
        assert here["doors"] == parts["gateway"]["doors"]
        other = FrontOffice(office.client, (await gateway.make_key("till", "umbrella"))["key"])
        elsewhere = (await other.get("/v1/error-rates", company="umbrella", **{"from": today})).json()
        assert [part["doors"] for part in elsewhere["departments"]] == [[], []], "no company sees another's mistakes"
        assert (await other.get("/v1/error-rates", company="acme")).status_code == 404
        assert (await office.get("/v1/error-rates", company="nobody")).status_code == 404
        assert (await office.get("/v1/error-rates", company="acme", until="never")).status_code == 422


async def test_each_event_of_a_batch_is_counted_by_itself(
    make_gateway: MakeGateway, postgres_server: TestPostgres
) -> None:
    """X21: one event's mistake is no other's."""
    async with house(make_gateway, postgres_server) as (_gateway, _room, office):
        good = [cloud_event(ORDER | {"reference": f"WEB-{n}"}, id=f"e{n}") for n in range(3)]
        wrong = cloud_event({**ORDER, "lines": []}, id="wrong")
        results = (await office.send([*good, wrong, good[0]], BATCHED)).json()
        assert [one["status"] for one in results] == [202, 202, 202, 422, 202]

        told = (await office.get("/v1/companies/acme/error-rates")).json()
        (orders,) = [door for door in told["doors"] if door["kind"] == "commands"]
        assert (orders["accepted"], orders["refused"], orders["duplicates"]) == (3, 1, 1)


async def test_the_questions_of_the_operating_guide_are_answered(
    make_gateway: MakeGateway, postgres_server: TestPostgres
) -> None:
    """X21: each address in its section on the error rate, as it stands there."""
    page = (Path(__file__).parents[2] / "docs/operating.md").read_text()
    asked = re.findall(r'^    ask "\$GATEWAY(/\S*error-rates\S*)"', page, re.MULTILINE)
    assert len(asked) == 3
    async with house(make_gateway, postgres_server) as (_gateway, _room, office):
        for address in asked:
            own = address.replace("hellas", "acme").replace("/ledger/", "/inventory/")
            answer = await office.client.get(own, headers=office.headers)
            assert answer.status_code == 200, (address, answer.text)
            assert answer.json()["total"]["refused"] == 0
