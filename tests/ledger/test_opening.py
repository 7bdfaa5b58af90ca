"""What was open in an earlier system is open here: aged, stated, paid, dunned, reconciled."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime

import httpx
import pytest_asyncio

from chassis.requests import Answer
from services.ledger import handlers
from services.ledger.commands import OpenAccounts, RunDunning, SetDunningPolicy
from tests.ledger.desk import Desk, cause, payment, payment_id
from tests.ledger.takeover import BEGIN, CUSTOMERS, OPENING, come_over, get, invoice_of, post, send, take_over


@pytest_asyncio.fixture
async def office(desk: Desk) -> AsyncIterator[httpx.AsyncClient]:
    async with desk.ask() as client:
        yield client


async def test_open_items_are_aged_by_their_own_days_and_stand_on_statements_by_their_own_numbers(
    office: httpx.AsyncClient,
) -> None:
    """L6: what was open in the earlier system, from the day of taking over on, overdue since it fell due there."""
    await come_over(office)

    (before,) = (await get(office, "/ageing", as_of="2026-10-31"))["totals"] or [None]
    assert before is None
    (row,) = (await get(office, "/ageing", as_of="2026-11-20"))["totals"]
    assert (row["days_1_30"], row["days_61_90"], row["total"]) == ("200.00", "1000.00", "1200.00")
    (customer,) = (await get(office, "/ageing/customers", as_of="2026-11-20"))["customers"]
    assert [(item["number"], item["days_overdue"], item["issued_on"]) for item in customer["items"]] == [
        ("RE-4711", 62, "2026-08-20"),
        ("RE-4712", 1, "2026-10-20"),
    ]
    (euros,) = (await get(office, "/customers/C-1/statement", since="2026-10-01", as_of="2026-11-20"))["currencies"]
    assert [(x["day"], x["kind"], x["invoice"], x["balance"]) for x in euros["lines"]] == [
        ("2026-11-01", "invoice", "RE-4711", "1000.00"),
        ("2026-11-01", "invoice", "RE-4712", "1200.00"),
    ]
    (owed,) = (await get(office, "/customers/C-2/statement", as_of="2026-11-20"))["currencies"]
    assert (owed["closing"], owed["unapplied"]) == ("0.00", "66.00")
    item = await invoice_of(office, "re-4711")
    assert (item["total"], item["open"], item["stated_total"], item["tax"]) == ("1000.00", "1000.00", "1240.00", "0.00")


async def test_open_items_equal_their_control_account_on_every_day(desk: Desk, office: httpx.AsyncClient) -> None:
    """L16: the sub-ledger is the control account before, on and after the day of taking over, and once money came."""
    await come_over(office)
    await desk.hear(payment("P-1", "300.00", invoice_number="RE-4711", received_on=date(2026, 10, 25)))

    for day in ("2026-10-25", "2026-10-31", "2026-11-01", "2026-11-20"):
        compared = await get(office, "/reconciliation/receivables", as_of=day, thorough=True)
        assert (compared["holds"], compared["documents"]) == (True, []), day
    assert (await get(office, "/integrity"))["holds"]


async def test_money_pays_an_open_item_by_the_number_that_its_customer_knows(
    desk: Desk, office: httpx.AsyncClient
) -> None:
    """L6: in part, however it is written; money from before the books began pays it on the day they begin."""
    await come_over(office)

    await desk.hear(payment("P-1", "300.00", invoice_number="re-4711", received_on=date(2026, 10, 25)))
    await desk.hear(payment("P-2", "700.00", pays=[{"invoice_number": "RE-4711"}], received_on=date(2026, 11, 9)))

    item = await invoice_of(office, "RE-4711")
    assert (item["state"], item["open"]) == ("paid", "0.00")
    (paid,) = await desk.told("InvoicePaid")
    assert (paid.data["number"], paid.data["paid_on"], paid.data["order"]) == ("RE-4711", "2026-11-09", item["invoice"])
    days = await desk.rows("select effective_on from allocation order by 1")
    assert days == [(date(2026, 11, 1),), (date(2026, 11, 9),)]
    shown = await get(office, f"/payments/{payment_id('P-1')}")
    assert [(one["number"], one["paid"]) for one in shown["allocations"]] == [("RE-4711", "300.00")]
    assert await desk.faults() == []


async def test_a_credit_note_of_the_earlier_system_is_money_of_its_customer(
    desk: Desk, office: httpx.AsyncClient
) -> None:
    """L6: it pays what a person says, and goes back with a second one's word; no bank can take it back."""
    await come_over(office)
    (credit,) = (await get(office, "/payments", unapplied=True))["payments"]
    item = await invoice_of(office, "RE-4712")
    assert (credit["reference"], credit["customer"], credit["stated_on"]) == ("GS-17", "C-2", "2026-09-01")

    pays = await post(office, f"/payments/{credit['payment']}/allocations",
                      {"invoice": item["invoice"], "amount": "60.00", "on": "2026-11-05"})  # fmt: skip
    bounced = await post(office, f"/payments/{credit['payment']}/bounce", {"bounced_on": "2026-11-06", "reason": "no"})
    asked = await post(office, f"/payments/{credit['payment']}/refunds", {"refund_on": "2026-11-07", "reason": "rest"})

    assert (pays.status_code, pays.json()["open"], pays.json()["unapplied"]) == (201, "140.00", "6.00")
    assert (bounced.status_code, bounced.json()["type"]) == (409, "/problems/not-received")
    assert (asked.status_code, asked.json()["amount"]) == (201, "6.00")
    assert await desk.faults() == []


