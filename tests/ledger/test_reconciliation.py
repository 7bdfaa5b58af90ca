"""What was posted beside documents is named: on the account of unapplied cash, and in the company's own currency."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from typing import Any

import pytest
import pytest_asyncio

from services.ledger import handlers
from services.ledger.commands import BouncePayment, DecideRefund, RequestRefund
from tests.ledger.accountant import Accountant, at_the_door, lines
from tests.ledger.desk import Desk, Order, cause, payment, payment_id
from tests.ledger.test_money_by_hand import rate

DAYS = ("2026-11-20", "2026-11-22", "2026-11-23", "2026-11-24", "2026-11-30")


@pytest_asyncio.fixture
async def anna(desk: Desk) -> AsyncIterator[Accountant]:
    async with at_the_door(desk, "anna") as (anna,):
        yield anna


def by_hand(day: str, *sides: dict[str, Any]) -> dict[str, Any]:
    return {"posted_on": day, "text": "Beside all documents", "lines": sides, "onto_control_accounts": True}


async def report(anna: Accountant, day: str, *, thorough: bool = False) -> Any:
    return await anna.get("/reconciliation/receivables", as_of=day, thorough=str(thorough).lower())


async def money_in_all_states(desk: Desk, anna: Accountant) -> None:
    """Unapplied, spent at once and later, in two currencies, refunded in part, bounced, and taken back."""
    await rate(desk, "USD", date(2026, 11, 22), "0.7131")
    euros, dollars = Order("A-1"), Order("A-2", currency="USD")
    await desk.bill(euros, dollars)
    await desk.hear(
        euros.payment("P-1", "40.00"), payment("P-2", "50.00"), dollars.payment("P-3", "41.11"), payment("P-4", "10.00")
    )
    await desk.hear(payment("P-5", "33.33", currency="USD"))
    now = {"now": datetime(2026, 11, 24, 12, tzinfo=UTC)}
    wish = RequestRefund("acme", payment_id("P-3"), payment_id("R"), "1.05", date(2026, 11, 23), "too much", cause())
    ben = cause()._replace(actor="ben", on_behalf_of=None)
    await desk.do(handlers.request_refunds, wish, **now)
    await desk.do(handlers.decide_refunds, DecideRefund("acme", wish.refund, True, ben), **now)
    bounce = BouncePayment("acme", payment_id("P-4"), date(2026, 11, 24), "no cover", None, cause())
    await desk.do(handlers.bounce_payments, bounce, **now)
    undo = {"invoice": str(euros.invoice), "reason": "wrong invoice"}
    await anna.done(f"/payments/{payment_id('P-1')}/allocations/undo", undo)


async def test_what_is_left_of_payments_equals_its_account_on_every_day(desk: Desk, anna: Accountant) -> None:
    """L16: unapplied cash is a control account as receivables are, by totals and by every payment."""
    await money_in_all_states(desk, anna)

    for day in DAYS:
        for thorough in (False, True):
            answer = await report(anna, day, thorough=thorough)
            assert (answer["holds"], answer["documents"], answer["days"]) == (True, [], []), answer
    left = [(s["currency"], s["control_account"]) for s in answer["sides"] if s["role"] == "unapplied_cash"]
    assert left == [("EUR", "-90.00"), ("USD", "-36.19")]


@pytest.mark.parametrize("thorough", [False, True])
async def test_a_line_by_hand_on_unapplied_cash_is_named(desk: Desk, anna: Accountant, *, thorough: bool) -> None:
    """L16: ten euros that no payment knows of; before their day nothing is wrong."""
    await money_in_all_states(desk, anna)
    body = by_hand("2026-11-23", *lines(("2100", "10.00"), ("1000", "-10.00")))
    entry = (await anna.done("/entries", body))["entry"]

    before, since = [await report(anna, day, thorough=thorough) for day in ("2026-11-22", "2026-11-23")]

    assert before["holds"]
    assert not since["holds"]
    assert [(d["kind"], d["entry"], d["difference"]) for d in since["documents"]] == [
        ("entry-without-document", entry, "10.00")
    ]


@pytest.mark.parametrize("account", ["1100", "2100"])
async def test_a_difference_in_the_companys_own_currency_alone_is_named(
    desk: Desk, anna: Accountant, account: str
) -> None:
    """L16: in dollars nothing moves, in euros one does."""
    await money_in_all_states(desk, anna)
    sides = [(account, "debit", "9.00"), (account, "credit", "8.00"), ("1000", "debit", "8.00"),
             ("1000", "credit", "9.00")]  # fmt: skip
    wanted = [{"account": a, "currency": "USD", side: "10.00", "base": base} for a, side, base in sides]
    entry = (await anna.done("/entries", by_hand("2026-11-23", *wanted)))["entry"]

    answer = await report(anna, "2026-11-30")

    assert not answer["holds"]
    assert [(d["entry"], d["difference"], d["base_difference"]) for d in answer["documents"]] == [
        (entry, "0.00", "1.00")
    ]
