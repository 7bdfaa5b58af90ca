"""What the gateway says of itself: every address is documented, every schema served, and no page loads anything."""

from __future__ import annotations

import re
from typing import Any

import jsonschema_rs
import pytest
from fastapi.routing import APIRoute
from starlette.routing import Route

from contracts import published
from contracts.registry import EVENTS
from services.gateway.api.routes import FILE_PATHS
from services.gateway.api.streams import scope_of
from services.gateway.translate.forms import FORMS
from tests.gateway.front import EMPLOYEE, ORDER, PAYMENT, FrontOffice, Gateway

Strict = tuple[FrontOffice, Gateway]


async def test_every_plain_route_is_documented_and_every_document_is_a_route(strict: Strict) -> None:
    """FastAPI documents its own routes (they have an operationId); the others are written by hand."""
    office, gateway = strict
    paths = (await office.client.get("/openapi.json")).json()["paths"]
    by_hand = {
        (m.upper(), path) for path, item in paths.items() for m, made in item.items() if "operationId" not in made
    }
    served = {
        (method, route.path.replace(":path}", "}"))
        for route in gateway.service.app.routes
        if isinstance(route, Route) and not isinstance(route, APIRoute)
        for method in route.methods or ()
        if method != "HEAD" or route.path.endswith("/v1/{path:path}")
    }
    in_the_departments_own = {("POST", path) for path in FILE_PATHS}  # as all that /documents/v1/{path} stands for
    assert by_hand == served - {("GET", "/openapi.json")} - in_the_departments_own
    assert {"get", "post"} == paths["/v1/orders"].keys()


async def test_operators_reach_what_is_held_here_with_their_key(office: FrontOffice, gateway: Gateway) -> None:
    """G10: what is held here is listed and settled over the API."""
    assert (await office.get("/v1/companies/acme/held")).status_code == 401, "nobody knows the key yet"
    assert (await office.get("/v1/orders")).status_code == 200
    assert (await office.get("/v1/companies/acme/held")).status_code == 200
    assert (await office.get("/v1/companies/umbrella/held")).status_code == 404
    clerk = FrontOffice(office.client, (await gateway.make_key("clerk", scopes="orders:*"))["key"])
    assert (await clerk.get("/v1/orders")).status_code == 200
    assert (await clerk.get("/v1/companies/acme/held")).status_code == 403


async def test_every_reference_in_the_document_leads_somewhere(strict: Strict) -> None:
    office, _ = strict
    text = (await office.client.get("/openapi.json")).text
    document = (await office.client.get("/openapi.json")).json()
    named = set(re.findall(r'"#/components/schemas/([^"]+)"', text))
    assert named <= set(document["components"]["schemas"])
    assert '"#/$defs' not in text


@pytest.mark.parametrize("path", ["/docs", "/asyncapi"])
async def test_a_page_loads_nothing_from_anywhere(strict: Strict, path: str) -> None:
    office, _ = strict
    answer = await office.client.get(path)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/html")
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")
    assert "<script" not in answer.text
    assert re.findall(r"(?:src|href)=[\"'](?!/|#)", answer.text) == []
    assert "/v1/events" in answer.text or "sales.orders" in answer.text


async def test_schemas_are_those_of_the_contracts(strict: Strict) -> None:
    """G6: the schema of every event type and version is served."""
    office, _ = strict
    listed = (await office.client.get("/v1/schemas")).json()["schemas"]
    assert [row["type"] for row in listed] == list(EVENTS)
    for row in listed:
        assert (await office.client.get(row["schema"])).json() == published.schema(row["type"])
    assert (await office.client.get("/asyncapi.json")).json() == published.asyncapi()
    assert (await office.client.get("/schemas/Nothing.v1")).status_code == 404
    assert (await office.client.get("/schemas/InvoiceIssued.v1/form")).status_code == 404
    assert (await office.client.get("/schemas/..%2F..%2Fsecret")).status_code == 404


@pytest.mark.parametrize(
    ("kind", "sent"),
    [
        ("OrderPlaced.v1", ORDER),
        ("PaymentReceived.v1", PAYMENT),
        ("EmployeeHired.v1", EMPLOYEE),
        ("OrderCancelled.v1", {"reference": "W"}),
    ],
)
async def test_a_form_accepts_what_the_door_accepts(strict: Strict, kind: str, sent: dict[str, Any]) -> None:
    office, _ = strict
    form = jsonschema_rs.validator_for((await office.client.get(f"/schemas/{kind}/form")).json())
    assert form.is_valid(sent)
    assert not form.is_valid(sent | {"colour": "red"})
    assert not form.is_valid({name: value for name, value in sent.items() if name != "reference"})
    assert all(not form.is_valid(sent | {name: "x"}) for name in FORMS[kind].added)


def test_a_stream_is_read_with_the_right_for_what_it_tells() -> None:
    assert scope_of("sales.orders") == "orders:read"
    assert scope_of("sales.hires") == "employees:read"
    assert scope_of("payroll.employees") == "payroll:read"
    assert scope_of("inventory.reservations") == "inventory:read"
    assert scope_of("ledger.invoices") == "ledger:read"
