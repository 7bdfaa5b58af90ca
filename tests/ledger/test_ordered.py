"""What a customer has ordered counts from the first order on, also before its company asks for credit."""

from __future__ import annotations

from typing import Any

import pytest

from contracts.inventory import BackOrderReserved, StockReserved
from tests.chassis.statements import counting_statements
from tests.ledger.desk import Desk, Order, again, payment
from tests.ledger.test_credit import ACME, asks, limit, order
from tests.ledger.test_parts import told

C1 = f"{ACME}/customers/C-1/credit"


async def seen(desk: Desk) -> tuple[str, str, str]:
    """What C-1 owes, has ordered, and what that comes to with its money."""
    async with desk.ask() as caller:
        answer: dict[str, Any] = (await caller.get(C1)).raise_for_status().json()
    return answer["owed"], answer["ordered"], answer["exposure"]


async def held(desk: Desk) -> list[str]:
    return [event.data["exposure"] for event in await desk.told("CreditHeld")]


def at_dispatch(name: str, quantity: str = "10") -> Order:
    """Pieces of ten euros each, without tax, invoiced when they leave."""
    return Order(name, ((quantity, "10.00", "VAT0"),), customer="C-1", invoice_on="dispatch")


async def test_orders_count_whether_their_company_asks_for_credit_or_not(desk: Desk) -> None:
    """L10: undecided, set aside and in part invoiced: what is not invoiced yet, in the company's own currency."""
    await limit(desk, "C-1", 1000_00)
    await desk.hear(order("A", "50.00", "C-1").placed())  # nothing said about its stock
    await desk.bill(order("B", "30.00", "C-1"))  # invoiced at once
    parts = at_dispatch("C")
    await desk.bill(parts)
    await desk.hear(parts.left(1, {1: "4"}))  # 40 of 100 are invoiced
    await desk.hear(order("D", "100.00", "C-1", currency="USD").placed(), order("E", "7.00", "C-2").placed())
    await desk.hear(order("A", "50.00", "C-1").payment("P-1", "5.00"))

    assert await seen(desk) == ("70.00", "190.00", "255.00")
    assert await desk.faults() == []


async def test_orders_of_before_count_when_their_company_asks(desk: Desk) -> None:
    """L10: those set aside already and not invoiced, too: they pass unasked, and take of the limit."""
    await limit(desk, "C-1", 100_00)
    parts = at_dispatch("A")
    await desk.bill(parts)
    await desk.hear(parts.left(1, {1: "4"}))
    await asks(desk)
    assert await seen(desk) == ("40.00", "60.00", "100.00")

    await desk.hear(order("B", "0.01", "C-1").placed())
    await desk.hear(parts.left(2, {1: "6"}, complete=True))

    assert await held(desk) == ["100.00"]
    assert [event.data["because"] for event in await desk.told("CreditApproved")] == []
    assert await seen(desk) == ("100.00", "0.00", "100.00")


async def test_of_a_changed_order_its_newest_terms_count_when_its_company_asks(desk: Desk) -> None:
    """L10: it is told what the last revision is worth, and only that counts."""
    await limit(desk, "C-1", 100_00)
    first = order("A", "20.00", "C-1")
    second = first.changed(("1", "90.00", "VAT0"))
    await desk.hear(first.placed())
    await desk.hear(second.change())
    assert await seen(desk) == ("0.00", "90.00", "90.00")
    await asks(desk)

    worth = {event.data.get("revision", 1): event.data["amount"] for event in await desk.told("CreditApproved")}
    assert worth == {1: "20.00", 2: "90.00"}
    await desk.hear(order("B", "10.01", "C-1").placed())
    assert await held(desk) == ["90.00"]


async def test_what_is_over_counts_no_more(desk: Desk) -> None:
    """L10: an order that got nothing, was let go or came too late; of one in parts, what is not waited for any more."""
    await limit(desk, "C-1", 100_00)
    refused, off, late = (order(name, "10.00", "C-1") for name in ("A", "B", "C"))
    parts = at_dispatch("D")
    await desk.hear(*[one.placed() for one in (refused, off, late, parts)])
    await desk.hear(*[one.reserved() for one in (off, late, parts)])
    changed = off.changed(("1", "99.00", "VAT0"))
    too_late = late.changed(("1", "99.00", "VAT0"))
    await desk.hear(changed.change(), too_late.change())
    assert await seen(desk) == ("20.00", "308.00", "328.00")

    await desk.hear(refused.not_reserved(), off.released())
    await desk.hear(again(too_late.refused_change(), 2))
    await desk.hear(parts.left(1, {1: "1"}, complete=True))

    assert await seen(desk) == ("20.00", "0.00", "20.00")
    await asks(desk)
    assert await desk.rows("select count(*) from order_credit") == [(0,)]
    assert await desk.told("CreditApproved") == []


