"""Chasing what is overdue: levels, fees, interest, what stops it, once a day."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import httpx
import pytest
import pytest_asyncio

from chassis.errors import Refused
from chassis.jobs import Job
from chassis.requests import Answer
from services.ledger import handlers
from services.ledger.commands import NewAccount, OpenAccounts, RunDunning, SetDunningPolicy
from services.ledger.domain.dunning import interest_on
from tests.ledger.accountant import faults
from tests.ledger.desk import Desk, Order, cause

ACME = "/v1/companies/acme"
INCOME = NewAccount("4800", "Late payment", "income", "dunning_income", "")
LEVELS = [(5, "0", "0"), (20, "5.00", "0.08"), (40, "10.00", "0.08")]
keys = (f"dun-{n}" for n in range(10**9))


@pytest_asyncio.fixture
async def caller(desk: Desk) -> AsyncIterator[httpx.AsyncClient]:
    await desk.do(handlers.open_accounts, OpenAccounts("acme", [INCOME], cause()))
    async with desk.ask() as client:
        yield client


async def post(client: httpx.AsyncClient, path: str, body: object) -> httpx.Response:
    return await client.post(f"{ACME}{path}", json=body, headers={"idempotency-key": next(keys)})


def order(name: str, day: date, customer: str = "C-1") -> Order:
    return Order(name, customer=customer, at=datetime(day.year, day.month, day.day, 12, tzinfo=UTC))


async def dun(desk: Desk, day: date) -> Any:
    now = datetime(day.year, day.month, day.day, 9, tzinfo=UTC)
    (result,) = await desk.do(handlers.run_dunning, RunDunning("acme", None, cause()), now=now)
    return result


async def policy(desk: Desk, *, books: bool = True) -> None:
    await desk.do(handlers.set_policies, SetDunningPolicy("acme", LEVELS, books, cause()))


async def test_levels_follow_each_other_with_fee_and_interest_that_stay_owed(
    desk: Desk, caller: httpx.AsyncClient
) -> None:
    """L8: levels by days overdue, fee and interest as an entry and a debit note, all the letter prints in the event."""
    await policy(desk)
    first = order("A-1", date(2026, 6, 1))  # due on 1 July
    await desk.bill(first, order("A-2", date(2026, 9, 1)))

    days = [date(2026, 7, 1) + timedelta(days=n) for n in (0, 4, 5, 19, 20, 39, 45)]
    runs = [(await dun(desk, day)).body["letters"] for day in days]

    assert runs == [0, 0, 1, 0, 1, 0, 1]
    told = [one.data for one in await desk.told("DunningLevelReached")]
    assert [(one["level"], one["fee"], one["interest"]) for one in told] == [
        (1, "0.00", "0.00"),
        (2, "5.00", "0.12"),  # 37.20 at 8 % for 15 days since the first letter
        (3, "10.00", "0.20"),
    ]
    assert told[1]["total"] == "42.32"
    assert (told[1]["customer"]["language"], told[1]["items"][0]["days_overdue"]) == ("el", 20)
    assert [one.get("charge_number") for one in told] == [None, "LPC-2026-000001", "LPC-2026-000002"]
    overdue, of_charge = await desk.told("InvoiceOverdue")
    assert of_charge.data["number"] == "LPC-2026-000001"
    assert (overdue.key, overdue.data["due_on"]) == (str(first.invoice), "2026-07-01")
    balances = await desk.balances()
    assert balances["4800", "EUR"] == -1532
    assert balances["1100", "EUR"] == 3720 * 2 + 1532
    assert await desk.faults() == []


async def test_the_run_of_a_day_happens_once_whatever_asks_for_it(desk: Desk, caller: httpx.AsyncClient) -> None:
    """L8: idempotent per day: by API twice and by the clock, one letter."""
    await policy(desk)
    await desk.bill(order("A-1", date(2026, 6, 1)))

    first = await dun(desk, date(2026, 7, 10))
    again = await dun(desk, date(2026, 7, 10))
    by_hand = await post(caller, "/dunning/runs", {"day": "2026-07-10"})
    to_come = await post(caller, "/dunning/runs", {"day": "2199-01-01"})

    assert (first.status, again.status, again.body["letters"]) == (201, 200, 1)
    assert (by_hand.status_code, by_hand.json()["repeated"]) == (200, True)
    assert to_come.json()["type"] == "/problems/day-to-come"
    assert len(await desk.told("DunningLevelReached")) == 1
    (job,) = await desk.rows("select company, queue, key from job")
    assert job == ("acme", "dunning", "daily")  # the clock comes the next morning
    assert Job.__name__ == "Job"


async def test_days_before_the_last_run_are_not_dunned_any_more(desk: Desk, caller: httpx.AsyncClient) -> None:
    """L8: three levels would be reached within a minute, by runs for today, yesterday and the day before."""
    await policy(desk)
    await desk.bill(order("A-1", date(2026, 6, 1)))
    await dun(desk, date(2026, 8, 20))

    before = await post(caller, "/dunning/runs", {"day": "2026-08-19"})
    same = await post(caller, "/dunning/runs", {"day": "2026-08-20"})
    after = await post(caller, "/dunning/runs", {"day": "2026-08-21"})

    assert (before.status_code, before.json()["type"]) == (422, "/problems/before-last-run")
    assert faults(before) == [("/day", "before-last-run")]
    assert "2026-08-20" in before.json()["detail"]
    assert (same.json()["repeated"], after.json()["letters"]) == (True, 1)
    assert [one.data["level"] for one in await desk.told("DunningLevelReached")] == [1, 2]


async def test_of_days_that_are_asked_for_together_none_is_before_the_last(desk: Desk) -> None:
    """L8: in one batch as one after the other."""
    await policy(desk, books=False)
    await desk.bill(order("A-1", date(2026, 6, 1)))
    days = [date(2026, 8, 20), date(2026, 8, 19)]

    done, refused = await desk.do(handlers.run_dunning, *(RunDunning("acme", day, cause()) for day in days))

    assert isinstance(done, Answer)
    assert isinstance(refused, Refused)
    assert (done.status, refused.code) == (201, "before-last-run")
    assert len(await desk.told("DunningLevelReached")) == 1


async def test_a_letter_goes_to_the_customer_as_it_is_on_the_day(desk: Desk, caller: httpx.AsyncClient) -> None:
    """L8: moved, and of another language, since its oldest invoice; the debit note over the charges says the same."""
    await policy(desk)
    await desk.bill(order("A-1", date(2026, 6, 1)))
    old = {"line1": "Οδός Αδριανού 24", "city": "Αθήνα", "postcode": "10556", "country": "GR"}
    new = {"line1": "1 High Street", "city": "Valletta", "postcode": "VLT 1", "country": "MT"}
    who = {"customer": "C-1", "name": "Καφέ", "language": "el", "address": old, "valid_from": "2026-01-01"}
    assert (await post(caller, "/customers", who)).status_code == 201
    moved = {"valid_from": "2026-07-10", "name": "Cafe Ltd.", "language": "en", "address": new}
    answer = await caller.post(f"{ACME}/customers/C-1/changes", json=moved, headers={"idempotency-key": next(keys)})
    assert answer.status_code == 201, answer.text

    await dun(desk, date(2026, 7, 6))
    await dun(desk, date(2026, 7, 21))

    first, second = [one.data["customer"] for one in await desk.told("DunningLevelReached")]
    assert (first["id"], first["name"], first["language"], first["address"]) == ("C-1", "Καφέ", "el", old)
    assert (second["id"], second["name"], second["language"], second["address"]) == ("C-1", "Cafe Ltd.", "en", new)
    ((name,),) = await desk.rows("select customer_name from invoice where series = 'LPC'")
    assert name == "Cafe Ltd."


async def test_who_is_not_registered_is_written_to_where_its_newest_invoice_went(desk: Desk) -> None:
    """L8: by what the front office said last."""
    await policy(desk, books=False)
    later = order("A-2", date(2026, 6, 2))
    placed = later.placed()
    await desk.bill(order("A-1", date(2026, 6, 1)))
    moved = replace(placed, body=placed.body.replace("Οδός Αδριανού 24".encode(), "Οδός Ερμού 1".encode()))
    await desk.hear(moved, later.reserved())

    await dun(desk, date(2026, 8, 20))

    (told,) = await desk.told("DunningLevelReached")
    assert told.data["customer"]["address"]["line1"] == "Οδός Ερμού 1"


@pytest.mark.parametrize(
    ("stop", "letters"),
    [
        ({"kind": "dispute", "reason": "wrong goods"}, 0),
        ({"kind": "promise", "until": "2026-07-10", "reason": "phoned"}, 0),
        ({"kind": "promise", "until": "2026-07-09", "reason": "phoned"}, 1),
    ],
    ids=["disputed", "promised until that day", "the promise was broken"],
)
async def test_a_dispute_or_a_promise_stops_it(
    desk: Desk, caller: httpx.AsyncClient, stop: dict[str, str], letters: int
) -> None:
    """L8: stopped by dispute or promise to pay, until its day."""
    await policy(desk)
    late = order("A-1", date(2026, 6, 1))
    await desk.bill(late)
    answer = await post(caller, f"/invoices/{late.invoice}/dunning-stop", stop)
    assert answer.status_code == 200, answer.text

    assert (await dun(desk, date(2026, 7, 10))).body["letters"] == letters


async def test_a_payment_of_the_principal_leaves_fee_and_interest_owed_and_paid_by_their_number(
    desk: Desk, caller: httpx.AsyncClient
) -> None:
    """L8: interest is not lost when the original sum is paid; the debit note is paid as any invoice."""
    await policy(desk)
    late = order("A-1", date(2026, 6, 1))
    await desk.bill(late)
    for day in (date(2026, 7, 6), date(2026, 7, 21)):
        await dun(desk, day)

    await desk.hear(late.payment("P-1", "37.20", received_on=date(2026, 7, 25)))
    assert list((await desk.open_items()).values()) == [512]
    await desk.hear(late.payment("P-2", "5.12", received_on=date(2026, 7, 26), invoice_number="LPC-2026-000001"))

    assert await desk.open_items() == {}
    assert await desk.faults() == []


async def test_a_policy_that_only_announces_books_nothing(desk: Desk) -> None:
    await policy(desk, books=False)
    await desk.bill(order("A-1", date(2026, 6, 1)))

    for day in (date(2026, 7, 6), date(2026, 7, 21)):
        await dun(desk, day)

    assert [one.data["fee"] for one in await desk.told("DunningLevelReached")] == ["0.00", "5.00"]
    assert (await desk.balances())["1100", "EUR"] == 3720


def test_interest_is_rounded_half_up_once() -> None:
    assert interest_on(3720 * 15, "0.08") == 12
    assert interest_on(3650, "0.1") == 1
    assert interest_on(1825, "0.1") == 1  # half a cent
    assert interest_on(1824, "0.1") == 0


async def test_what_late_payment_costs_is_found_by_number_and_among_the_customers_invoices(
    desk: Desk, caller: httpx.AsyncClient
) -> None:
    """L8: by the number on the letter; with all that the customer has been invoiced, the newest day first."""
    await policy(desk)
    await desk.bill(
        order("A-1", date(2026, 6, 1)), order("A-2", date(2026, 9, 1)), order("B-1", date(2026, 6, 1), "C-2")
    )
    for day in (date(2026, 7, 6), date(2026, 7, 21)):
        await dun(desk, day)

    async def numbers(**query: str | int) -> list[str]:
        answer = await caller.get(f"{ACME}/invoices", params=query)
        return [one["number"] for one in answer.json()["invoices"]]

    (charge,) = (await caller.get(f"{ACME}/invoices", params={"number": "lpc-2026-000001"})).json()["invoices"]
    assert (charge["number"], charge["customer"], charge["total"]) == ("LPC-2026-000001", "C-1", "5.12")
    assert await numbers(customer="C-1") == ["INV-2026-000002", "LPC-2026-000001", "INV-2026-000001"]
    assert await numbers(customer="C-1", number="INV-2026-000002") == ["INV-2026-000002"]
    assert await numbers(number="LPC-2026-000099") == []
    assert await numbers() == ["INV-2026-000003", "INV-2026-000002", "INV-2026-000001"]
    first = (await caller.get(f"{ACME}/invoices", params={"customer": "C-1", "limit": 2})).json()
    assert await numbers(customer="C-1", limit=2, after=first["next"]) == ["INV-2026-000001"]
