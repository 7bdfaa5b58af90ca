"""Price lists: by currency, from a quantity on, from a day on; a customer's own, and the usual one."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import httpx
import orjson
import pytest_asyncio

from chassis.ids import new_id
from contracts import published
from services.ledger import handlers
from services.ledger.commands import AnnouncePrices, DefinePriceList
from services.ledger.domain.prices import ListedPrice
from tests.chassis.statements import counting_statements
from tests.ledger.desk import TODAY, Desk, Order, cause

ACME = "/v1/companies/acme"
ADDRESS = {"line1": "Adrianou 24", "city": "Athens", "postcode": "10556", "country": "GR"}
CAFE = {"customer": "C-1", "name": "Cafe", "language": "el", "address": ADDRESS}


@pytest_asyncio.fixture
async def office(desk: Desk) -> AsyncIterator[httpx.AsyncClient]:
    """A usual list in euros, and one in euros for cafes, which C-1 has since the first of November."""
    async with desk.ask(scopes=("ledger:read", "ledger:write", "ledger:prices")) as client:
        assert await post(client, "/price-lists", listed("USUAL", usual=True)) == 201
        assert await post(client, "/price-lists", listed("CAFES")) == 201
        assert await post(client, "/customers", CAFE) == 201
        given = {"valid_from": "2026-11-01", "price_list": "CAFES"}
        assert await post(client, "/customers/C-1/changes", given) == 201
        yield client


def listed(code: str, currency: str = "EUR", *, usual: bool = False) -> dict[str, object]:
    return {"price_list": code, "name": code.title(), "currency": currency, "usual": usual}


async def ask(client: httpx.AsyncClient, path: str, body: object) -> httpx.Response:
    return await client.post(f"{ACME}{path}", json=body, headers={"idempotency-key": str(new_id())})


async def post(client: httpx.AsyncClient, path: str, body: object) -> int:
    return (await ask(client, path, body)).status_code


async def say(client: httpx.AsyncClient, code: str, *prices: tuple[str, str | None, str, str | None]) -> None:
    """Item, price, day, quantity."""
    body = [
        {"item": item, "unit_price": price, "valid_from": day} | ({"from_quantity": quantity} if quantity else {})
        for item, price, day, quantity in prices
    ]
    answer = await ask(client, f"/price-lists/{code}/prices", {"prices": body})
    assert answer.status_code == 201, answer.text


async def price(client: httpx.AsyncClient, item: str = "BEANS", **asked: str) -> str | None:
    answer = await client.get(f"{ACME}/prices", params={"item": item, **asked})
    if answer.status_code == 404:
        assert answer.json()["type"] == "/problems/price-not-found"
        return None
    assert answer.status_code == 200, answer.text
    return str(answer.json()["unit_price"])


async def test_a_price_holds_from_its_quantity_and_its_day_on(office: httpx.AsyncClient) -> None:
    await say(office, "USUAL", ("BEANS", "18.00", "2026-01-01", None), ("BEANS", "16.50", "2026-01-01", "10"))
    await say(office, "USUAL", ("BEANS", "19.00", "2026-12-01", None))

    seen = [
        await price(office, quantity=quantity, on=day)
        for quantity, day in (("1", "2025-12-31"), ("1", "2026-06-01"), ("9.999999", "2026-06-01"),
                              ("10", "2026-06-01"), ("1", "2026-12-01"), ("10", "2026-12-01"))
    ]  # fmt: skip

    assert seen == [None, "18.00", "18.00", "16.50", "19.00", "16.50"]


async def test_of_one_day_the_last_word_counts_and_a_price_can_end(office: httpx.AsyncClient) -> None:
    await say(office, "USUAL", ("BEANS", "81.00", "2026-01-01", None), ("BEANS", "16.00", "2026-01-01", "10"))
    await say(office, "USUAL", ("BEANS", "18.00", "2026-01-01", None), ("BEANS", None, "2026-07-01", "10"))
    await say(office, "USUAL", ("BEANS", None, "2026-09-01", None))

    assert await price(office, on="2026-02-01") == "18.00"
    assert await price(office, quantity="12", on="2026-02-01") == "16.00"
    assert await price(office, quantity="12", on="2026-08-01") == "18.00"
    assert await price(office, quantity="12", on="2026-09-01") is None


async def test_a_customers_own_list_goes_first_since_its_day_and_the_usual_one_fills_its_gaps(
    office: httpx.AsyncClient,
) -> None:
    await say(office, "USUAL", ("BEANS", "18.00", "2026-01-01", None), ("MUG", "5.00", "2026-01-01", None))
    await say(office, "CAFES", ("BEANS", "15.00", "2026-01-01", None))

    own = await office.get(f"{ACME}/prices", params={"item": "BEANS", "customer": "C-1", "on": "2026-11-02"})
    assert own.json() == {
        "item": "BEANS", "quantity": "1", "on": "2026-11-02", "customer": "C-1", "currency": "EUR",
        "unit_price": "15.00", "price_list": "CAFES", "because": "own-list", "from_quantity": None,
        "valid_from": "2026-01-01",
    }  # fmt: skip
    assert await price(office, customer="C-1", on="2026-10-31") == "18.00"
    assert await price(office, customer="C-2", on="2026-11-02") == "18.00"
    assert await price(office, "MUG", customer="C-1", on="2026-11-02") == "5.00"
    assert await price(office, customer="C-1", currency="USD", on="2026-11-02") is None
    await ask(office, "/customers/C-1/changes", {"valid_from": "2026-11-10", "price_list": ""})
    assert await price(office, customer="C-1", on="2026-11-10") == "18.00"
    shown = (await office.get(f"{ACME}/customers/C-1", params={"as_of": "2026-11-05"})).json()
    assert (shown["price_list"], shown["changes"][1]["price_list"]) == ("CAFES", "CAFES")


async def test_a_list_has_one_currency_and_of_each_one_list_is_the_usual_one(office: httpx.AsyncClient) -> None:
    assert await post(office, "/price-lists", listed("DOLLARS", "USD", usual=True)) == 201
    await say(office, "DOLLARS", ("BEANS", "20.00", "2026-01-01", None))
    await say(office, "USUAL", ("BEANS", "18.00", "2026-01-01", None))

    again = await ask(office, "/price-lists", listed("USUAL"))
    second = await ask(office, "/price-lists", listed("OTHER", usual=True))
    unknown = await ask(office, "/customers/C-1/changes", {"valid_from": "2026-11-01", "price_list": "NONE"})
    nowhere = await ask(office, "/price-lists/NONE/prices",
                        {"prices": [{"item": "X", "unit_price": "1", "valid_from": "2026-01-01"}]})  # fmt: skip

    assert (again.status_code, again.json()["type"]) == (409, "/problems/price-list-exists")
    assert (second.status_code, second.json()["type"]) == (409, "/problems/usual-list-exists")
    assert (unknown.status_code, unknown.json()["errors"][0]["pointer"]) == (422, "/price_list")
    assert (nowhere.status_code, nowhere.json()["type"]) == (404, "/problems/price-list-not-found")
    assert await price(office, currency="USD", on="2026-02-01") == "20.00"
    assert await price(office, on="2026-02-01") == "18.00"
    codes = (await office.get(f"{ACME}/price-lists")).json()["price_lists"]
    assert [(one["price_list"], one["changes"]) for one in codes] == [("CAFES", 0), ("DOLLARS", 1), ("USUAL", 1)]


async def test_a_list_is_told_as_the_golden_samples_say(desk: Desk, office: httpx.AsyncClient) -> None:
    await say(office, "CAFES", ("FILTER-250", "4.20", "2026-11-01", None), ("FILTER-250", "3.95", "2026-11-01", "100"))

    sample: dict[str, Any] = orjson.loads(published.sample("PricesAnnounced.v1").body)
    (told,) = await desk.told("PricesAnnounced")
    defined = (await desk.told("PriceListDefined"))[1]
    assert told.data == sample | {"list_id": told.key}
    assert (defined.key, defined.data["code"], defined.data["usual"]) == (told.key, "CAFES", False)
    (changed,) = await desk.told("CustomerChanged")
    assert changed.data["price_list"] == "CAFES"


async def test_prices_come_by_file_and_every_wrong_row_is_named(desk: Desk, office: httpx.AsyncClient) -> None:
    """X24: as the other files of a company's set-up."""
    text = (
        "item;unit_price;valid_from;from_quantity\nBEANS;18.00;2026-01-01;\nBEANS;16.50;2026-01-01;10\n"
        "MUG;5,00;2026-01-01;\nMUG;5.00;1.1.2026;\nBEANS;17.00;2026-01-01;\nOLD;;2026-01-01;\n"
    )
    headers = {"content-type": "text/csv"}
    url = f"{ACME}/imports/prices"

    def key() -> dict[str, str]:
        return headers | {"idempotency-key": str(new_id())}

    refused = await office.post(url, content=text, headers=key(), params={"price_list": "USUAL"})
    assert [(x["row"], x["column"], x["code"]) for x in refused.json()["refused"]] == [
        (4, "unit_price", "pattern"), (5, "valid_from", "not-valid"), (6, "item", "price-repeated"),
    ]  # fmt: skip
    assert await desk.told("PricesAnnounced") == []
    skip = {"price_list": "USUAL", "wrong_rows": "skip"}
    taken = await office.post(url, content=text, headers=key(), params=skip)
    assert (taken.status_code, taken.json()["taken"], taken.json()["rows_refused"]) == (201, 3, 3)
    assert await price(office, quantity="10", on="2026-02-01") == "16.50"
    page = (await office.get(f"{ACME}/price-lists/USUAL", params={"on": "2026-02-01", "limit": 1})).json()
    assert (page["prices"], page["next"]) == (
        [{"item": "BEANS", "from_quantity": None, "valid_from": "2026-01-01", "unit_price": "18.00"}], "0.BEANS",
    )  # fmt: skip
    rest = (await office.get(f"{ACME}/price-lists/USUAL", params={"on": "2026-02-01", "after": "0.BEANS"})).json()
    assert ([one["unit_price"] for one in rest["prices"]], rest["next"]) == (["16.50"], None)


