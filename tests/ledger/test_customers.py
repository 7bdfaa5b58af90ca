"""Customers: master data with effect from a day on, by API, told to everybody; their terms decide when money is due."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import httpx
import orjson
import pytest
import pytest_asyncio

from contracts import published
from tests.ledger.desk import Desk, Order
from tests.support.department import Told

CUSTOMERS = "/v1/companies/acme/customers"
ADDRESS = {"line1": "Οδός Αδριανού 24", "line2": "Πλάκα", "city": "Αθήνα", "postcode": "10556", "country": "GR"}
CAFE: dict[str, Any] = {
    "customer": "C-1042",
    "name": "Καφέ Ακρόπολη Ο.Ε.",
    "language": "el",
    "address": ADDRESS,
    "vat_number": "EL094259216",
    "terms": {"net_days": 30, "discount": {"rate": "0.02", "days": 10}},
    "credit_limits": [{"currency": "EUR", "amount": "5000.00"}],
    "valid_from": "2026-11-01",
}
keys = (f"customer-{n}" for n in range(10**9))


@pytest_asyncio.fixture
async def caller(desk: Desk) -> AsyncIterator[httpx.AsyncClient]:
    """Who may do everything for `acme`."""
    async with desk.ask(scopes=("ledger:read", "ledger:write", "ledger:admin", "ledger:approve")) as client:
        yield client


async def post(client: httpx.AsyncClient, body: object, path: str = "", key: str | None = None) -> httpx.Response:
    return await client.post(f"{CUSTOMERS}{path}", json=body, headers={"idempotency-key": key or next(keys)})


async def shown(client: httpx.AsyncClient, path: str = "", **parameters: Any) -> Any:
    answer = await client.get(f"{CUSTOMERS}{path}", params=parameters)
    assert answer.status_code == 200, answer.text
    return answer.json()


def faults(answer: httpx.Response) -> list[tuple[str, str]]:
    return [(error["pointer"], error["code"]) for error in answer.json()["errors"]]


async def test_a_customer_is_registered_changed_from_a_day_on_and_told(desk: Desk, caller: httpx.AsyncClient) -> None:
    limits = [{"currency": "EUR", "amount": "8000.00"}]
    change = {"valid_from": "2027-01-01", "terms": {"net_days": 45}, "credit_limits": limits}

    registered = await post(caller, CAFE)
    changed = await post(caller, change, "/C-1042/changes")

    assert (registered.status_code, registered.json()) == (201, {"customers": ["C-1042"]})
    assert (changed.status_code, changed.json()) == (201, {"customer": "C-1042", "change": 2})
    told = [one for one in await desk.told() if one.type.startswith("Customer")]
    assert [(one.type, one.sequence) for one in told] == [("CustomerRegistered", 1), ("CustomerChanged", 2)]
    for one, name in zip(told, ("CustomerRegistered.v1", "CustomerChanged.v1"), strict=True):
        assert without_id(one) == golden(name)
    audited = await desk.rows("select action, subject from audit where action like 'customer%' order by id")
    assert audited == [("customer.registered", "C-1042"), ("customer.changed", "C-1042")]


def golden(event_type: str) -> dict[str, Any]:
    data: dict[str, Any] = orjson.loads(published.sample(event_type).body)
    return {name: value for name, value in data.items() if name != "customer"}


def without_id(told: Told) -> dict[str, Any]:
    return {name: value for name, value in told.data.items() if name != "customer"}


async def test_what_holds_on_a_day_is_the_sum_of_the_changes_up_to_it_in_whatever_order_they_were_recorded(
    caller: httpx.AsyncClient,
) -> None:
    await post(caller, CAFE)
    await post(caller, {"valid_from": "2027-03-01", "terms": {"net_days": 45}}, "/C-1042/changes")
    await post(caller, {"valid_from": "2027-02-01", "name": "Acropolis", "vat_number": ""}, "/C-1042/changes")
    await post(
        caller,
        {"valid_from": "2027-02-01", "name": "Acropolis Ltd", "credit_limits": [{"currency": "EUR", "amount": None}]},
        "/C-1042/changes",
    )

    before = await shown(caller, "/C-1042", as_of="2027-01-31")
    between = await shown(caller, "/C-1042", as_of="2027-02-01")
    after = await shown(caller, "/C-1042", as_of="2027-03-01")

    assert (before["name"], before["vat_number"]) == (CAFE["name"], "EL094259216")
    assert (between["name"], between["vat_number"], between["terms"]) == ("Acropolis Ltd", None, CAFE["terms"])
    assert (after["name"], after["terms"]) == ("Acropolis Ltd", {"net_days": 45, "discount": None})
    assert (before["credit_limits"], after["credit_limits"]) == (CAFE["credit_limits"], [])
    assert [change["change"] for change in after["changes"]] == [1, 2, 3, 4]
    assert (await caller.get(f"{CUSTOMERS}/C-1042", params={"as_of": "2026-10-31"})).status_code == 404


async def test_customers_come_in_batches_all_or_none_and_a_code_is_given_once(caller: httpx.AsyncClient) -> None:
    many = [CAFE | {"customer": f"C-{n:03}"} for n in range(40)]

    both = await asyncio.gather(*(post(caller, {"customers": many}, "/batch") for _ in range(2)))
    twice = await post(caller, {"customers": [CAFE | {"customer": "D-1"}, CAFE | {"customer": "D-1"}]}, "/batch")

    assert sorted(answer.status_code for answer in both) == [201, 409]
    assert (twice.status_code, faults(twice)) == (409, [("/customers/1/customer", "customer-exists")])
    assert (await post(caller, CAFE | {"customer": "D-1"})).status_code == 201


async def test_a_search_pages_stably_while_others_are_added(caller: httpx.AsyncClient) -> None:
    names = ["Beta Café", "Alpha Café", "Gamma Bar", "Delta café"]
    await post(caller, {"customers": [CAFE | {"customer": f"C-{i}", "name": n} for i, n in enumerate(names)]}, "/batch")

    first = await shown(caller, name="CAFÉ", limit=2)
    await post(caller, CAFE | {"customer": "C-00", "name": "New café"})
    rest = await shown(caller, name="CAFÉ", limit=2, after=first["next"])

    assert [c["customer"] for c in first["customers"] + rest["customers"]] == ["C-0", "C-1", "C-3"]
    assert rest["next"] is None
    assert len((await shown(caller, vat_number="EL094259216"))["customers"]) == 5
    assert (await shown(caller, name="nobody"))["customers"] == []


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"customer": ""}, ("/customer", "pattern")),
        ({"language": "xx"}, ("/language", "not-allowed")),
        ({"vat_number": "EL094259217"}, ("/vat_number", "vat-number-not-valid")),
        ({"vat_number": "DE136695977"}, ("/vat_number", "vat-number-not-valid")),
        ({"terms": {"net_days": -1}}, ("/terms/net_days", "too-small")),
        ({"terms": {"net_days": 10, "discount": {"rate": "0.02", "days": 11}}}, ("/terms", "not-valid")),
        ({"terms": {"net_days": 10, "discount": {"rate": "1.02", "days": 5}}}, ("/terms/discount/rate", "pattern")),
        ({"credit_limits": [{"currency": "EUR", "amount": "1.005"}]}, ("/credit_limits/0", "not-valid")),
        ({"credit_limits": [{"currency": "XXX", "amount": "1"}]}, ("/credit_limits/0", "not-valid")),
        ({"credit_limits": [{"currency": "EUR", "amount": "1"}] * 2}, ("/credit_limits", "not-valid")),
        ({"valid_from": "2026-02-30"}, ("/valid_from", "not-valid")),
        ({"iban": "GR16"}, ("/iban", "unknown-field")),
    ],
)
async def test_a_customer_that_is_not_well_described_is_refused_naming_the_field(
    caller: httpx.AsyncClient, change: dict[str, Any], fault: tuple[str, str]
) -> None:
    answer = await post(caller, CAFE | change)

    assert (answer.status_code, faults(answer)) == (422, [fault])
    assert (await shown(caller))["customers"] == []


async def test_a_change_says_something_and_is_of_a_customer_that_exists(caller: httpx.AsyncClient) -> None:
    await post(caller, CAFE)

    empty = await post(caller, {"valid_from": "2027-01-01"}, "/C-1042/changes")
    nobody = await post(caller, {"valid_from": "2027-01-01", "name": "X"}, "/C-9/changes")
    moved = {"valid_from": "2027-01-01", "address": ADDRESS | {"country": "DE"}, "vat_number": "136695977"}
    country = await post(caller, moved, "/C-1042/changes")

    assert (empty.status_code, nobody.status_code, country.status_code) == (422, 404, 422)
    assert faults(empty) == [("", "nothing-changes")]
    assert faults(country) == [("/vat_number", "vat-number-not-valid")]


async def test_of_many_customers_the_one_with_a_wrong_vat_number_is_named(caller: httpx.AsyncClient) -> None:
    many = [CAFE | {"customer": f"C-{n}"} for n in range(5)]
    many[3] |= {"vat_number": "EL094259217"}

    answer = await post(caller, {"customers": many}, "/batch")

    assert (answer.status_code, faults(answer)) == (422, [("/customers/3/vat_number", "vat-number-not-valid")])
    assert (await shown(caller))["customers"] == []


@pytest.mark.parametrize(
    ("number", "country"),
    [
        *(("EL094259216", "GR"), ("094259216", "GR"), ("DE136695976", "GR")),
        *(("516179157", "IL"), ("IL516179157", "IL"), ("12-3456789", "US")),
    ],
)
async def test_a_vat_number_is_checked_by_the_rules_of_its_country(
    caller: httpx.AsyncClient, number: str, country: str
) -> None:
    answer = await post(caller, CAFE | {"vat_number": number, "address": ADDRESS | {"country": country}})

    assert answer.status_code == 201, answer.text


async def test_an_invoice_is_due_by_the_terms_of_its_day_whenever_the_terms_were_changed(
    desk: Desk, caller: httpx.AsyncClient
) -> None:
    """L6: due dates follow the customer's terms with effect on the day of the invoice."""
    terms = {"net_days": 14, "discount": {"rate": "0.030", "days": 7}}
    await post(caller, CAFE | {"valid_from": "2026-11-01", "terms": terms})
    await post(caller, {"valid_from": "2026-12-01", "terms": {"net_days": 60}}, "/C-1042/changes")

    await desk.bill(
        Order("before", at=datetime(2026, 10, 31, 12, tzinfo=UTC)),
        Order("first", at=datetime(2026, 11, 30, 12, tzinfo=UTC)),
        Order("second", at=datetime(2026, 12, 1, 12, tzinfo=UTC)),
        Order("stranger", customer="C-7", at=datetime(2026, 12, 1, 12, tzinfo=UTC)),
    )

    rows = await desk.rows("select order_reference, due_on - issued_on from invoice order by 1")
    assert rows == [
        ("before", 30),
        ("first", 14),
        ("second", 60),
        ("stranger", 30),
    ]
    assert await desk.faults() == []


async def test_where_nothing_was_agreed_the_company_has_its_own_days_to_pay(
    desk: Desk, caller: httpx.AsyncClient
) -> None:
    await post(caller, CAFE)
    policy = {"valid_from": "2026-11-22", "net_days": 21}
    await caller.post("/v1/companies/acme/policies", json=policy, headers={"idempotency-key": next(keys)})

    await desk.bill(
        Order("before", customer="C-7", at=datetime(2026, 11, 21, 12, tzinfo=UTC)),
        Order("from then on", customer="C-7"),
        Order("agreed"),
    )

    rows = await desk.rows("select order_reference, due_on - issued_on from invoice order by issued_on, 1")
    assert rows == [("before", 30), ("agreed", 30), ("from then on", 21)]


async def test_customers_of_another_company_are_not_seen(desk: Desk, caller: httpx.AsyncClient) -> None:
    """X7: customers are a company's own."""
    await desk.set_up("beta")
    await post(caller, CAFE)

    async with desk.ask(companies=["beta"]) as stranger:
        assert (await stranger.get(f"{CUSTOMERS}/C-1042")).status_code == 404
        assert (await stranger.get("/v1/companies/beta/customers")).json()["customers"] == []
