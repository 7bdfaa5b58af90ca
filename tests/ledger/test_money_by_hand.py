"""Money moved by people: allocated, taken back, refunded, bounced; in one currency and across two."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date
from typing import Any

import httpx
import pytest
import pytest_asyncio

from chassis.errors import Refused
from chassis.ids import new_id
from services.ledger import handlers
from services.ledger.commands import DecideRefund, NewAccount, NewRate, OpenAccounts, RecordRates
from tests.ledger.desk import NOON, Desk, Order, cause, payment, payment_id

ACME = "/v1/companies/acme"
CHARGES = NewAccount("6200", "Bank charges", "expense", "bank_charges", "")
keys = (f"hand-{n}" for n in range(10**9))


@pytest_asyncio.fixture
async def caller(desk: Desk) -> AsyncIterator[httpx.AsyncClient]:
    async with desk.ask(scopes=("ledger:read", "ledger:write", "ledger:approve")) as client:
        yield client


async def post(client: httpx.AsyncClient, path: str, body: object) -> httpx.Response:
    return await client.post(f"{ACME}{path}", json=body, headers={"idempotency-key": next(keys)})


async def get(client: httpx.AsyncClient, path: str) -> Any:
    answer = await client.get(f"{ACME}{path}")
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_one_payment_pays_several_invoices_that_it_names_in_their_order(desk: Desk) -> None:
    """L6: several invoices at once, each with what is meant for it, the rest unapplied."""
    orders = [Order(f"A-{n}") for n in range(3)]
    await desk.bill(*orders)
    wishes = [
        {"invoice_number": "INV-2026-000002"},
        {"invoice_number": "INV-2026-000001", "amount": "10.00"},
        {"invoice_number": "INV-2026-000009"},
    ]

    await desk.hear(payment("P-1", "60.00", pays=wishes, customer="C-1042"))

    assert await desk.open_items() == {orders[0].invoice: 2720, orders[2].invoice: 3720}
    (told,) = await desk.told("PaymentAllocated")
    assert ([a["amount"] for a in told.data["allocations"]], told.data["unapplied"]) == (["37.20", "10.00"], "12.80")
    assert await desk.faults() == []


async def test_money_is_allocated_by_hand_and_taken_back_by_a_linked_reversal(
    desk: Desk, caller: httpx.AsyncClient
) -> None:
    """L6: unallocated cash is allocated by hand; the undoing reverses that entry and opens the invoice again."""
    order = Order("A-1")
    await desk.bill(order)
    await desk.hear(payment("P-1", "50.00"))
    path = f"/payments/{payment_id('P-1')}/allocations"

    made = await post(caller, path, {"invoice": str(order.invoice), "amount": "20.00"})
    undone = await post(caller, f"{path}/undo", {"invoice": str(order.invoice), "reason": "wrong customer"})

    assert (made.status_code, made.json()["open"], made.json()["unapplied"]) == (201, "17.20", "30.00")
    assert (undone.status_code, undone.json()["open"], undone.json()["unapplied"]) == (201, "37.20", "50.00")
    entry = await get(caller, f"/entries/{undone.json()['entry']}")
    assert entry["reverses"] == made.json()["entry"]
    told = [one.data for one in await desk.told("PaymentAllocated")]
    assert [one.get("because") for one in told] == [None, "by-hand", "undone"]
    reopened = {"invoice": str(order.invoice), "number": "INV-2026-000001", "order": str(order.id), "amount": "20.00"}
    assert [one.get("reopened") for one in told] == [None, None, [reopened]]
    audited = "select action from audit where action like 'payment.%' order by id"
    assert [action for (action,) in await desk.rows(audited)] == [
        "payment.recorded", "payment.allocated", "payment.deallocated",
    ]  # fmt: skip
    assert await desk.open_items() == {order.invoice: 3720}
    assert await desk.faults() == []


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"amount": "50.01"}, 409, "amount-too-large"),
        ({"amount": "40.00"}, 409, "amount-too-large"),
        ({"amount": "1.005"}, 422, "amount-invalid"),
        ({"invoice": str(new_id())}, 422, "invoice-unknown"),
    ],
)
async def test_what_cannot_be_allocated_is_refused_and_nothing_is_written(
    desk: Desk, caller: httpx.AsyncClient, body: dict[str, str], status: int, code: str
) -> None:
    order = Order("A-1")
    await desk.bill(order)
    await desk.hear(payment("P-1", "50.00"))

    answer = await post(caller, f"/payments/{payment_id('P-1')}/allocations", {"invoice": str(order.invoice), **body})
    unknown = await post(caller, f"/payments/{new_id()}/allocations", {"invoice": str(order.invoice)})

    assert (answer.status_code, answer.json()["type"]) == (status, f"/problems/{code}")
    assert unknown.status_code == 404
    assert await desk.open_items() == {order.invoice: 3720}


async def test_a_bounced_payment_opens_its_invoices_again_and_reverses_its_receipt(
    desk: Desk, caller: httpx.AsyncClient
) -> None:
    """L6: the bank takes a payment back: linked reversal, invoice open again, the fee an expense of ours."""
    await desk.do(handlers.open_accounts, OpenAccounts("acme", [CHARGES], cause()))
    order = Order("A-1")
    await desk.bill(order)
    await desk.hear(order.payment("P-1", "40.00"))
    path = f"/payments/{payment_id('P-1')}"

    body = {"bounced_on": "2026-11-27", "reason": "account closed", "fee": "5.00"}
    bounced = await post(caller, f"{path}/bounce", body)
    again = await post(caller, f"{path}/bounce", body)

    assert (bounced.status_code, bounced.json()["reopened"][0]["open"]) == (201, "37.20")
    assert (again.status_code, again.json()["type"]) == (409, "/problems/payment-bounced")
    balances = await desk.balances()
    assert (balances["1000", "EUR"], balances["1100", "EUR"], balances["6200", "EUR"]) == (-500, 3720, 500)
    assert ("2100", "EUR") not in balances
    (told,) = await desk.told("PaymentBounced")
    assert told.data["reopened"][0]["amount"] == "37.20"
    shown = await get(caller, path)
    assert (shown["bounced"], shown["unapplied"], shown["returned"], shown["allocations"]) == (
        True,
        "0.00",
        "40.00",
        [],
    )
    entries = (await get(caller, f"/entries?document={payment_id('P-1')}"))["entries"]
    assert [e["reversed_by"] for e in entries if e["reversed_by"]] == [bounced.json()["entry"]]
    assert await desk.faults() == []


async def test_a_refund_needs_a_second_person_and_takes_unapplied_money_out(
    desk: Desk, caller: httpx.AsyncClient
) -> None:
    """L6: what was paid too much goes back when another person agrees, never by who asked."""
    order = Order("A-1")
    await desk.bill(order)
    await desk.hear(order.payment("P-1", "40.00"))
    path = f"/payments/{payment_id('P-1')}/refunds"
    wish = {"refund_on": "2026-11-22", "reason": "paid too much"}

    too_much = await post(caller, path, wish | {"amount": "2.81"})
    asked = await post(caller, path, wish)
    alone = await post(caller, f"/refunds/{asked.json()['refund']}/decision", {"decision": "approve"})
    by_another = DecideRefund("acme", payment_id("x"), True, cause())  # unknown: told so, nothing written
    (unknown,) = await desk.do(handlers.decide_refunds, by_another)
    refund = await get(caller, f"/refunds/{asked.json()['refund']}")
    await desk.do(handlers.decide_refunds, DecideRefund("acme", _uuid(refund["refund"]), True, cause()))

    assert (too_much.status_code, too_much.json()["type"]) == (409, "/problems/not-enough-unapplied")
    assert (asked.status_code, asked.json()["amount"], asked.json()["state"]) == (201, "2.80", "requested")
    assert (alone.status_code, alone.json()["type"]) == (403, "/problems/second-person-needed")
    assert isinstance(unknown, Refused)
    assert (await get(caller, f"/refunds/{refund['refund']}"))["state"] == "approved"
    balances = await desk.balances()
    assert (balances["1000", "EUR"], ("2100", "EUR") in balances) == (3720, False)
    (told,) = await desk.told("PaymentRefunded")
    assert told.data["amount"] == {"amount": "2.80", "currency": "EUR"}
    assert await desk.faults() == []


def _uuid(text: str) -> Any:
    from chassis.ids import UUID

    return UUID(text)


# -- other currencies -------------------------------------------------------------------------------------------------


async def rate(desk: Desk, currency: str, day: date, value: str) -> None:
    await desk.do(handlers.record_rates, RecordRates("acme", [NewRate(currency, day, value, "ECB", "")], cause()))


async def base(desk: Desk) -> dict[str, int]:
    """What each account is worth in the company's own currency."""
    rows = await desk.rows(
        "select account, sum(base_debit - base_credit)::bigint from account_day group by 1 having "
        "sum(base_debit - base_credit) <> 0"
    )
    return dict(rows)


