"""What is taken back has effect on its own day, never before the day of what it takes back: reports of the days between
say what was so.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import httpx
import pytest_asyncio

from services.ledger.main import build
from tests.ledger.accountant import faults
from tests.ledger.desk import Desk, Order, payment, payment_id

ACME = "/v1/companies/acme"
ORDER = Order("A-1", at=datetime(2026, 11, 10, 12, tzinfo=UTC))
keys = (f"between-{n}" for n in range(10**9))


@pytest_asyncio.fixture
async def caller(desk: Desk) -> AsyncIterator[httpx.AsyncClient]:
    async with desk.ask(scopes=("ledger:read", "ledger:write", "ledger:approve")) as client:
        yield client


async def ask(client: httpx.AsyncClient, path: str, body: object) -> httpx.Response:
    return await client.post(f"{ACME}{path}", json=body, headers={"idempotency-key": next(keys)})


async def post(client: httpx.AsyncClient, path: str, body: object) -> Any:
    answer = await ask(client, path, body)
    assert answer.status_code == 201, answer.text
    return answer.json()


async def owed(client: httpx.AsyncClient, *days: int) -> list[tuple[str, str]]:
    """What the customer owed on these days of November, and what money of theirs lay there."""
    shown = []
    for day in days:
        answer = await client.get(f"{ACME}/customers/C-1042/statement", params={"as_of": f"2026-11-{day}"})
        assert answer.status_code == 200, answer.text
        (euros,) = answer.json()["currencies"]
        shown.append((euros["closing"], euros["unapplied"]))
    return shown


async def allocated_on_the_20th(desk: Desk, client: httpx.AsyncClient) -> str:
    """An invoice of the 10th and money of the 11th, which a person puts together with effect from the 20th."""
    await desk.bill(ORDER)
    await desk.hear(payment("P-1", "50.00", received_on=date(2026, 11, 11), customer="C-1042"))
    path = f"/payments/{payment_id('P-1')}"
    await post(client, f"{path}/allocations", {"invoice": str(ORDER.invoice), "on": "2026-11-20"})
    return path


async def test_money_of_a_cancelled_order_is_not_taken_back_before_it_had_paid(
    desk: Desk, caller: httpx.AsyncClient
) -> None:
    """L6: cancelled on the 15th, known after money paid it on the 20th: nothing is owed on any day after."""
    await allocated_on_the_20th(desk, caller)

    await desk.hear(ORDER.released(at=datetime(2026, 11, 15, 12, tzinfo=UTC)))

    assert await owed(caller, 14, 16, 19, 21) == [
        ("37.20", "50.00"), ("0.00", "50.00"), ("0.00", "50.00"), ("0.00", "50.00"),
    ]  # fmt: skip
    assert await desk.faults() == []


async def test_lines_credited_on_a_day_before_money_paid_give_it_back_on_its_day(
    desk: Desk, caller: httpx.AsyncClient
) -> None:
    """L6: the same with a credit note over all lines that a person dates back."""
    await allocated_on_the_20th(desk, caller)

    body = {"lines": [{"line": 1}], "issued_on": "2026-11-15", "reason": "broken"}
    await post(caller, f"/invoices/{ORDER.invoice}/credit-notes", body)

    assert await owed(caller, 14, 16, 19, 21) == [
        ("37.20", "50.00"), ("0.00", "50.00"), ("0.00", "50.00"), ("0.00", "50.00"),
    ]  # fmt: skip
    assert await desk.faults() == []


async def test_money_for_an_invoice_to_come_and_for_one_of_before_is_worth_the_same_in_all_its_parts(
    desk: Desk, caller: httpx.AsyncClient
) -> None:
    """L5: dollars name the later invoice first; what lies there until its day is worth its share, to the cent."""
    lines = (("1", "0.03", "VAT0"),)
    early = Order("A-1", lines, currency="USD", at=datetime(2026, 11, 20, 12, tzinfo=UTC))
    late = Order("A-2", lines, currency="USD", at=datetime(2026, 11, 22, 12, tzinfo=UTC))
    await desk.bill(early, late)
    wishes = [{"invoice_number": "INV-2026-000002"}, {"invoice_number": "INV-2026-000001"}]

    await desk.hear(payment("P-1", "0.06", currency="USD", received_on=date(2026, 11, 21), pays=wishes))

    assert await desk.open_items() == {}
    assert await desk.faults() == []


async def test_a_discount_that_is_less_since_a_credit_note_was_whole_before_it(
    desk: Desk, caller: httpx.AsyncClient
) -> None:
    """L6: granted on the 11th, less since lines were credited on the 15th: nothing was owed at any time."""
    terms = {"net_days": 30, "discount": {"rate": "0.02", "days": 10}}
    address = {"line1": "Οδός Αδριανού 24", "city": "Αθήνα", "postcode": "10556", "country": "GR"}
    who = {"customer": "C-1042", "name": "Καφέ", "language": "el", "address": address, "terms": terms}
    await post(caller, "/customers", who)
    order = Order("A-1", (("2", "50.00", "VAT0"),), at=ORDER.at)
    await desk.bill(order)
    await desk.hear(order.payment("P-1", "98.00", received_on=date(2026, 11, 11)))

    lines = {"lines": [{"line": 1, "quantity": "1"}], "reason": "broken"}
    await post(caller, f"/invoices/{order.invoice}/credit-notes", lines | {"issued_on": "2026-11-15"})

    assert await owed(caller, 10, 12, 14, 16) == [
        ("100.00", "0.00"), ("0.00", "0.00"), ("0.00", "0.00"), ("0.00", "49.00"),
    ]  # fmt: skip
    assert await desk.faults() == []


async def test_a_bounced_payment_says_in_which_currency_an_invoice_is_open_again(
    desk: Desk, caller: httpx.AsyncClient
) -> None:
    """L6: money in another currency than the invoice: a reader of the event cannot know it otherwise."""
    at = datetime(2026, 11, 21, 12, tzinfo=UTC)
    order = Order("A-1", (("1", "5.00", "VAT0"),), currency="USD", at=at)
    await desk.bill(order)
    await desk.hear(payment("P-1", "50.00"))
    path = f"/payments/{payment_id('P-1')}"
    await post(caller, f"{path}/allocations", {"invoice": str(order.invoice), "on": "2026-11-22"})

    await post(caller, f"{path}/bounce", {"bounced_on": "2026-11-27", "reason": "account closed"})

    (bounced,) = await desk.told("PaymentBounced")
    assert [(one["amount"], one["currency"]) for one in bounced.data["reopened"]] == [("5.00", "USD")]


async def test_a_bounced_payment_is_gone_when_its_entry_says_so(desk: Desk, caller: httpx.AsyncClient) -> None:
    """L6: the bank dates it on the 12th, but what it paid since the 20th is open since then: so it goes then."""
    path = await allocated_on_the_20th(desk, caller)

    await post(caller, f"{path}/bounce", {"bounced_on": "2026-11-12", "reason": "account closed"})

    assert await owed(caller, 13, 19, 20) == [("37.20", "50.00"), ("37.20", "50.00"), ("37.20", "0.00")]
    assert await desk.faults() == []


OTHER = Order("A-2", at=ORDER.at)


async def taken_back_today(desk: Desk, client: httpx.AsyncClient) -> tuple[str, date]:
    """Two invoices of the 10th, and money of the 11th that paid the first one until a person takes it back; since when
    it is free again."""
    await desk.bill(ORDER, OTHER)
    await desk.hear(ORDER.payment("P-1", "37.20", received_on=date(2026, 11, 11)))
    path = f"/payments/{payment_id('P-1')}"
    undone = await post(client, f"{path}/allocations/undo", {"invoice": str(ORDER.invoice), "reason": "another's"})
    entry = await client.get(f"{ACME}/entries/{undone['entry']}")
    return path, date.fromisoformat(entry.json()["posted_on"])


async def test_money_is_not_used_twice_over_the_same_days(desk: Desk, caller: httpx.AsyncClient) -> None:
    """L6: what paid one invoice until today pays no other one before today; the refusal names the earliest day."""
    path, free_on = await taken_back_today(desk, caller)
    early = {"invoice": str(OTHER.invoice), "on": "2026-11-15"}

    refused = await ask(caller, f"{path}/allocations", early)
    taken = await ask(caller, f"{path}/allocations", early | {"on": free_on.isoformat()})

    assert (refused.status_code, refused.json()["type"]) == (422, "/problems/money-not-free")
    assert faults(refused) == [("/on", "money-not-free")]
    assert free_on.isoformat() in refused.json()["detail"]
    assert taken.status_code == 201
    assert await owed(caller, 12, 15) == [("37.20", "0.00"), ("37.20", "0.00")]
    assert await desk.faults() == []


async def test_money_that_is_allocated_without_a_day_is_so_from_the_day_it_is_free(
    desk: Desk, caller: httpx.AsyncClient
) -> None:
    path, free_on = await taken_back_today(desk, caller)

    made = await post(caller, f"{path}/allocations", {"invoice": str(OTHER.invoice)})

    entry = await caller.get(f"{ACME}/entries/{made['entry']}")
    assert entry.json()["posted_on"] == free_on.isoformat()


async def test_money_does_not_go_back_for_days_on_which_it_paid(desk: Desk, caller: httpx.AsyncClient) -> None:
    """L6: neither by a refund, asked for or agreed to, nor by the bank: that counts from the day it is free."""
    path, free_on = await taken_back_today(desk, caller)
    wish = {"refund_on": "2026-11-15", "reason": "paid twice"}

    refused = await ask(caller, f"{path}/refunds", wish)
    asked = await ask(caller, f"{path}/refunds", wish | {"refund_on": free_on.isoformat()})
    bounced = await post(caller, f"{path}/bounce", {"bounced_on": "2026-11-15", "reason": "account closed"})

    assert (refused.status_code, faults(refused)) == (422, [("/refund_on", "money-not-free")])
    assert asked.status_code == 201
    entry = await caller.get(f"{ACME}/entries/{bounced['entry']}")
    assert entry.json()["posted_on"] == free_on.isoformat()
    assert await desk.faults() == []


async def test_a_refund_that_money_stands_against_since_it_was_asked_for_is_refused(
    desk: Desk, caller: httpx.AsyncClient
) -> None:
    """L6: between the wish and the second person's word the money paid something, and was taken back."""
    await desk.bill(ORDER)
    await desk.hear(payment("P-1", "37.20", received_on=date(2026, 11, 11)))
    path = f"/payments/{payment_id('P-1')}"
    asked = await post(caller, f"{path}/refunds", {"refund_on": "2026-11-15", "reason": "paid twice"})
    await post(caller, f"{path}/allocations", {"invoice": str(ORDER.invoice), "on": "2026-11-12"})
    await post(caller, f"{path}/allocations/undo", {"invoice": str(ORDER.invoice), "reason": "another's"})

    async with desk.client(build, scopes=("ledger:approve",), name="second") as second:
        headers = {"idempotency-key": next(keys)}
        url = f"{ACME}/refunds/{asked['refund']}/decision"
        answer = await second.post(url, json={"decision": "approve"}, headers=headers)

    assert (answer.status_code, answer.json()["type"]) == (409, "/problems/money-not-free")
    assert await desk.faults() == []


async def test_an_invoice_that_comes_late_is_paid_from_the_day_the_money_is_free(
    desk: Desk, caller: httpx.AsyncClient
) -> None:
    """L6: money that waits for its order finds the invoice of a part of the 12th, heard of after the undoing."""
    early = Order("A-1", at=ORDER.at)
    await desk.bill(early)
    await desk.hear(early.payment("P-1", "37.20", received_on=date(2026, 11, 11)))
    await desk.hear(early.released(at=datetime(2026, 11, 20, 12, tzinfo=UTC)))
    changed = early.changed(("1", "30.00", "VAT24"))

    await desk.hear(changed.change(), changed.reserved(at=ORDER.at + timedelta(days=2)))

    assert await owed(caller, 11, 15, 20) == [("0.00", "0.00"), ("37.20", "0.00"), ("0.00", "0.00")]
    assert await desk.faults() == []
