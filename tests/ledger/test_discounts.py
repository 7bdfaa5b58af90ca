"""Early-payment discounts: earned in time, with the tax part corrected, and taken back with what had earned them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, date, datetime
from typing import Any

import httpx
import pytest
import pytest_asyncio
from hypothesis import given
from hypothesis import strategies as st

from services.ledger import handlers
from services.ledger.commands import BouncePayment, NewRate, RecordRates
from services.ledger.domain.discount import Taxed, tax_parts
from tests.chassis.statements import counting_statements
from tests.ledger.desk import TODAY, Desk, Order, cause, payment, payment_id

ACME = "/v1/companies/acme"
CAFE = {
    "customer": "C-1042",
    "name": "Καφέ Ακρόπολη Ο.Ε.",
    "language": "el",
    "address": {"line1": "Οδός Αδριανού 24", "city": "Αθήνα", "postcode": "10556", "country": "GR"},
    "terms": {"net_days": 30, "discount": {"rate": "0.02", "days": 10}},
    "valid_from": "2026-11-01",
}
LAST_DAY = date(2026, 12, 2)
ORDER = Order("A-1", (("1", "100.00", "VAT24"), ("1", "50.00", "VAT13")))  # 124.00 + 56.50: 2 % of 180.50 are 3.61
SOLD = {("1100", "EUR"): 18050, ("4000", "EUR"): -15000, ("2200", "EUR"): -2400, ("2201", "EUR"): -650}
PAID = {
    ("1000", "EUR"): 17689,
    ("4000", "EUR"): -15000,
    ("6100", "EUR"): 300,  # 2 % of 150.00
    ("2200", "EUR"): -2352,  # 24.00 less 2 %
    ("2201", "EUR"): -637,  # 6.50 less 2 %
}
keys = (f"discount-{n}" for n in range(10**9))


@pytest_asyncio.fixture
async def caller(desk: Desk) -> AsyncIterator[httpx.AsyncClient]:
    """Who may move money for `acme`, which has agreed on a discount with its customer."""
    async with desk.ask() as client:
        await post(client, "/customers", CAFE)
        yield client


async def post(client: httpx.AsyncClient, path: str, body: object) -> Any:
    answer = await client.post(f"{ACME}{path}", json=body, headers={"idempotency-key": next(keys)})
    assert answer.status_code == 201, answer.text
    return answer.json()


async def get(client: httpx.AsyncClient, path: str) -> Any:
    answer = await client.get(f"{ACME}{path}")
    assert answer.status_code == 200, answer.text
    return answer.json()


async def assert_in_order(desk: Desk, caller: httpx.AsyncClient) -> None:
    """The books add up, and receivables equal their control account document by document."""
    assert await desk.faults() == []
    for day in ("2026-11-30", "2027-12-31"):
        shown = await get(caller, f"/reconciliation/receivables?thorough=true&as_of={day}")
        assert shown["holds"], shown


async def deductions(desk: Desk) -> list[tuple[int, date]]:
    """What was granted, and below zero taken back, in its order."""
    return [(amount, on) for amount, on in await desk.rows("select amount, effective_on from deduction order by at")]


async def untouched(desk: Desk, *accounts: str) -> bool:
    """Whether these accounts are at nought in each currency and in the company's own."""
    rows = await desk.rows(
        "select account, currency from account_day where company = 'acme' and account = any($1::text[]) "
        "group by 1, 2 having sum(debit - credit) <> 0 or sum(base_debit - base_credit) <> 0",
        list(accounts),
    )
    return rows == []


@pytest.mark.parametrize("received_on", [date(2026, 11, 20), TODAY, LAST_DAY])
async def test_who_pays_within_the_days_pays_less_and_the_tax_is_corrected(
    desk: Desk, caller: httpx.AsyncClient, received_on: date
) -> None:
    """L6: paid in time up to the discount, the invoice is settled; net, and each code's tax, are less by their part."""
    await desk.bill(ORDER)

    await desk.hear(ORDER.payment("P-1", "176.89", received_on=received_on))

    assert await desk.open_items() == {}
    assert await desk.balances() == PAID
    assert await deductions(desk) == [(361, max(received_on, TODAY))]
    (told,) = await desk.told("InvoicePaid")
    assert (told.key, told.data["paid_on"]) == (str(ORDER.invoice), max(received_on, TODAY).isoformat())
    assert (await get(caller, f"/invoices/{ORDER.invoice}"))["state"] == "paid"
    await assert_in_order(desk, caller)