async def test_an_invoice_in_another_currency_paid_in_it_realises_the_difference(desk: Desk) -> None:
    """L5, X8: USD 37.20 invoiced at 0.80 and paid at 0.90: EUR 3.72 gained, posted; parts share it to the cent."""
    order = Order("A-1", currency="USD")
    await desk.bill(order)
    assert (await base(desk))["1100"] == 2976
    await rate(desk, "USD", date(2026, 11, 25), "0.9")

    await desk.hear(order.payment("P-1", "12.40", received_on=date(2026, 11, 25)))
    assert (await base(desk))["1100"] == 1984
    await desk.hear(order.payment("P-2", "30.00", received_on=date(2026, 11, 26)))

    worth = await base(desk)
    assert worth == {"1000": 1116 + 2700, "2100": -468, "2200": -576, "4000": -2400, "4900": -372}
    assert await desk.open_items() == {}
    assert await desk.faults() == []


async def test_the_trial_balance_shows_what_was_gained_by_exchange(desk: Desk, caller: httpx.AsyncClient) -> None:
    """L5: a difference is of the company's own currency alone: 4900 has 3.72 there, and both sides are equal."""
    order = Order("A-1", currency="USD")
    await desk.bill(order)
    await rate(desk, "USD", date(2026, 11, 25), "0.9")
    await desk.hear(order.payment("P-1", "37.20", received_on=date(2026, 11, 25)))
    ((last,),) = await desk.rows("select max(at)::text from journal_entry")

    for query in ("", "?as_of=2026-11-30", f"?known_at={last.replace('+00', 'Z').replace(' ', 'T')}"):
        shown = await get(caller, f"/trial-balance{query}")
        worth = {row["account"]: row["base_balance"] for row in shown["accounts"]}
        assert worth == {"1000": "33.48", "1100": "0.00", "2200": "-5.76", "4000": "-24.00", "4900": "-3.72"}
        assert shown["base_total"] == {"currency": "EUR", "debit": "63.24", "credit": "63.24"}
    before = await get(caller, "/trial-balance?as_of=2026-11-24")
    assert "4900" not in {row["account"] for row in before["accounts"]}


