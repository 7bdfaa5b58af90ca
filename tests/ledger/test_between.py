"""What is taken back has effect on its own day, never before the day of what it takes back: reports of the days between
say what was so.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from typing import Any

import httpx
import pytest_asyncio

from tests.ledger.desk import Desk, Order, payment, payment_id

ACME = "/v1/companies/acme"
ORDER = Order("A-1", at=datetime(2026, 11, 10, 12, tzinfo=UTC))
keys = (f"between-{n}" for n in range(10**9))


@pytest_asyncio.fixture
async def caller(desk: Desk) -> AsyncIterator[httpx.AsyncClient]:
    async with desk.ask() as client:
        yield client


async def post(client: httpx.AsyncClient, path: str, body: object) -> Any:
    answer = await client.post(f"{ACME}{path}", json=body, headers={"idempotency-key": next(keys)})
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