async def test_money_that_came_before_its_invoice_earns_the_discount_too(desk: Desk, caller: httpx.AsyncClient) -> None:
    await desk.hear(ORDER.payment("P-1", "176.89"))

    await desk.bill(ORDER)

    assert await desk.open_items() == {}
    assert await desk.balances() == PAID
    assert len(await desk.told("InvoicePaid")) == 1
    await assert_in_order(desk, caller)


async def test_who_pays_a_day_too_late_gets_no_discount(desk: Desk, caller: httpx.AsyncClient) -> None:
    """L6: the discount ends with its last day; what was left out stays open."""
    await desk.bill(ORDER)

    await desk.hear(ORDER.payment("P-1", "176.89", received_on=date(2026, 12, 3)))

    assert await desk.open_items() == {ORDER.invoice: 361}
    assert await desk.balances() == SOLD | {("1000", "EUR"): 17689, ("1100", "EUR"): 361}
    assert await deductions(desk) == []
    assert await desk.told("InvoicePaid") == []
    await assert_in_order(desk, caller)


async def test_who_leaves_out_more_than_the_discount_gets_none_until_the_rest_comes_in_time(
    desk: Desk, caller: httpx.AsyncClient
) -> None:
    await desk.bill(ORDER)

    await desk.hear(ORDER.payment("P-1", "176.88"))
    assert await desk.open_items() == {ORDER.invoice: 362}
    await desk.hear(ORDER.payment("P-2", "0.01", received_on=LAST_DAY))

    assert await desk.balances() == PAID
    assert await deductions(desk) == [(361, LAST_DAY)]
    await assert_in_order(desk, caller)


async def test_who_pays_all_in_time_gets_nothing_back(desk: Desk, caller: httpx.AsyncClient) -> None:
    await desk.bill(ORDER)

    await desk.hear(ORDER.payment("P-1", "180.50"))

    sold = {key: balance for key, balance in SOLD.items() if key != ("1100", "EUR")}
    assert await desk.balances() == sold | {("1000", "EUR"): 18050}
    assert await deductions(desk) == []
    await assert_in_order(desk, caller)


async def test_an_allocation_that_is_undone_takes_the_discount_back(desk: Desk, caller: httpx.AsyncClient) -> None:
    """L6: all that was taken off by a discount is owed again when the money that earned it is withdrawn."""
    await desk.bill(ORDER)
    await desk.hear(payment("P-1", "176.89"))
    path = f"/payments/{payment_id('P-1')}/allocations"
    await post(caller, path, {"invoice": str(ORDER.invoice), "on": "2026-11-22"})
    assert await desk.balances() == PAID

    await post(caller, f"{path}/undo", {"invoice": str(ORDER.invoice), "reason": "another customer's"})

    assert await desk.open_items() == {ORDER.invoice: 18050}
    assert await desk.balances() == SOLD | {("1000", "EUR"): 17689, ("2100", "EUR"): -17689}
    assert [amount for amount, _ in await deductions(desk)] == [361, -361]
    await assert_in_order(desk, caller)


async def test_one_of_two_payments_that_bounces_takes_the_discount_back(desk: Desk, caller: httpx.AsyncClient) -> None:
    await desk.bill(ORDER)
    await desk.hear(ORDER.payment("P-1", "100.00"), ORDER.payment("P-2", "76.89"))

    body = {"bounced_on": "2026-11-27", "reason": "account closed"}
    await post(caller, f"/payments/{payment_id('P-1')}/bounce", body)

    assert await desk.open_items() == {ORDER.invoice: 18050 - 7689}
    assert await desk.balances() == SOLD | {("1000", "EUR"): 7689, ("1100", "EUR"): 18050 - 7689}
    assert await deductions(desk) == [(361, TODAY), (-361, date(2026, 11, 27))]
    await assert_in_order(desk, caller)


