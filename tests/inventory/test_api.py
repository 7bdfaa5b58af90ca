"""Inventory's own API: what a warehouse sends and reads."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import pytest_asyncio

from services.inventory.main import build
from tests.inventory.room import StockRoom, cancelled, order_id, placed

AT = "/v1/companies/acme"
RECEIPT = {"reference": "GR-1", "received_on": "2026-11-20", "lines": [{"item": "BEANS", "quantity": "2.5"}]}


@pytest_asyncio.fixture
async def client(room: StockRoom) -> AsyncIterator[httpx.AsyncClient]:
    async with room.client(build) as client:
        yield client


async def post(client: httpx.AsyncClient, path: str, body: object, key: str | None = None) -> httpx.Response:
    return await client.post(f"{AT}/{path}", json=body, headers={"idempotency-key": key or f"{path}-{body!a}"[:200]})


async def test_an_item_is_defined_received_and_shown(client: httpx.AsyncClient, room: StockRoom) -> None:
    item = await post(client, "items", {"sku": "BEANS", "name": "Κόκκοι", "unit": "pcs"})
    assert item.status_code == 201
    assert item.json() | {"item": ""} == {"item": "", "sku": "BEANS", "name": "Κόκκοι", "unit": "pcs", "new": True}
    again = await post(client, "items", {"sku": "BEANS", "name": "Κόκκοι"}, key="another")
    assert (again.status_code, again.json()["new"]) == (200, False)
    receipt = await post(client, "receipts", RECEIPT)
    assert receipt.status_code == 201
    assert receipt.json()["items"] == [{"sku": "BEANS", "quantity": "2.5", "on_hand": "2.5"}]
    await room.hear(placed("A", [("BEANS", "0.5")]))
    stock = (await client.get(f"{AT}/stock")).json()
    assert stock == {
        "stock": [
            {
                "sku": "BEANS",
                "name": "Κόκκοι",
                "unit": "pcs",
                "warehouse": "MAIN",
                "on_hand": "2.5",
                "reserved": "0.5",
                "available": "2",
                "in_bins": "0",
            }
        ],
        "next": None,
    }
    shown = (await client.get(f"{AT}/receipts/{receipt.json()['receipt']}")).json()
    assert shown["lines"] == [{"line": 1, "item": "BEANS", "quantity": "2.5"}]
    assert (shown["reference"], shown["actor"], shown["received_on"]) == ("GR-1", "key:warehouse", "2026-11-20")
    assert receipt.headers["location"] == f"receipts/{shown['receipt']}"
    assert (await client.get(f"{AT}/stock-check")).json() == {"balanced": True, "differences": []}


async def test_a_repeated_receipt_is_booked_once(client: httpx.AsyncClient, room: StockRoom) -> None:
    await room.stocked({"BEANS": "0"})
    first = await post(client, "receipts", RECEIPT, key="k")
    again = await post(client, "receipts", RECEIPT, key="k")
    assert (again.status_code, again.json()) == (201, first.json())
    assert again.headers["idempotency-replayed"] == "true"
    assert await room.stock("BEANS") == ("2.5", "0")


def changed(**changes: Any) -> dict[str, Any]:
    return RECEIPT | changes


def line(**changes: Any) -> dict[str, Any]:
    return changed(lines=[{"item": "BEANS", "quantity": "1"}, {"item": "BEANS", "quantity": "1"} | changes])


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        (line(quantity="0"), "/lines/1/quantity"),
        (line(quantity="-1"), "/lines/1/quantity"),
        (line(quantity="1.0000001"), "/lines/1/quantity"),
        (line(quantity="1000000001"), "/lines/1/quantity"),
        (line(quantity="NaN"), "/lines/1/quantity"),
        (line(quantity="1e3"), "/lines/1/quantity"),
        (line(quantity=1), "/lines/1/quantity"),
        (line(item="TEA"), "/lines/1/item"),
        (line(item=" BEANS"), "/lines/1/item"),
        (line(item="x" * 65), "/lines/1/item"),
        (line(colour="green"), "/lines/1/colour"),
        (changed(lines=[]), "/lines"),
        (changed(lines=[{"item": "BEANS", "quantity": "1"}] * 501), "/lines"),
        (changed(received_on="2026-02-30"), "/received_on"),
        (changed(received_on="20-11-2026"), "/received_on"),
        (changed(received_on=1_764_000_000), "/received_on"),
        (changed(received_on="2199-01-01"), "/received_on"),
        (changed(reference=""), "/reference"),
        (changed(warehouse="main"), "/warehouse"),
        (changed(lines=[{"item": "BEANS", "quantity": "1000000000"}] * 2), "/lines/1/quantity"),
    ],
)
async def test_a_wrong_receipt_is_refused_naming_the_field_and_nothing_is_written(
    client: httpx.AsyncClient, room: StockRoom, body: dict[str, Any], pointer: str
) -> None:
    await room.stocked({"BEANS": "1"})
    answer = await post(client, "receipts", body, key="k")
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert pointer in [error["pointer"] for error in answer.json()["errors"]]
    assert await room.rows("select count(*) from receipt") == [(1,)]
    assert await room.stock("BEANS") == ("1", "0")


async def test_a_reference_that_is_taken_is_a_conflict_naming_the_receipt(
    client: httpx.AsyncClient, room: StockRoom
) -> None:
    await room.stocked({"BEANS": "0"})
    first = await post(client, "receipts", RECEIPT, key="k1")
    again = await post(client, "receipts", RECEIPT, key="k2")
    assert (again.status_code, again.json()["type"]) == (409, "/problems/receipt-exists")
    assert again.json()["receipt"] == first.json()["receipt"]


async def test_a_batch_of_items_is_taken_as_a_whole(client: httpx.AsyncClient) -> None:
    items = [{"sku": f"I{n}", "name": f"Item {n}"} for n in range(3)]
    assert (await post(client, "items/batch", {"items": items})).status_code == 201
    clash = [{"sku": "NEW", "name": "New"}, {"sku": "I1", "name": "Other"}]
    answer = await post(client, "items/batch", {"items": clash})
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (409, "/items/1/sku")
    twice = await post(client, "items/batch", {"items": [clash[0], clash[0]]})
    assert (twice.status_code, twice.json()["errors"][0]["pointer"]) == (422, "/items/1/sku")
    listed = (await client.get(f"{AT}/items")).json()["items"]
    assert [item["sku"] for item in listed] == ["I0", "I1", "I2"]


async def test_lists_are_read_page_by_page(client: httpx.AsyncClient, room: StockRoom) -> None:
    skus = [f"I{n:02}" for n in range(7)]
    await room.stocked(dict.fromkeys(skus, "1"))
    for n in range(4):
        await room.receive([("I03", "1")], reference=f"R-{n}")
    for path, name, key, expected in (
        ("items", "items", "sku", skus),
        ("stock", "stock", "sku", skus),
        ("receipts", "receipts", "reference", ["IN-1", *(f"R-{n}" for n in range(4))]),
        ("stock/I03/moves", "moves", "quantity", ["1"] * 5),
    ):
        seen: list[str] = []
        after: dict[str, str | int] = {}
        while True:
            page = (await client.get(f"{AT}/{path}", params={"limit": 3, **after})).json()
            seen += [row[key] for row in page[name]]
            if page["next"] is None:
                break
            after = {"after": page["next"]}
        assert seen == expected


async def test_stock_of_one_item_even_with_a_slash_in_its_name(client: httpx.AsyncClient, room: StockRoom) -> None:
    await room.stocked({"CUP/RED 1": "3", "CUP": "1"})
    stock = (await client.get(f"{AT}/stock", params={"sku": "CUP/RED 1"})).json()["stock"]
    assert [(row["sku"], row["available"]) for row in stock] == [("CUP/RED 1", "3")]
    moves = (await client.get(f"{AT}/stock/CUP%2FRED%201/moves")).json()["moves"]
    assert [(move["quantity"], move["kind"], move["effective_on"]) for move in moves] == [
        ("3", "receipt", "2026-11-20")
    ]
    assert (await client.get(f"{AT}/stock", params={"sku": "NONE"})).json() == {"stock": [], "next": None}


async def test_a_reservation_tells_how_its_order_stands(client: httpx.AsyncClient, room: StockRoom) -> None:
    await room.stocked({"BEANS": "10"})
    await room.hear(placed("A", [("BEANS", "2.5")]), cancelled("A"), placed("B", [("BEANS", "11")]))
    released = (await client.get(f"{AT}/reservations/{order_id('A')}")).json()
    assert (released["state"], released["release_reason"]) == ("released", "order-cancelled")
    (line,) = released["lines"]
    assert (line["line"], line["item"], line["quantity"], line["reserved"]) == (1, "BEANS", "2.5", "0")
    refused = (await client.get(f"{AT}/reservations/{order_id('B')}")).json()
    assert (refused["state"], refused["code"], refused["lines"]) == ("refused", "insufficient-stock", [])
    assert refused["detail"] == "Not enough in stock: BEANS lacks 1."
    unknown = await client.get(f"{AT}/reservations/{order_id('C')}")
    assert (unknown.status_code, unknown.json()["type"]) == (404, "/problems/reservation-not-found")
    assert (await client.get(f"{AT}/reservations/none")).status_code == 404


@pytest.mark.parametrize("path", ["items", "stock", "receipts", "stock-check", "stock/X/moves"])
async def test_a_company_that_is_not_the_callers_or_not_known_does_not_exist(room: StockRoom, path: str) -> None:
    await room.knows("other")
    async with room.client(build, companies=("acme", "nobody")) as client:
        assert (await client.get(f"/v1/companies/other/{path}")).status_code == 404
        assert (await client.get(f"/v1/companies/nobody/{path}")).status_code == 404
        assert (await client.get(f"{AT}/{path}")).status_code == 200


async def test_reading_does_not_allow_writing(room: StockRoom) -> None:
    async with room.client(build, scopes=("inventory:read",)) as client:
        answer = await post(client, "items", {"sku": "BEANS", "name": "Beans"})
        assert (answer.status_code, answer.json()["type"]) == (403, "/problems/scope-missing")


async def test_a_page_is_bounded(client: httpx.AsyncClient) -> None:
    for query in ({"limit": 0}, {"limit": 501}, {"after": ""}, {"colour": "red"}, {"warehouse": "main"}):
        assert (await client.get(f"{AT}/stock", params=query)).status_code == 422