async def test_a_front_office_may_ask_for_prices_without_a_look_into_the_books(
    desk: Desk, office: httpx.AsyncClient
) -> None:
    await say(office, "USUAL", ("BEANS", "18.00", "2026-01-01", None))

    async with desk.ask(scopes=("ledger:prices",)) as shop:
        assert await price(shop, on="2026-02-01") == "18.00"
        assert (await shop.get(f"{ACME}/accounts")).status_code == 403
        assert (await shop.get(f"{ACME}/prices", params={"item": "BEANS", "quantity": "0"})).status_code == 422


async def test_what_an_order_has_agreed_is_invoiced_whatever_a_list_says(desk: Desk, office: httpx.AsyncClient) -> None:
    await say(office, "USUAL", ("SKU-1", "99.00", "2026-01-01", None))
    order = Order("A-1", (("3", "10.00", "VAT24"),))

    await desk.bill(order)

    assert await desk.open_items() == {order.invoice: 3720}


async def test_prices_of_any_number_cost_the_same_statements(desk: Desk, office: httpx.AsyncClient) -> None:
    await desk.do(handlers.define_price_lists, DefinePriceList("acme", "BIG", "Big", "EUR", False, cause()))
    asked = []
    for size in (10, 2_000):
        rows = [(n, ListedPrice(f"I-{size}-{n}", 0, TODAY, "1.00")) for n in range(size)]
        async with counting_statements(desk.database) as counted:
            await desk.do(handlers.announce_prices, AnnouncePrices("acme", "BIG", rows, cause()))
        asked.append([query for query in counted.queries if query != "commit"])  # it may be logged later
    assert asked[0] == asked[1]
    assert [len(one.data["prices"]) for one in await desk.told("PricesAnnounced")] == [10, 500, 500, 500, 500]
