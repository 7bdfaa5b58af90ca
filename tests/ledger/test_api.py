"""The HTTP door: set-up, questions, refusals."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import date
from typing import Any

import httpx
import pytest
import pytest_asyncio

from tests.ledger.desk import Desk, Order, payment, payment_id

ACME = "/v1/companies/acme"
COMPANY: dict[str, Any] = {
    "company": "acme",
    "name": "Αιγαίο Εμπορική Α.Ε.",
    "currency": "EUR",
    "country": "GR",
    "time_zone": "Europe/Athens",
    "address": {"line1": "Ακτή Μιαούλη 85", "city": "Πειραιάς", "postcode": "18538", "country": "GR"},
    "vat_number": "EL800000003",
    "iban": "GR1601101250000000012300695",
}
ACCOUNT: dict[str, Any] = {"code": "1100", "name": "Πελάτες", "kind": "asset", "role": "receivable"}
VAT: dict[str, Any] = {"code": "2200", "name": "ΦΠΑ", "kind": "liability", "role": None}
TAX_CODE: dict[str, Any] = {"code": "VAT24", "name": "ΦΠΑ 24 %", "rate": "0.240", "account": "2200"}
keys = (f"key-{n}" for n in range(10**9))


@pytest_asyncio.fixture
async def caller(desk: Desk) -> AsyncIterator[httpx.AsyncClient]:
    """Who may do everything for `acme`, whose books are kept."""
    async with desk.ask() as client:
        yield client


@pytest_asyncio.fixture
async def newcomer(blank: Desk) -> AsyncIterator[httpx.AsyncClient]:
    """Who may do everything for `acme`, which no ledger knows yet."""
    async with blank.ask() as client:
        yield client


async def post(client: httpx.AsyncClient, path: str, body: object, key: str | None = None) -> httpx.Response:
    return await client.post(path, json=body, headers={"idempotency-key": key or next(keys)})


async def get(client: httpx.AsyncClient, path: str, **parameters: Any) -> Any:
    answer = await client.get(f"{ACME}{path}", params=parameters)
    assert answer.status_code == 200, answer.text
    return answer.json()


def faults(answer: httpx.Response) -> list[tuple[str, str]]:
    """Pointers and rules of a problem."""
    assert answer.headers["content-type"] == "application/problem+json"
    return [(error["pointer"], error["code"]) for error in answer.json()["errors"]]


# -- set-up -----------------------------------------------------------------------------------------------------------


async def test_a_company_with_its_chart_and_taxes_is_set_up_and_told(blank: Desk) -> None:
    async with blank.ask() as client:
        assert (await post(client, "/v1/companies", COMPANY)).status_code == 201
        assert (await post(client, f"{ACME}/accounts", ACCOUNT)).json() == {"accounts": ["1100"]}
        assert (await post(client, f"{ACME}/accounts", VAT)).status_code == 201
        assert (await post(client, f"{ACME}/tax-codes", TAX_CODE)).json() == {"tax_codes": ["VAT24"]}
        company = await get(client, "")
        accounts = await get(client, "/accounts")
        tax_codes = await get(client, "/tax-codes")

    assert company == COMPANY | {"address": COMPANY["address"] | {"line2": None}}
    assert accounts == {"accounts": [ACCOUNT, VAT]}
    assert tax_codes == {"tax_codes": [TAX_CODE | {"rate": "0.24", "later_rates": []}]}
    told = await blank.told()
    assert [(one.type, one.key, one.sequence) for one in told] == [
        ("CompanyRegistered", "acme", 1),
        ("AccountOpened", "acme", 2),
        ("AccountOpened", "acme", 3),
        ("TaxCodeDefined", "acme", 4),
    ]
    assert told[0].data == COMPANY
    assert await blank.rows("select action from audit order by id") == [
        ("company.registered",),
        ("account.opened",),
        ("account.opened",),
        ("tax-code.defined",),
    ]


async def test_accounts_and_tax_codes_come_in_batches_all_or_none(newcomer: httpx.AsyncClient) -> None:
    await post(newcomer, "/v1/companies", COMPANY)
    more = [{"code": str(n), "name": "Account", "kind": "asset"} for n in range(30)]

    opened = await post(newcomer, f"{ACME}/accounts/batch", {"accounts": [ACCOUNT, VAT, *more]})
    twice = await post(
        newcomer, f"{ACME}/accounts/batch", {"accounts": [{**ACCOUNT, "code": "9999", "role": None}, ACCOUNT]}
    )
    taxed = await post(newcomer, f"{ACME}/tax-codes/batch", {"tax_codes": [TAX_CODE, TAX_CODE | {"code": "B"}]})

    assert (opened.status_code, len(opened.json()["accounts"])) == (201, 32)
    assert (twice.status_code, faults(twice)) == (409, [("/accounts/1/code", "account-exists")])
    assert taxed.json() == {"tax_codes": ["VAT24", "B"]}
    assert len((await get(newcomer, "/accounts"))["accounts"]) == 32


async def test_a_repeat_with_its_key_gets_the_same_answer_and_another_body_none(newcomer: httpx.AsyncClient) -> None:
    await post(newcomer, "/v1/companies", COMPANY)
    first = await post(newcomer, f"{ACME}/accounts", ACCOUNT, "k")
    again = await post(newcomer, f"{ACME}/accounts", ACCOUNT, "k")
    other = await post(newcomer, f"{ACME}/accounts", ACCOUNT | {"code": "2"}, "k")
    without = await newcomer.post(f"{ACME}/accounts", json=ACCOUNT)

    assert (first.status_code, again.status_code, again.json()) == (201, 201, first.json())
    assert again.headers["idempotency-replayed"] == "true"
    assert (other.status_code, without.status_code) == (422, 428)


async def test_what_is_set_up_already_is_not_set_up_again(caller: httpx.AsyncClient) -> None:
    company = await post(caller, "/v1/companies", COMPANY)
    account = await post(caller, f"{ACME}/accounts", ACCOUNT | {"role": None})
    role = await post(caller, f"{ACME}/accounts", ACCOUNT | {"code": "1199"})
    tax_code = await post(caller, f"{ACME}/tax-codes", TAX_CODE)

    assert (company.status_code, faults(company)) == (409, [("/company", "company-exists")])
    assert (account.status_code, faults(account)) == (409, [("/code", "account-exists")])
    assert (role.status_code, faults(role)) == (409, [("/role", "role-taken")])
    assert (tax_code.status_code, faults(tax_code)) == (409, [("/code", "tax-code-exists")])


@pytest.mark.parametrize("account", ["1000", "1100", "2100", "4000"])
async def test_tax_is_never_booked_on_an_account_that_plays_a_role(caller: httpx.AsyncClient, account: str) -> None:
    """Such an account would no longer be the sum of what it stands for, whatever anybody does later."""
    new = TAX_CODE | {"code": "NEW"}

    one = await post(caller, f"{ACME}/tax-codes", new | {"account": account})
    batch = await post(caller, f"{ACME}/tax-codes/batch", {"tax_codes": [new, new | {"code": "B", "account": account}]})

    assert (one.status_code, faults(one)) == (422, [("/account", "account-has-role")])
    assert (batch.status_code, faults(batch)) == (422, [("/tax_codes/1/account", "account-has-role")])
    assert "NEW" not in [tax_code["code"] for tax_code in (await get(caller, "/tax-codes"))["tax_codes"]]


async def test_twenty_at_once_open_one_account(caller: httpx.AsyncClient, desk: Desk) -> None:
    body = {"code": "5000", "name": "Rent", "kind": "expense"}

    answers = await asyncio.gather(*(post(caller, f"{ACME}/accounts", body) for _ in range(20)))

    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 19
    assert len([told for told in await desk.told("AccountOpened") if told.data["account"] == "5000"]) == 1


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"company": "No Capitals"}, ("/company", "pattern")),
        ({"currency": "XXX"}, ("/currency", "not-valid")),
        ({"time_zone": "Europe/Atlantis"}, ("/time_zone", "not-valid")),
        ({"time_zone": "../../etc/passwd"}, ("/time_zone", "pattern")),
        ({"iban": "GR1601101250000000012300696"}, ("/iban", "not-valid")),
        ({"vat_number": " EL1"}, ("/vat_number", "pattern")),
        ({"address": {"line1": "x", "city": "y", "country": "Greece"}}, ("/address/country", "pattern")),
        ({"salary": "1"}, ("/salary", "unknown-field")),
        ({"name": 5}, ("/name", "wrong-type")),
        ({"name": ""}, ("/name", "pattern")),
    ],
)
async def test_a_company_that_is_not_well_described_is_refused_naming_the_field(
    newcomer: httpx.AsyncClient, change: dict[str, Any], fault: tuple[str, str]
) -> None:
    answer = await post(newcomer, "/v1/companies", COMPANY | change)

    assert (answer.status_code, faults(answer)) == (422, [fault])


@pytest.mark.parametrize(
    ("path", "body", "fault"),
    [
        ("accounts", ACCOUNT | {"role": "treasure"}, ("/role", "not-allowed")),
        ("accounts", ACCOUNT | {"code": "7", "role": "sales"}, ("/kind", "role-of-another-kind")),
        ("accounts", ACCOUNT | {"kind": "stuff"}, ("/kind", "not-allowed")),
        ("tax-codes", TAX_CODE | {"rate": "24 %"}, ("/rate", "pattern")),
        ("tax-codes", TAX_CODE | {"rate": 0.24}, ("/rate", "wrong-type")),
        ("tax-codes", TAX_CODE | {"code": "NEW", "account": "nowhere"}, ("/account", "account-unknown")),
        ("accounts/batch", {"accounts": []}, ("/accounts", "too-few")),
    ],
)
async def test_an_account_or_tax_code_that_breaks_a_rule_is_refused_naming_the_field(
    newcomer: httpx.AsyncClient, path: str, body: dict[str, Any], fault: tuple[str, str]
) -> None:
    await post(newcomer, "/v1/companies", COMPANY)

    answer = await post(newcomer, f"{ACME}/{path}", body)

    assert (answer.status_code, faults(answer)) == (422, [fault])


async def test_rights_are_asked_before_anything_else(desk: Desk) -> None:
    async with desk.ask(scopes=["ledger:read"]) as reader:
        assert (await post(reader, f"{ACME}/accounts", {})).status_code == 403
        assert (await reader.get(f"{ACME}/accounts")).status_code == 200
    async with desk.ask(scopes=["ledger:write"]) as writer:
        assert (await post(writer, "/v1/companies", COMPANY)).status_code == 403
        assert (await writer.get(f"{ACME}/accounts")).status_code == 403
    async with desk.ask(companies=["beta"]) as stranger:
        assert (await stranger.get(f"{ACME}/trial-balance")).status_code == 404
        assert (await post(stranger, "/v1/companies", COMPANY)).status_code == 404
        assert (await stranger.get("/v1/companies/beta")).status_code == 404


# -- questions --------------------------------------------------------------------------------------------------------


async def test_an_invoice_is_found_by_order_customer_state_and_number(caller: httpx.AsyncClient, desk: Desk) -> None:
    orders = [Order("A-1"), Order("A-2", customer="C-2"), Order("A-3"), Order("A-4")]
    await desk.bill(*orders)
    await desk.hear(orders[0].payment("P-1", "37.20"), orders[2].payment("P-2", "1.00"))
    await desk.hear(orders[3].released())

    async def found(**parameters: Any) -> list[str]:
        answer = await get(caller, "/invoices", **parameters)
        return [invoice["order_reference"] for invoice in answer["invoices"]]

    assert await found() == ["A-4", "A-3", "A-2", "A-1"]
    assert await found(order=str(orders[1].id)) == await found(customer="C-2") == ["A-2"]
    assert await found(number="INV-2026-000003") == ["A-3"]
    states = {"paid": ["A-1"], "open": ["A-2"], "partly-paid": ["A-3"], "credited": ["A-4"]}
    for state, references in states.items():
        assert await found(state=state) == references
    assert await found(state="paid", customer="C-2") == []
    assert await found(number="INV-2026-000099") == await found(number="what?") == []


async def test_pages_of_invoices_do_not_shift_when_others_are_added(caller: httpx.AsyncClient, desk: Desk) -> None:
    await desk.bill(*[Order(f"A-{n}") for n in range(5)])
    first = await get(caller, "/invoices", limit=2)
    await desk.bill(Order("later"))

    second = await get(caller, "/invoices", limit=2, after=first["next"])
    third = await get(caller, "/invoices", limit=2, after=second["next"])

    pages = [[invoice["order_reference"] for invoice in page["invoices"]] for page in (first, second, third)]
    assert pages == [["A-4", "A-3"], ["A-2", "A-1"], ["A-0"]]
    assert third["next"] is None


async def test_one_invoice_shows_what_is_printed_what_paid_it_and_what_took_it_back(
    caller: httpx.AsyncClient, desk: Desk
) -> None:
    order = Order("A-1", (("3", "10.00", "VAT24"), ("2", "5.50", "VAT13")))
    await desk.bill(order)
    await desk.hear(order.payment("P-1", "10.00"))
    before = await get(caller, f"/invoices/{order.invoice}")
    await desk.hear(order.released())
    after = await get(caller, f"/invoices/{order.invoice}")

    assert (before["state"], before["total"], before["open"]) == ("partly-paid", "49.63", "39.63")
    assert before["payments"] == [{"payment": str(payment_id("P-1")), "amount": "10.00"}]
    assert before["credit_note"] is None
    assert [line["net"] for line in before["lines"]] == ["30.00", "11.00"]
    assert before["customer_details"]["address"]["city"] == "Αθήνα"
    assert (after["state"], after["open"], after["payments"]) == ("credited", "0.00", [])
    assert after["credit_note"]["number"] == "CN-2026-000001"


async def test_payments_are_found_by_order_and_by_what_is_left(caller: httpx.AsyncClient, desk: Desk) -> None:
    order = Order("A-1")
    await desk.bill(order)
    await desk.hear(order.payment("P-1", "40.00"), order.payment("P-2", "1.00"), payment("P-3", "5.00"))

    async def found(**parameters: Any) -> set[tuple[str, str]]:
        answer = await get(caller, "/payments", **parameters)
        return {(one["reference"], one["unapplied"]) for one in answer["payments"]}

    assert await found() == {("P-1", "2.80"), ("P-2", "1.00"), ("P-3", "5.00")}
    assert await found(order=str(order.id)) == {("P-1", "2.80"), ("P-2", "1.00")}
    assert await found(unapplied=True, order=str(order.id)) == {("P-1", "2.80"), ("P-2", "1.00")}
    one = await get(caller, f"/payments/{payment_id('P-1')}")
    expected = {"invoice": str(order.invoice), "number": "INV-2026-000001", "order": str(order.id), "amount": "37.20"}
    assert one["allocations"][0].items() >= expected.items()
    page = await get(caller, "/payments", limit=2)
    rest = await get(caller, "/payments", limit=2, after=page["next"])
    assert len(page["payments"]) == 2
    assert len(rest["payments"]) == 1
    assert rest["next"] is None


async def test_what_customers_owe_is_listed_by_due_date_with_totals(caller: httpx.AsyncClient, desk: Desk) -> None:
    orders = [Order("A-1"), Order("A-2", currency="USD"), Order("A-3")]
    await desk.bill(*orders)
    await desk.hear(orders[0].payment("P-1", "37.20"))

    first = await get(caller, "/receivables", limit=1)
    second = await get(caller, "/receivables", limit=1, after=first["next"])

    assert first["totals"] == [
        {"currency": "EUR", "invoices": 1, "open": "37.20"},
        {"currency": "USD", "invoices": 1, "open": "37.20"},
    ]
    assert {page["items"][0]["number"] for page in (first, second)} == {"INV-2026-000002", "INV-2026-000003"}
    assert second["next"] is None


async def test_the_entries_of_a_document_are_linked_both_ways(caller: httpx.AsyncClient, desk: Desk) -> None:
    order = Order("A-1")
    await desk.bill(order)
    await desk.hear(order.released())
    (sale,) = (await get(caller, "/entries", document=str(order.invoice)))["entries"]

    reversal = await get(caller, f"/entries/{sale['reversed_by']}")

    assert reversal["reverses"] == sale["entry"]
    assert [sale["lines"][0][side] for side in ("account", "debit", "credit")] == ["1100", "37.20", "0.00"]
    assert [reversal["lines"][0][side] for side in ("account", "debit", "credit")] == ["1100", "0.00", "37.20"]


async def test_the_trial_balance_balances_per_currency_on_any_day(caller: httpx.AsyncClient, desk: Desk) -> None:
    order, dollars = Order("A-1"), Order("A-2", currency="USD")
    await desk.bill(order, dollars)
    await desk.hear(order.payment("P-1", "37.20", received_on=date(2026, 12, 1)))

    now = await get(caller, "/trial-balance")
    then = await get(caller, "/trial-balance", as_of="2026-11-30")
    unknown = await get(caller, "/trial-balance", known_on="2020-01-01")

    assert now["totals"] == [
        {"currency": "EUR", "debit": "74.40", "credit": "74.40"},
        {"currency": "USD", "debit": "37.20", "credit": "37.20"},
    ]
    assert [(a["account"], a["balance"]) for a in now["accounts"] if a["currency"] == "EUR"] == [
        ("1000", "37.20"),
        ("1100", "0.00"),
        ("2200", "-7.20"),
        ("4000", "-30.00"),
    ]
    assert {a["account"]: a["balance"] for a in then["accounts"] if a["currency"] == "EUR"}["1100"] == "37.20"
    assert unknown["accounts"] == []


async def test_the_books_are_checked_and_a_wrong_sum_is_found(caller: httpx.AsyncClient, desk: Desk) -> None:
    order = Order("A-1")
    await desk.bill(order)
    await desk.hear(order.payment("P-1", "40.00"))
    assert (await get(caller, "/integrity"))["holds"] is True

    for wrong in (
        "update account_day set debit = debit + 1 where account = '1100'",
        "update unapplied_cash set unapplied = unapplied - 1",
        "update number_counter set last = last + 1",
    ):
        async with desk.database.unit(["acme"]) as unit:
            await unit.raw.execute(wrong)
    found = await get(caller, "/integrity")

    assert found["holds"] is False
    assert [check["holds"] for check in found["checks"]] == [True, False, False, False, False]


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/invoices/00000000-0000-4000-8000-000000000000", 404),
        ("/payments/00000000-0000-4000-8000-000000000000", 404),
        ("/entries/00000000-0000-4000-8000-000000000000", 404),
        ("/invoices/not-an-id", 404),
        ("/invoices?order=not-an-id", 422),
        ("/invoices?state=lost", 422),
        ("/invoices?limit=0", 422),
        ("/invoices?colour=red", 422),
        ("/invoices?limit=1&limit=2", 400),
        ("/entries", 422),
        ("/trial-balance?as_of=2026-02-30", 422),
        ("/receivables?after=2026-02-30.00000000-0000-4000-8000-000000000000", 422),
        ("/receivables?after=2026-02-28.------------------------------------", 422),
        ("/nothing", 404),
    ],
)
async def test_a_question_that_makes_no_sense_is_a_problem_and_never_an_error(
    caller: httpx.AsyncClient, path: str, status: int
) -> None:
    answer = await caller.get(f"{ACME}{path}")

    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"


async def test_sums_longer_than_an_amount_can_still_be_shown(caller: httpx.AsyncClient, desk: Desk) -> None:
    large = [Order(f"A-{n}", (("1000000", "999999999", "VAT0"),)) for n in range(3)]
    await desk.bill(*large)

    answer = await get(caller, "/trial-balance")
    receivables = await get(caller, "/receivables")

    assert answer["totals"][0]["debit"] == "2999999997000000.00"
    assert receivables["totals"][0]["open"] == "2999999997000000.00"
