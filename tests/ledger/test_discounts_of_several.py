"""Discounts on invoices that are paid together, and on what was allocated later than it was received."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import httpx
import pytest
import pytest_asyncio

from tests.chassis.statements import counting_statements
from tests.ledger.desk import TODAY, Desk, Order, payment, payment_id
from tests.ledger.test_discounts import CAFE, assert_in_order, deductions, post

FIRST, SECOND = (Order(name, (("1", "100.00", "VAT0"),)) for name in ("A-1", "A-2"))
EARLY = replace(FIRST, at=datetime(2026, 11, 2, 12, tzinfo=UTC))
EARLY_LAST_DAY, TOO_LATE = date(2026, 11, 12), date(2026, 11, 13)
"""Its discount's, all of it before the day on which people move the money."""
BOTH = [{"invoice_number": "INV-2026-000001"}, {"invoice_number": "INV-2026-000002"}]


@pytest_asyncio.fixture
async def caller(desk: Desk) -> AsyncIterator[httpx.AsyncClient]:
    """Who may move money for `acme`, whose customer may leave out 2 % within ten days."""
    async with desk.ask() as client:
        await post(client, "/customers", CAFE)
        yield client


@pytest.mark.parametrize(
    ("amount", "granted"),
    [("196.00", [200, 200]), ("197.00", [100, 200]), ("198.50", [150]), ("200.00", []), ("195.99", [])],
)
async def test_one_transfer_for_several_invoices_earns_the_discount_of_each(
    desk: Desk, caller: httpx.AsyncClient, amount: str, granted: list[int]
) -> None:
    """L6: two of 100.00 less 2 % are 196.00; what is more goes to the first; what is less pays the first whole."""
    await desk.bill(FIRST, SECOND)

    await desk.hear(payment("P-1", amount, pays=BOTH))

    assert sorted(sum_ for sum_, _ in await deductions(desk)) == granted
    assert await desk.open_items() == ({SECOND.invoice: 401} if amount == "195.99" else {})
    await assert_in_order(desk, caller)


async def test_a_transfer_that_names_its_order_earns_the_discount_of_each_part(
    desk: Desk, caller: httpx.AsyncClient
) -> None:
    """L6: 98.00 for 50.00 and 50.00."""
    order = Order("A-1", (("10", "10.00", "VAT0"),), invoice_on="dispatch")
    await desk.bill(order)
    await desk.hear(order.left(1, {1: "5"}))
    await desk.hear(order.left(2, {1: "5"}, complete=True))

    await desk.hear(order.payment("P-1", "98.00"))

    assert await desk.open_items() == {}
    assert await deductions(desk) == [(100, TODAY), (100, TODAY)]
    await assert_in_order(desk, caller)


@pytest.mark.parametrize(
    ("amount", "more"),
    [
        ("196.00", {"received_on": date(2026, 12, 3), "pays": BOTH}),
        ("196.00", {"pays": [BOTH[0] | {"amount": "100.00"}, BOTH[1]]}),
    ],
)
async def test_who_pays_too_late_or_says_how_much_is_meant_is_taken_at_his_word(
    desk: Desk, caller: httpx.AsyncClient, amount: str, more: dict[str, Any]
) -> None:
    await desk.bill(FIRST, SECOND)

    await desk.hear(payment("P-1", amount, **more))

    assert await deductions(desk) == []
    assert await desk.open_items() == {SECOND.invoice: 400}
    await assert_in_order(desk, caller)


@pytest.mark.parametrize(("received_on", "granted"), [(EARLY_LAST_DAY, True), (TOO_LATE, False)])
async def test_a_discount_goes_by_the_day_on_which_the_money_was_received(
    desk: Desk, caller: httpx.AsyncClient, received_on: date, granted: bool
) -> None:
    """L6: an allocation that was undone and is set right after the last day for the discount earns it all the same."""
    await desk.bill(EARLY)
    await desk.hear(EARLY.payment("P-1", "98.00", received_on=received_on))
    path, wrong = f"/payments/{payment_id('P-1')}/allocations", {"invoice": str(EARLY.invoice)}
    await post(caller, f"{path}/undo", wrong | {"reason": "a mistake"})

    await post(caller, path, wrong)

    assert await desk.open_items() == ({} if granted else {EARLY.invoice: 200})
    assert [sum_ for sum_, _ in await deductions(desk)] == ([200, -200, 200] if granted else [])
    if granted:
        assert (await deductions(desk))[-1][1] > EARLY_LAST_DAY
    await assert_in_order(desk, caller)


async def test_late_money_costs_the_discount_of_an_invoice_also_when_the_rest_came_in_time(
    desk: Desk, caller: httpx.AsyncClient
) -> None:
    """L6: in time is all that pays it; of what was taken back again nothing counts."""
    await desk.bill(EARLY)
    await desk.hear(EARLY.payment("P-1", "50.00", received_on=TOO_LATE))
    await desk.hear(EARLY.payment("P-2", "48.00", received_on=EARLY_LAST_DAY))
    assert await deductions(desk) == []

    body = {"bounced_on": "2026-11-14", "reason": "no cover"}
    await post(caller, f"/payments/{payment_id('P-1')}/bounce", body)
    await desk.hear(EARLY.payment("P-3", "50.00", received_on=EARLY_LAST_DAY))

    assert [sum_ for sum_, _ in await deductions(desk)] == [200]
    await assert_in_order(desk, caller)


async def test_money_for_several_invoices_costs_the_same_statements_for_2_as_for_20(
    desk: Desk, caller: httpx.AsyncClient
) -> None:
    asked: list[list[str]] = []
    number = 0
    for size in (2, 20):
        orders = [Order(f"{size}-{n}", FIRST.lines) for n in range(2 * size)]
        await desk.bill(*orders)
        heard = []
        for n in range(size):
            pays = [{"invoice_number": f"INV-2026-{number + place:06d}"} for place in (1, 2)]
            heard.append(payment(f"P-{size}-{n}", "196.00", pays=pays))
            number += 2
        async with counting_statements(desk.database) as counted:
            await desk.hear(*heard)
        asked.append([query for query in counted.queries if query != "commit"])  # it may be noted when we are gone

    assert asked[0] == asked[1]
    assert [sum_ for sum_, _ in await deductions(desk)] == [200] * 44
