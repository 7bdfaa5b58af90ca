"""Files of items, places and opening stock: all rows or none, or all but the wrong ones; each wrong one is named."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date
from typing import Any

import httpx
import pytest
import pytest_asyncio

from chassis.ids import new_id
from chassis.requests import Answer
from services.inventory import handlers
from services.inventory.commands import ImportItems, ImportStock
from services.inventory.domain.items import ItemTerms
from services.inventory.domain.quantities import MICRO
from services.inventory.domain.receiving import StatedLine
from services.inventory.main import build
from tests.chassis.statements import counting_statements
from tests.inventory.room import StockRoom, cause
from tests.support.department import NOON

AT = "/v1/companies/acme/imports"
OPENING = {"reference": "OPENING", "received_on": "2026-01-02"}
ITEMS = """sku;name;unit;packagings;valuation
BEANS;Coffee beans;kg;bag=12.5 pallet=480;fifo
MUG;Mug;;;moving-average
FILTER;Φίλτρα χάρτινα;box;;
"""


@pytest_asyncio.fixture
async def client(room: StockRoom) -> AsyncIterator[httpx.AsyncClient]:
    await room.values()
    async with room.client(build) as client:
        yield client


async def send(client: httpx.AsyncClient, table: str, text: str, key: str = "", **asked: str) -> httpx.Response:
    headers = {"content-type": "text/csv", "idempotency-key": key or str(new_id())}
    return await client.post(f"{AT}/{table}", content=text.encode(), headers=headers, params=asked)


def wrong(answer: httpx.Response) -> list[tuple[int, str | None, str]]:
    return [(one["row"], one["column"], one["code"]) for one in answer.json()["refused"]]


async def shelf(client: httpx.AsyncClient, warehouse: str = "MAIN") -> dict[str, str]:
    rows = (await client.get("/v1/companies/acme/stock", params={"warehouse": warehouse})).json()["stock"]
    return {row["sku"]: row["on_hand"] for row in rows}


async def test_a_warehouse_is_set_up_from_three_files(client: httpx.AsyncClient, room: StockRoom) -> None:
    # Given items and places from a spreadsheet
    items = await send(client, "items", ITEMS)
    places = await send(client, "warehouses", "warehouse,name\nPIRAEUS,Port\nSHOP,Shop\n")
    # When what is there of them comes too, in packagings, in two places, with what it cost
    stock = (
        "item,quantity,unit,unit_cost,warehouse\nBEANS,4,bag,50.00,\nMUG,30,,2.20,\nFILTER,7,,,SHOP\nBEANS,3,,4.00,\n"
    )
    opening = await send(client, "stock", stock, **OPENING)
    # Then all of it is there, and worth what it cost
    assert (items.status_code, places.status_code, opening.status_code) == (201, 201, 201), opening.text
    assert items.json() == {"rows": 3, "rows_refused": 0, "refused": [], "new": 3, "known": 0}
    told = opening.json()
    assert [(one["reference"], one["warehouse"], one["lines"]) for one in told["receipts"]] == [
        ("OPENING", "MAIN", 3), ("OPENING-2", "SHOP", 1),
    ]  # fmt: skip
    assert (await shelf(client))["BEANS"] == "53"
    assert (await shelf(client, "SHOP"))["FILTER"] == "7"
    worth = (await client.get("/v1/companies/acme/valuation", params={"on": "2026-01-02"})).json()
    assert [(one["sku"], one["value"]) for one in worth["items"]] == [("BEANS", "212.00"), ("MUG", "66.00")]
    assert await room.differences() == []
    kinds = [one.data["kind"] for one in await room.told("StockValued")]
    assert kinds == ["opening"]


async def test_a_file_is_taken_once_however_often_it_is_sent(client: httpx.AsyncClient) -> None:
    await send(client, "items", ITEMS)
    text = "item,quantity,unit_cost\nMUG,5,1.00\n"
    first = await send(client, "stock", text, "k", **OPENING)
    again = await send(client, "stock", text, "k", **OPENING)
    assert (again.status_code, again.json()) == (201, first.json())
    assert again.headers["idempotency-replayed"] == "true"
    # Another file under the same key, and another key under the same reference, are refused
    other = await send(client, "stock", text.replace("5", "6"), "k", **OPENING)
    assert (other.status_code, other.json()["type"]) == (422, "/problems/idempotency-key-reused")
    same = await send(client, "stock", text, **OPENING)
    assert (same.status_code, same.json()["type"]) == (409, "/problems/receipt-exists")
    known = await send(client, "items", ITEMS)
    assert (known.status_code, known.json()["known"], known.json()["new"]) == (200, 3, 0)
    assert (await shelf(client))["MUG"] == "5"


WRONG_ITEMS = """sku,name,unit,packagings,valuation
MUG,Another mug,,,
TEA,Tea,kg,bag=0.1,lifo
CUP,Cup,pcs,pcs=2,
BOX,Box,,crate,
POT,Pot,,crate=0.1234567,
TIN,Tin,,,
TIN,Tin,,,
,No name,,,
GOOD,Good one,,,fifo
"""


async def test_every_wrong_row_of_items_is_named_and_none_is_taken(client: httpx.AsyncClient, room: StockRoom) -> None:
    await send(client, "items", ITEMS)
    told = len(await room.told("ItemDefined"))
    answer = await send(client, "items", WRONG_ITEMS)
    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/rows-refused")
    assert wrong(answer) == [
        (2, "sku", "item-exists"),
        (3, "valuation", "not-allowed"),
        (4, "packagings", "not-valid"),
        (5, "packagings", "not-valid"),
        (6, "packagings", "not-valid"),
        (8, "sku", "item-repeated"),
        (9, "sku", "missing"),
    ]
    assert (answer.json()["rows"], answer.json()["rows_refused"]) == (9, 7)
    assert answer.json()["errors"][0]["pointer"] == "/rows/2/sku"
    assert len(await room.told("ItemDefined")) == told
    # Or, if the office wants that: all but those
    skipped = await send(client, "items", WRONG_ITEMS, wrong_rows="skip")
    assert (skipped.status_code, wrong(skipped)) == (201, wrong(answer))
    assert (skipped.json()["new"], skipped.json()["known"]) == (2, 0)


WRONG_STOCK = """item,quantity,unit,unit_cost,warehouse
TEA,1,,1.00,
BEANS,1,crate,1.00,
BEANS,0.000001,bag,1.00,
MUG,1,,,
FILTER,1,,2.00,
FILTER,1,,,NOWHERE
MUG,"1,5",,2.00,
MUG,999999999,,2.00,
MUG,1000000000,,2.00,
FILTER,3,,,
"""


async def test_every_wrong_line_of_stock_is_named_and_none_is_taken(client: httpx.AsyncClient, room: StockRoom) -> None:
    await send(client, "items", ITEMS)
    answer = await send(client, "stock", WRONG_STOCK, **OPENING)
    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/rows-refused")
    assert wrong(answer) == [
        (2, "item", "item-unknown"),
        (3, "unit", "unit-unknown"),
        (4, "unit", "quantity-not-exact"),
        (5, "unit_cost", "cost-missing"),
        (6, "unit_cost", "item-not-valued"),
        (7, "warehouse", "warehouse-unknown"),
        (8, "quantity", "pattern"),
        (10, "quantity", "quantity-too-large"),
    ], answer.json()["refused"]
    assert await room.rows("select count(*) from receipt") == [(0,)]
    assert await room.told("StockReceived", "StockValued") == []
    skipped = await send(client, "stock", WRONG_STOCK, wrong_rows="skip", **OPENING)
    assert (skipped.status_code, skipped.json()["taken"]) == (201, 2)
    assert await shelf(client) == {"BEANS": "0", "FILTER": "3", "MUG": "999999999"}


async def test_a_dry_run_says_the_same_and_writes_nothing(client: httpx.AsyncClient, room: StockRoom) -> None:
    tried = await send(client, "items", ITEMS, "k", dry_run="true")
    assert (tried.status_code, tried.json()["new"], tried.json()["dry_run"]) == (200, 3, True)
    assert "would_tell" not in tried.json()
    assert await room.rows("select count(*) from item") == [(0,)]
    assert (await send(client, "items", ITEMS, "k")).status_code == 201, "the key is not used up"
    refused = await send(client, "stock", WRONG_STOCK, dry_run="true", **OPENING)
    assert (refused.status_code, refused.json()["rows_refused"]) == (422, 8)


@pytest.mark.parametrize(
    ("table", "text", "asked", "status", "code"),
    [
        ("items", "sku,colour\nA,red\n", {}, 422, "columns-not-known"),
        ("items", "sku,name\n", {}, 422, "no-rows"),
        ("items", 'sku,name\n"A,B\n', {}, 422, "malformed-csv"),
        ("stock", "item,quantity\nMUG,1\n", {}, 422, "invalid-request"),
        ("stock", "item,quantity\nMUG,1\n", OPENING | {"received_on": "2199-01-01"}, 422, "date-in-future"),
        ("stock", "item,quantity\nMUG,1\n", OPENING | {"wrong_rows": "guess"}, 422, "invalid-request"),
        ("warehouses", "warehouse,name\nMAIN,Ours\n", {}, 422, "rows-refused"),
        ("warehouses", "warehouse,name\nPIRAEUS,A\nPIRAEUS,B\n", {}, 422, "rows-refused"),
    ],
)
async def test_what_is_no_such_table_is_refused_as_a_whole(
    client: httpx.AsyncClient, table: str, text: str, asked: dict[str, Any], status: int, code: str
) -> None:
    answer = await send(client, table, text, **asked)
    assert (answer.status_code, answer.json()["type"]) == (status, f"/problems/{code}"), answer.text


async def test_only_csv_is_read_as_a_table(client: httpx.AsyncClient) -> None:
    headers = {"idempotency-key": "k"}
    answer = await client.post(f"{AT}/items", json={"items": []}, headers=headers)
    assert (answer.status_code, answer.json()["type"]) == (415, "/problems/media-type-not-supported")


async def test_a_file_of_two_thousand_rows_costs_as_many_statements_as_one_of_ten(room: StockRoom) -> None:
    await room.values()
    counts: list[tuple[int, int]] = []
    for name, rows in (("W", 1), ("A", 10), ("B", 2_000)):  # the first opens the connection
        skus = [f"{name}{n:04}" for n in range(rows)]
        items = [(n, ItemTerms(sku, sku, "pcs", "fifo")) for n, sku in enumerate(skus, 2)]
        lines = [(n, "MAIN", StatedLine(sku, 2 * MICRO, None, MICRO)) for n, sku in enumerate(skus, 2)]
        defined = ImportItems(cause(), items, (), skip=False)
        opening = ImportStock(cause(), name, date(2026, 1, 2), lines, (), skip=False)
        counts.append((
            await _statements(room, handlers.import_items, defined),
            await _statements(room, handlers.import_stock, opening),
        ))  # fmt: skip
    assert counts[1] == counts[2]
    receipts = "select reference, count(*) from receipt join stock_move on document = receipt group by 1 order by 1"
    assert await room.rows(receipts) == [
        ("A", 10), ("B", 500), ("B-2", 500), ("B-3", 500), ("B-4", 500), ("W", 1),
    ]  # fmt: skip
    assert await room.differences() == []


async def _statements(room: StockRoom, handler: Any, command: ImportItems | ImportStock) -> int:
    async with counting_statements(room.database) as counted, room.database.unit(["acme"]) as unit:
        unit.now = NOON
        (answer,) = await handler([command], unit)
        assert isinstance(answer, Answer)
    return counted.statements