@pytest.mark.parametrize("received", [["176.89"], ["100.00", "76.89"]])
async def test_a_credited_invoice_takes_its_discount_back(
    desk: Desk, caller: httpx.AsyncClient, received: Sequence[str]
) -> None:
    """L6: paid with a discount, then cancelled: nothing is owed, income and tax are nought, the money is owed back."""
    await desk.bill(ORDER)
    await desk.hear(*[ORDER.payment(f"P-{n}", amount) for n, amount in enumerate(received)])

    await desk.hear(ORDER.released())

    assert await desk.open_items() == {}
    assert await desk.balances() == {("1000", "EUR"): 17689, ("2100", "EUR"): -17689}
    assert await deductions(desk) == [(361, TODAY), (-361, TODAY)]
    assert (await desk.told("PaymentAllocated"))[-1].data["allocations"] == []
    invoice = await get(caller, f"/invoices/{ORDER.invoice}")
    assert (invoice["state"], invoice["open"]) == ("credited", "0.00")
    await assert_in_order(desk, caller)


async def test_a_discount_is_not_taken_back_before_it_was_granted(desk: Desk, caller: httpx.AsyncClient) -> None:
    await desk.bill(ORDER)
    await desk.hear(ORDER.payment("P-1", "176.89", received_on=LAST_DAY))

    await desk.hear(ORDER.released())  # on the day of the invoice, ten days before

    assert await deductions(desk) == [(361, LAST_DAY), (-361, LAST_DAY)]
    await assert_in_order(desk, caller)


async def test_a_discount_that_was_taken_back_already_is_not_taken_back_again(
    desk: Desk, caller: httpx.AsyncClient
) -> None:
    await desk.bill(ORDER)
    await desk.hear(ORDER.payment("P-1", "100.00"), ORDER.payment("P-2", "76.89"))
    body = {"invoice": str(ORDER.invoice), "reason": "a mistake"}
    await post(caller, f"/payments/{payment_id('P-1')}/allocations/undo", body)

    await desk.hear(ORDER.released())

    assert [amount for amount, _ in await deductions(desk)] == [361, -361]
    assert await desk.balances() == {("1000", "EUR"): 17689, ("2100", "EUR"): -17689}
    await assert_in_order(desk, caller)


async def test_a_changed_order_earns_the_discount_of_its_new_invoice(desk: Desk, caller: httpx.AsyncClient) -> None:
    """X1: the discount on the first invoice goes back with it; the same money earns the one on the second."""
    dearer = ORDER.changed(*ORDER.lines, ("1", "10.00", "VAT0"))  # 190.50, of which 3.81 may be left out
    await desk.bill(ORDER)
    await desk.hear(ORDER.payment("P-1", "176.89"))

    await desk.hear(dearer.change())
    await desk.hear(ORDER.replaced(), dearer.reserved())
    assert await desk.open_items() == {dearer.invoice: 19050 - 17689}
    await desk.hear(dearer.payment("P-2", "9.80"))

    assert await desk.open_items() == {}
    assert [amount for amount, _ in await deductions(desk)] == [361, -361, 381]
    await assert_in_order(desk, caller)


async def test_in_another_currency_nothing_remains_of_a_discount_that_was_taken_back(
    desk: Desk, caller: httpx.AsyncClient
) -> None:
    """L5: granted and taken back are worth the same to the cent, whatever was paid at which rate in between."""
    order = Order("A-1", (("1", "33.33", "VAT24"), ("1", "7.77", "VAT13")), currency="USD")  # 41.33 + 8.78
    rate = NewRate("USD", date(2026, 11, 25), "0.7777", "ECB", "")
    await desk.do(handlers.record_rates, RecordRates("acme", [rate], cause()))
    await desk.bill(order)
    await desk.hear(order.payment("P-1", "11.11", received_on=date(2026, 11, 25)))
    await desk.hear(order.payment("P-2", "38.00", received_on=date(2026, 11, 26)))
    ((granted, _),) = await deductions(desk)
    assert granted == 100
    assert not await untouched(desk, "6100")

    await desk.hear(order.released())

    assert await untouched(desk, "1100", "2200", "2201", "4000", "6100")
    await assert_in_order(desk, caller)


@pytest.mark.parametrize("together", [True, False])
async def test_it_makes_no_difference_whether_payments_come_in_one_batch(
    desk: Desk, caller: httpx.AsyncClient, together: bool
) -> None:
    """L6: the payment that leaves no more than the discount earns it, whatever comes in the same breath."""
    await desk.bill(ORDER)
    events = [ORDER.payment("P-1", "176.89"), ORDER.payment("P-2", "3.61")]

    for batch in [events] if together else [[one] for one in events]:
        await desk.hear(*batch)

    assert await deductions(desk) == [(361, TODAY)]
    assert await desk.balances() == PAID | {("1000", "EUR"): 17689 + 361, ("2100", "EUR"): -361}
    await assert_in_order(desk, caller)