async def test_an_item_that_was_taken_over_by_mistake_is_taken_back_by_a_credit_note_over_it(
    desk: Desk, office: httpx.AsyncClient
) -> None:
    """L2, X24: nothing is edited: what was wrong stays on record, and comes to nought in every account."""
    await come_over(office)
    item = await invoice_of(office, "RE-4712")
    before = await desk.balances()

    names = "kind,number,customer,issued_on,currency,total,open"
    row = "credit-note,BACK-1,C-1,2026-10-20,EUR,200.00,200.00"
    await take_over(office, f"{names}\n{row}\n")
    (credit,) = [x for x in (await get(office, "/payments", unapplied=True))["payments"] if x["customer"] == "C-1"]
    pays = await post(office, f"/payments/{credit['payment']}/allocations",
                      {"invoice": item["invoice"], "on": BEGIN.isoformat()})  # fmt: skip

    assert (pays.status_code, pays.json()["open"]) == (201, "0.00")
    after = await desk.balances()
    assert after.pop(("3900", "EUR")) == 20000  # as if it had never been taken over
    assert before | {("1100", "EUR"): 100000} == after
    (aged,) = (await get(office, "/ageing", as_of=BEGIN.isoformat()))["totals"]
    assert aged["total"] == "1000.00"
    assert await desk.faults() == []


async def test_an_open_item_is_dunned_from_the_level_that_it_had_reached(desk: Desk, office: httpx.AsyncClient) -> None:
    """L8: the next level, with interest since the last letter of the earlier system, under the number of then."""
    await come_over(office)
    levels = [(5, "0", "0"), (20, "5.00", "0.08"), (40, "10.00", "0.08")]
    await desk.do(handlers.set_policies, SetDunningPolicy("acme", levels, True, cause()))

    now = datetime(2026, 11, 25, 9, tzinfo=UTC)
    (run,) = await desk.do(handlers.run_dunning, RunDunning("acme", None, cause()), now=now)

    assert isinstance(run, Answer)
    assert run.body["letters"] == 1
    (letter,) = [one.data for one in await desk.told("DunningLevelReached")]
    assert [(x["number"], x["level"], x["total"], x["open"], x["interest"]) for x in letter["items"]] == [
        ("RE-4711", 2, "1240.00", "1000.00", "12.05"),  # 8 % for 55 days since the first of October
        ("RE-4712", 1, "200.00", "200.00", "0.00"),
    ]
    assert (letter["level"], letter["fee"], letter["customer"]["name"]) == (2, "5.00", "Cafe Acropolis")
    (overdue,) = await desk.told("InvoiceOverdue")  # of the other one the earlier system has told
    assert overdue.data["number"] == "RE-4712"
    charge = (await desk.rows("select id, order_id from invoice where series = 'LPC'"))[0]
    assert charge[0] == charge[1]  # it belongs to no order
    assert await desk.faults() == []


async def test_an_open_item_in_another_currency_keeps_its_worth_and_realises_the_difference(
    desk: Desk, office: httpx.AsyncClient
) -> None:
    """L5: worth what the earlier books say, else by the rate of the day; paid at another one, it is realised."""
    await desk.do(handlers.open_accounts, OpenAccounts("acme", [OPENING], cause()))
    await send(office, "customers", CUSTOMERS)
    text = (
        "number,customer,issued_on,due_on,currency,total,open,base\n"
        "US-1,C-2,2026-09-01,2026-10-01,USD,100.00,100.00,70.00\n"
        "US-2,C-2,2026-09-01,2026-10-01,USD,100.00,50.00,\n"
    )

    taken = await take_over(office, text, taken_over_on="2026-11-21")
    await desk.hear(payment("P-1", "100.00", currency="USD", invoice_number="US-1"))  # at 0.8

    assert taken.status_code == 201, taken.text
    (own,) = await desk.rows(
        "select sum(base_debit - base_credit)::bigint from account_day where account = '3900' group by account"
    )
    assert own == (-11000,)  # 70.00 as stated, 50.00 at 0.8
    difference = await desk.rows("select sum(base_credit - base_debit)::bigint from account_day where account = '4900'")
    assert difference == [(1000,)]
    assert await desk.faults() == []