async def test_a_fallen_rate_is_a_loss_and_a_bounce_takes_it_back(desk: Desk, caller: httpx.AsyncClient) -> None:
    """L5: the difference that a payment realised is not realised any more when the bank takes the payment back."""
    order = Order("A-1", currency="USD")
    await desk.bill(order)
    await rate(desk, "USD", date(2026, 11, 25), "0.7")
    await desk.hear(order.payment("P-1", "37.20", received_on=date(2026, 11, 25)))
    assert (await base(desk))["6900"] == 372

    body = {"bounced_on": "2026-11-27", "reason": "no cover"}
    answer = await post(caller, f"/payments/{payment_id('P-1')}/bounce", body)

    assert answer.status_code == 201, answer.text
    worth = await base(desk)
    assert (worth["1100"], worth.get("6900", 0) + worth.get("4900", 0), worth.get("1000", 0)) == (2976, 0, 0)
    assert await desk.faults() == []


async def test_an_invoice_is_paid_in_a_third_currency_by_the_rates_of_the_day(
    desk: Desk, caller: httpx.AsyncClient
) -> None:
    """L5: USD invoice, money in EUR: each currency balances, the exchange account is nought, the gain is posted."""
    order = Order("A-1", currency="USD")
    await desk.bill(order)
    await desk.hear(payment("P-1", "40.00"))  # EUR
    await rate(desk, "USD", NOON.date(), "0.75")
    path = f"/payments/{payment_id('P-1')}/allocations"

    made = await post(caller, path, {"invoice": str(order.invoice), "on": "2026-11-22"})

    assert made.status_code == 201, made.text
    on_day = made.json()
    assert (on_day["paid"], on_day["open"]) == ("37.20", "0.00")
    worth = await base(desk)
    assert "1100" not in worth
    assert "1900" not in worth  # what was exchanged is worth the same on both sides
    assert worth["1000"] == 4000
    assert await desk.faults() == []

    undone = await post(caller, f"{path}/undo", {"invoice": str(order.invoice), "reason": "a mistake"})
    assert undone.status_code == 201, undone.text
    assert (await base(desk))["1100"] == 2976
    assert await desk.faults() == []


async def test_money_of_which_nobody_said_what_it_is_worth_waits_for_its_rate(desk: Desk) -> None:
    """L5: an order and a payment in a currency without a rate are held, named, and go on when the rate is recorded."""
    order = Order("A-1", currency="GBP")
    await desk.bill(order)
    await desk.hear(order.payment("P-1", "37.20", received_on=date(2026, 11, 22)))
    assert [reason for reason, _ in await desk.held()] == ["waiting", "waiting"]
    assert all("no rate of GBP" in detail for _, detail in await desk.held())

    await rate(desk, "GBP", date(2026, 11, 22), "1.2")
    await desk.try_held()

    assert await desk.held() == []
    assert await desk.open_items() == {}
    assert await desk.faults() == []


async def test_rates_are_given_once_with_their_source(caller: httpx.AsyncClient) -> None:
    """L5, X8: a rate has its day and its source; a second one for the day is refused, what was booked stays."""
    new = {"currency": "CHF", "valid_on": "2026-11-20", "rate": "1.0684", "source": "ECB"}

    made = await post(caller, "/exchange-rates", {"rates": [new]})
    again = await post(caller, "/exchange-rates", {"rates": [{**new, "rate": "1.07"}]})
    own = await post(caller, "/exchange-rates", {"rates": [{**new, "currency": "EUR"}]})
    listed = await get(caller, "/exchange-rates?currency=CHF")

    assert (made.status_code, again.status_code, own.status_code) == (201, 409, 422)
    assert [(r["rate"], r["source"], r["recorded_by"]) for r in listed["rates"]] == [("1.0684", "ECB", "key:warehouse")]
