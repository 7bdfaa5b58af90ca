"""Orders that wait for goods are invoiced in parts, which add up; what is let go of them is credited, and no more."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from contracts.inventory import BackOrderReserved, ReservationReduced, ReservationReleased, StockReserved
from contracts.money import from_micro, line_total_minor, to_micro
from services.ledger.domain.credit import wishes_for
from services.ledger.domain.documents import invoice_id
from tests.ledger.desk import NOON, Desk, Order
from tests.ledger.test_credit import answers, asks, limit, order
from tests.support.department import Event, event

ORDER = Order("A-1", (("3", "0.333333", "VAT24"), ("4", "10.00", "VAT13")))
LATER = NOON + timedelta(days=1)


def told(order: Order, kind: Any, sequence: int, lines: dict[int, str], **more: Any) -> Event:
    """What inventory says of an order: quantities by line."""
    before, at = more.pop("before", {}), more.pop("at", LATER)
    said = [
        {"line": n, "item": f"SKU-{n}", "quantity": q} | ({"before": before[n]} if n in before else {})
        for n, q in lines.items()
    ]
    data = {"order": str(order.id), "reservation": str(order.id), "lines": said} | more
    return event(kind, order.company, data, sequence=sequence, at=at)


def reduced(order: Order, sequence: int, lines: dict[int, str], **more: Any) -> Event:
    """Something of the order is let go."""
    facts = {"reason": "order-cancelled", "waiting": [], "over": True} | more
    return told(order, ReservationReduced, sequence, lines, **facts)


async def in_three_parts(desk: Desk) -> None:
    """One of three, then the second with the other line, then the last."""
    await desk.hear(ORDER.placed(), told(ORDER, StockReserved, 1, {1: "1"}))
    await desk.hear(told(ORDER, BackOrderReserved, 2, {1: "1", 2: "4"}, part=2, before={1: "1"}, complete=False))
    await desk.hear(told(ORDER, BackOrderReserved, 3, {1: "1"}, part=3, before={1: "2"}, complete=True))


async def test_each_part_is_invoiced_when_it_is_reserved_and_they_add_up_to_the_order(desk: Desk) -> None:
    """I3: a back-order is billed as it is served; 3 at 0.333333 come to 1.00, not to 0.99"""
    await in_three_parts(desk)

    issued = [one.data for one in await desk.told("InvoiceIssued")]
    assert [one["number"] for one in issued] == ["INV-2026-000001", "INV-2026-000002", "INV-2026-000003"]
    assert [one["net"] for one in issued] == ["0.33", "40.34", "0.33"]
    assert [one["issued_on"] for one in issued] == ["2026-11-23"] * 3
    assert sum(cents(one["net"]) for one in issued) == line_total_minor("3", "0.333333", "EUR") + 4000
    assert await desk.faults() == []


def cents(amount: str) -> int:
    """Cents of an amount."""
    return to_micro(amount) // 10_000


async def test_money_that_names_the_order_pays_all_its_parts(desk: Desk) -> None:
    """I3: front offices pay orders, not parts of them"""
    await in_three_parts(desk)
    total = sum(cents(one.data["total"]) for one in await desk.told("InvoiceIssued"))

    await desk.hear(ORDER.payment("P-1", f"{total // 100}.{total % 100:02d}"))

    assert set((await desk.open_items()).values()) <= {0}
    assert len(await desk.told("InvoicePaid")) == 3
    assert await desk.faults() == []


async def test_what_waits_for_its_terms_is_billed_when_they_have_come(desk: Desk) -> None:
    await desk.hear(told(ORDER, BackOrderReserved, 1, {1: "1"}, part=2, before={1: "2"}))
    assert await desk.told("InvoiceIssued") == []
    await desk.hear(ORDER.placed())
    await desk.try_held()
    assert [one.data["net"] for one in await desk.told("InvoiceIssued")] == ["0.33"]


async def test_a_released_order_is_credited_in_all_its_parts(desk: Desk) -> None:
    """I3: cancelled before anything has left"""
    await in_three_parts(desk)
    lines = {1: "3", 2: "4"}
    await desk.hear(told(ORDER, ReservationReleased, 4, lines, reason="order-cancelled", parts=3))

    assert len(await desk.told("CreditNoteIssued")) == 3
    assert set((await desk.balances()).values()) <= {0}
    assert set((await desk.open_items()).values()) <= {0}
    assert await desk.faults() == []


async def test_only_what_is_let_go_is_credited_the_last_part_first(desk: Desk) -> None:
    """I3: a partly shipped order that is ended; what was paid for the rest is owed back"""
    await in_three_parts(desk)
    await desk.hear(ORDER.payment("P-1", "100.00"))

    await desk.hear(reduced(ORDER, 4, {1: "2", 2: "1"}, parts=3))

    notes = [one.data for one in await desk.told("CreditNoteIssued")]
    assert [(one["net"], one["partial"]) for one in notes] == [("0.33", True), ("10.34", True)]
    first, second, third = [invoice_id("acme", ORDER.id, 1, part) for part in (1, 2, 3)]
    assert [one["invoice"] for one in notes] == [str(third), str(second)]
    sales = -(await desk.balances())["4000", "EUR"]
    assert sales == 33 + 3000  # one of three, and three of four, have left
    assert set((await desk.open_items()).values()) <= {0}
    assert await desk.faults() == []
    await desk.hear(reduced(ORDER, 5, {}, parts=3))
    assert len(await desk.told("CreditNoteIssued")) == 2
    assert first


async def paid_in_one(desk: Desk) -> None:
    """The order in three parts, and one payment over all of them."""
    await in_three_parts(desk)
    total = sum(cents(one.data["total"]) for one in await desk.told("InvoiceIssued"))
    await desk.hear(ORDER.payment("P-1", f"{total // 100}.{total % 100:02d}"))


async def last_told_of_money(desk: Desk) -> tuple[list[str], str]:
    """What the one event after the payment's own says: which invoices it still pays, and what is left of it."""
    received, credited = await desk.told("PaymentAllocated")
    assert (received.data["cause"], credited.data["cause"]) == ("received", "credited")
    assert credited.data["amount"]["amount"] == received.data["amount"]["amount"]
    return [one["amount"] for one in credited.data["allocations"]], credited.data["unapplied"]