@pytest.mark.parametrize("how", ["undo", "bounce"])
async def test_in_another_currency_a_payment_that_is_withdrawn_leaves_no_cent_of_its_discount(
    desk: Desk, caller: httpx.AsyncClient, how: str
) -> None:
    """L5: the discount goes first, for what it was worth when it was granted; then the money."""
    order = Order("A-1", (("1", "33.33", "VAT24"), ("1", "7.77", "VAT13")), currency="USD")  # 41.33 + 8.78
    rate = NewRate("USD", date(2026, 11, 25), "0.7777", "ECB", "")
    await desk.do(handlers.record_rates, RecordRates("acme", [rate], cause()))
    await desk.bill(order)
    await desk.hear(order.payment("P-1", "49.17", received_on=date(2026, 11, 25)))
    sold = await worth(desk, "1100", "2200", "2201", "4000", before=date(2026, 11, 24))
    assert not await untouched(desk, "6100")

    path = f"/payments/{payment_id('P-1')}"
    if how == "undo":
        await post(caller, f"{path}/allocations/undo", {"invoice": str(order.invoice), "reason": "a mistake"})
    else:
        await post(caller, f"{path}/bounce", {"bounced_on": "2026-11-27", "reason": "no cover"})

    assert await untouched(desk, "6100")
    assert await worth(desk, "1100", "2200", "2201", "4000") == sold
    await assert_in_order(desk, caller)


async def worth(desk: Desk, *accounts: str, before: date = date(2999, 1, 1)) -> list[tuple[Any, ...]]:
    """What these accounts are worth in the company's own currency."""
    return await desk.rows(
        "select account, sum(base_debit - base_credit) from account_day where company = 'acme' "
        "and account = any($1::text[]) and effective_on < $2 group by 1 order by 1",
        list(accounts),
        before,
    )


async def test_a_late_payment_that_is_taken_back_does_not_cost_the_discount_of_one_in_time(
    desk: Desk, caller: httpx.AsyncClient
) -> None:
    """L6: in time is what still stands, not what once stood."""
    await desk.bill(ORDER)
    await desk.hear(ORDER.payment("P-1", "50.00", received_on=date(2026, 12, 10)))
    bounce = BouncePayment("acme", payment_id("P-1"), date(2026, 12, 12), "no cover", None, cause())
    await desk.do(handlers.bounce_payments, bounce, now=datetime(2026, 12, 12, 12, tzinfo=UTC))

    await desk.hear(ORDER.payment("P-2", "176.89", received_on=LAST_DAY))

    assert await deductions(desk) == [(361, LAST_DAY)]
    assert await desk.open_items() == {}
    await assert_in_order(desk, caller)


async def test_crediting_discounted_invoices_costs_the_same_statements_for_2_as_for_20(desk: Desk) -> None:
    async with desk.ask() as client:
        await post(client, "/customers", CAFE)
    asked: list[list[str]] = []
    for size in (2, 20):
        orders = [Order(f"{size}-{n}", ORDER.lines) for n in range(size)]
        await desk.bill(*orders)
        await desk.hear(*[order.payment(f"P-{order.name}", "176.89") for order in orders])
        async with counting_statements(desk.database) as counted:
            await desk.hear(*[order.released() for order in orders])
        asked.append(counted.queries)

    assert [amount for amount, _ in await deductions(desk)].count(-361) == 22
    assert asked[0] == asked[1]  # after a turn of the loop, in which the last statement is logged
    async with desk.ask() as client:
        await assert_in_order(desk, client)


taxed = st.builds(
    lambda rate, base: Taxed("2200", rate, base, round(base * float(rate))),
    st.sampled_from(["0", "0.06", "0.13", "0.24"]),
    st.integers(0, 10**7),
)


@given(st.integers(1, 10**6), st.lists(taxed, min_size=1, max_size=5))
def test_the_tax_in_a_discount_is_never_more_than_the_discount(amount: int, taxes: list[Taxed]) -> None:
    parts = tax_parts(amount, taxes)

    assert len(parts) == len(taxes)
    assert all(part.tax >= 0 for part in parts)
    assert sum(part.tax for part in parts) <= amount
    assert not any(part.tax for part, one in zip(parts, taxes, strict=True) if one.rate == "0" or not one.base)
