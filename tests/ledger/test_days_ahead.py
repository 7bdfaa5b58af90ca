"""Money moves on a day that has come, by the company's time zone: what people date into the future is refused."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

import pytest

from chassis.errors import Refused
from chassis.ids import new_id
from chassis.requests import Answer
from services.ledger import handlers
from services.ledger.commands import (
    AllocatePayment,
    BouncePayment,
    CreditLines,
    DecideRefund,
    NewRate,
    RecordRates,
    RequestRefund,
)
from services.ledger.domain.credit import Wish
from tests.ledger.desk import TODAY, Desk, Order, cause, payment, payment_id

ORDER = Order("A-1")
EVENING = datetime(2026, 11, 22, 23, 30, tzinfo=UTC)
"""It is the 23rd in Athens already."""
UNTIL, TOO_LATE = date(2026, 11, 24), date(2026, 11, 25)


def asked(what: str, on: date) -> tuple[Any, Any, str]:
    """The handler, the command and the field of its day."""
    paid = payment_id("P-1")
    acts: Mapping[str, tuple[Any, Any, str]] = {
        "allocation": (
            handlers.allocate_payments,
            AllocatePayment("acme", paid, ORDER.invoice, "1.00", on, cause()),
            "/on",
        ),
        "bounce": (handlers.bounce_payments, BouncePayment("acme", paid, on, "no cover", None, cause()), "/bounced_on"),
        "refund": (
            handlers.request_refunds,
            RequestRefund("acme", paid, new_id(), "1.00", on, "too much", cause()),
            "/refund_on",
        ),
        "credit-note": (
            handlers.credit_lines,
            CreditLines("acme", ORDER.invoice, [Wish(1, None, "/lines/0")], on, "broken", cause()),
            "/issued_on",
        ),
    }
    return acts[what]


@pytest.mark.parametrize("what", ["allocation", "bounce", "refund", "credit-note"])
async def test_who_dates_a_move_of_money_into_the_future_is_refused_and_nothing_is_told(desk: Desk, what: str) -> None:
    """L6: a day ahead is let pass, as the gateway lets a payment; it is counted where the company is."""
    await desk.bill(ORDER)
    await desk.hear(payment("P-1", "50.00"))
    before = await desk.rows("select count(*) from outbox"), await desk.balances()

    for day in (TOO_LATE, date(2099, 11, 24)):
        handler, command, field = asked(what, day)
        (refused,) = await desk.do(handler, command, now=EVENING)
        assert isinstance(refused, Refused)
        assert (refused.code, refused.pointer, refused.status) == ("in-the-future", field, 422)
        assert "2026-11-23" in refused.detail  # Athens' day, not that of Greenwich
    assert (await desk.rows("select count(*) from outbox"), await desk.balances()) == before

    handler, command, _ = asked(what, UNTIL)
    (taken,) = await desk.do(handler, command, now=EVENING)
    assert isinstance(taken, Answer), taken


async def test_a_refund_that_was_asked_for_ahead_does_not_go_out_before_its_day(desk: Desk) -> None:
    """L6: also one that was kept before this rule was there."""
    await desk.hear(payment("P-1", "50.00"))
    handler, command, _ = asked("refund", UNTIL)
    await desk.do(handler, command, now=EVENING)
    decision = DecideRefund("acme", command.refund, True, cause()._replace(actor="ben", on_behalf_of=None))
    day_before = datetime(2026, 11, 22, 12, tzinfo=UTC)

    (early,) = await desk.do(handlers.decide_refunds, decision, now=day_before)
    (then,) = await desk.do(handlers.decide_refunds, decision, now=EVENING)

    assert (type(early), getattr(early, "code", None), getattr(early, "status", None)) == (
        Refused, "in-the-future", 409,
    )  # fmt: skip
    assert isinstance(then, Answer)


@pytest.mark.parametrize(("known", "code"), [(date(2026, 11, 12), None), (date(2026, 11, 11), "rate-missing")])
async def test_money_crosses_currencies_by_a_rate_that_still_holds(desk: Desk, known: date, code: str | None) -> None:
    """L5: a rate of ten days is good, an older one is none."""
    await desk.do(handlers.record_rates, RecordRates("acme", [NewRate("GBP", known, "1.2", "ECB", "")], cause()))
    order = Order("A-2", currency="GBP", at=datetime(2026, 11, 13, 12, tzinfo=UTC))
    await desk.hear(order.placed())
    await desk.hear(order.reserved())
    await desk.hear(payment("P-1", "50.00"))
    command = AllocatePayment("acme", payment_id("P-1"), order.invoice, None, TODAY, cause())

    (answer,) = await desk.do(handlers.allocate_payments, command)

    assert getattr(answer, "code", None) == code, answer


async def test_who_decides_second_on_a_refund_in_one_commit_hears_that_it_is_decided(desk: Desk) -> None:
    await desk.hear(payment("P-1", "50.00"))
    handler, command, _ = asked("refund", TODAY)
    await desk.do(handler, command)
    ben, cleo = (cause()._replace(actor=name, on_behalf_of=None) for name in ("ben", "cleo"))

    first, second = await desk.do(
        handlers.decide_refunds,
        DecideRefund("acme", command.refund, True, ben),
        DecideRefund("acme", command.refund, False, cleo),
    )

    assert isinstance(first, Answer)
    assert isinstance(second, Refused)
    assert (second.code, second.status) == ("refund-decided", 409)