async def test_an_order_that_waits_for_goods_counts_until_its_last_part_is_invoiced(desk: Desk) -> None:
    """L10: invoiced part by part, as its goods come."""
    await limit(desk, "C-1", 100_00)
    waits = Order("A", (("10", "5.00", "VAT0"),), customer="C-1")
    await desk.hear(waits.placed())
    await desk.hear(told(waits, StockReserved, 1, {1: "4"}, complete=False))
    assert await seen(desk) == ("20.00", "30.00", "50.00")

    await desk.hear(told(waits, BackOrderReserved, 2, {1: "6"}, part=2, before={1: "4"}, complete=True))

    assert await seen(desk) == ("50.00", "0.00", "50.00")
    assert await desk.faults() == []


async def in_two_parts(desk: Desk, name: str, *, also_the_second: bool = True) -> Order:
    """80 in two parts of 40, of which the first is invoiced and, where it has come, the second."""
    waits = Order(name, (("16", "5.00", "VAT0"),), customer="C-1")
    await desk.hear(waits.placed())
    await desk.hear(told(waits, StockReserved, 1, {1: "8"}, complete=False))
    if also_the_second:
        await desk.hear(told(waits, BackOrderReserved, 2, {1: "8"}, part=2, before={1: "8"}, complete=True))
    return waits


@pytest.mark.parametrize("also_the_second", [True, False])
async def test_a_change_stands_in_the_place_of_all_parts_of_its_order(desk: Desk, also_the_second: bool) -> None:
    """L10: 80 in two parts become 70: no more than that is at stake, whether both parts are invoiced or one."""
    await limit(desk, "C-1", 100_00)
    await asks(desk)
    waits = await in_two_parts(desk, "A", also_the_second=also_the_second)

    less = waits.changed(("14", "5.00", "VAT0"))
    await desk.hear(less.change())

    assert await held(desk) == []
    assert [event.data["exposure"] for event in await desk.told("CreditApproved")] == ["0.00", "0.00"]


async def test_room_for_a_changed_order_is_counted_less_all_its_parts(desk: Desk) -> None:
    """L10: 80 in parts become 110, held by 10; 10 that are paid let it pass, beside the 80 that it replaces."""
    await limit(desk, "C-1", 100_00)
    await asks(desk)
    waits = await in_two_parts(desk, "A")
    await desk.hear(waits.changed(("22", "5.00", "VAT0")).change())
    assert await held(desk) == ["0.00"]

    await desk.hear(payment("P-1", "10.00", customer="C-1"))

    assert [event.data["because"] for event in await desk.told("CreditApproved")] == ["within-limit", "room-again"]


async def test_changes_of_orders_in_parts_cost_the_same_statements_for_2_as_for_20(desk: Desk) -> None:
    await limit(desk, "C-1", None)
    await asks(desk)
    asked: list[list[str]] = []
    for size in (2, 20):
        waiting = [await in_two_parts(desk, f"{size}-{n}") for n in range(size)]
        async with counting_statements(desk.database) as counted:
            await desk.hear(*[one.changed(("14", "5.00", "VAT0")).change() for one in waiting])
        asked.append([query for query in counted.queries if query != "commit"])  # it may be noted when we are gone

    assert asked[0] == asked[1]


async def test_money_that_comes_for_a_held_order_lets_it_pass(desk: Desk) -> None:
    """L10: who pays in advance need not say whose the money is: the order does."""
    await limit(desk, "C-1", 100_00)
    await asks(desk)
    large = order("A", "150.00", "C-1")
    await desk.hear(large.placed())

    await desk.hear(large.payment("P-1", "50.00"))

    assert [event.data["because"] for event in await desk.told("CreditApproved")] == ["room-again"]
    assert await seen(desk) == ("0.00", "150.00", "100.00")


async def test_money_that_comes_before_its_order_counts_with_it(desk: Desk) -> None:
    """L10: topics of payments and orders have no order between them."""
    await limit(desk, "C-1", 100_00)
    await asks(desk)
    large = order("A", "150.00", "C-1")
    await desk.hear(large.payment("P-1", "50.00"))

    await desk.hear(large.placed())

    assert [event.data["because"] for event in await desk.told("CreditApproved")] == ["room-again"]
    assert await seen(desk) == ("0.00", "150.00", "100.00")