async def test_a_payment_over_all_parts_is_told_once_when_they_are_released(desk: Desk) -> None:
    """L6: one event says how the money is spread after all of it; two under one id would be one to their readers"""
    await paid_in_one(desk)

    await desk.hear(told(ORDER, ReservationReleased, 4, {1: "3", 2: "4"}, reason="order-cancelled", parts=3))

    (received, _) = await desk.told("PaymentAllocated")
    assert await last_told_of_money(desk) == ([], received.data["amount"]["amount"])
    assert await desk.faults() == []


async def test_a_payment_over_all_parts_is_told_once_when_they_are_reduced(desk: Desk) -> None:
    """L6: the last part goes whole, the one before in part"""
    await paid_in_one(desk)

    await desk.hear(reduced(ORDER, 4, {1: "2", 2: "1"}, parts=3))

    pays, _ = await last_told_of_money(desk)
    assert len(pays) == 2
    assert await desk.faults() == []


async def test_a_payment_over_parts_credited_whole_and_for_the_rest_is_told_once(desk: Desk) -> None:
    """L6: a part of which lines were credited before is credited for what is left, the others word for word"""
    await paid_in_one(desk)
    await desk.hear(reduced(ORDER, 4, {2: "1"}, parts=3, over=False))
    before = len(await desk.told("PaymentAllocated"))

    await desk.hear(told(ORDER, ReservationReleased, 5, {1: "3", 2: "3"}, reason="order-cancelled", parts=3))

    after = await desk.told("PaymentAllocated")
    assert len(after) == before + 1
    assert (after[-1].data["allocations"], after[-1].data["unapplied"]) == ([], after[-1].data["amount"]["amount"])
    assert await desk.faults() == []


async def test_an_order_whose_time_is_over_before_anything_left_is_credited_whole(desk: Desk) -> None:
    """I3: expiry"""
    await desk.hear(ORDER.placed(), told(ORDER, StockReserved, 1, {1: "3", 2: "4"}))
    await desk.hear(reduced(ORDER, 2, {1: "3", 2: "4"}, reason="expired"))

    (note,) = await desk.told("CreditNoteIssued")
    assert not note.data.get("partial")
    assert set((await desk.balances()).values()) <= {0}
    assert await desk.faults() == []


@pytest.mark.parametrize(
    ("credited", "left", "wishes"),
    [(0, 3, "3"), (0, 5, "4"), (1, 5, "3"), (4, 1, None)],
)
def test_an_invoice_gives_back_what_it_has(credited: int, left: int, wishes: str | None) -> None:
    """I3: never more of a line than was invoiced of it"""
    printed = {"lines": [{"line": 1, "quantity": "4", "net": "40.00"}]}
    notes = [{"lines": [{"line": 1, "quantity": str(credited), "net": "0.00"}]}] if credited else []
    open_quantities = {1: left * 1_000_000}

    found = wishes_for(printed, notes, open_quantities, "EUR")

    assert [one.quantity for one in found] == ([] if wishes is None else [wishes])
    taken = 0 if wishes is None else to_micro(wishes)
    assert from_micro(open_quantities[1]) == from_micro(left * 1_000_000 - taken)


async def test_what_still_waits_of_an_order_stays_at_stake(desk: Desk) -> None:
    """I3: where credit is asked for, what is not invoiced yet counts as ordered, until it has come or is let go"""
    await limit(desk, "C-1042", 100_00)
    await asks(desk)
    next_one = order("B", "30.00", "C-1042")
    waits = Order("A", (("3", "30.00", "VAT0"),), customer="C-1042")
    await desk.hear(waits.placed(), told(waits, StockReserved, 1, {1: "1"}, complete=False))
    await desk.hear(next_one.placed())
    assert await answers(desk) == [("A", "within-limit"), ("B", "held")]

    await desk.hear(reduced(waits, 2, {}, reason="expired"))

    assert await answers(desk) == [("A", "within-limit"), ("B", "held"), ("B", "room-again")]
    assert await desk.faults() == []
