"""Orders that are invoiced when their goods leave: by the company's decision or their own, shipment by shipment."""

from __future__ import annotations

import itertools
from datetime import date
from typing import Any

import pytest

from services.ledger import handlers
from services.ledger.commands import ChangePolicy
from services.ledger.domain.documents import invoice_id
from services.ledger.domain.policy import ON_DISPATCH, ON_ORDER, PolicyChange
from tests.chassis.statements import counting_statements
from tests.ledger.conftest import MakeDesk
from tests.ledger.desk import Desk, Order, cause
from tests.ledger.test_credit import answers, asks, limit, order
from tests.ledger.test_parts import reduced

LINES = (("3", "0.333333", "VAT24"), ("4", "10.00", "VAT13"))
ORDER = Order("A-1", LINES, invoice_on="dispatch")
LATER = date(2026, 11, 25)


async def decide(desk: Desk, invoicing: str, since: date = date(2026, 1, 1)) -> None:
    change = PolicyChange(since, invoicing=invoicing)
    await desk.do(handlers.change_policies, ChangePolicy("acme", change, None, cause()))


async def invoices(desk: Desk) -> list[Any]:
    return [one.data for one in await desk.told("InvoiceIssued")]


async def test_each_shipment_bills_what_it_shipped_and_the_parts_add_up_to_the_order(desk: Desk) -> None:
    """Nothing at reservation; 3 at 0.333333 come to 1.00 in three shipments, not to 0.99; dated when they left."""
    await desk.hear(ORDER.placed())
    await desk.hear(ORDER.reserved())
    assert await invoices(desk) == []
    assert await desk.balances() == {}

    await desk.hear(ORDER.left(1, {1: "1"}), ORDER.left(2, {1: "1", 2: "4"}, on=LATER))
    await desk.hear(ORDER.left(3, {1: "1"}, on=LATER, complete=True))

    issued = await invoices(desk)
    assert [(one["net"], one["issued_on"]) for one in issued] == [
        ("0.33", "2026-11-22"), ("40.34", "2026-11-25"), ("0.33", "2026-11-25"),
    ]  # fmt: skip
    assert [one["invoice"] for one in issued] == [str(invoice_id("acme", ORDER.id, 1, part)) for part in (1, 2, 3)]
    assert -(await desk.balances())["4000", "EUR"] == 4100
    assert await desk.faults() == []


@pytest.mark.parametrize(
    ("company", "own", "when"),
    [(None, None, "reserved"), (ON_DISPATCH, None, "left"), (ON_DISPATCH, "order", "reserved"),
     (ON_ORDER, "dispatch", "left"), (None, "dispatch", "left")],
)  # fmt: skip
async def test_the_orders_own_choice_goes_before_the_companys(
    desk: Desk, company: str | None, own: str | None, when: str
) -> None:
    if company is not None:
        await decide(desk, company)
    chosen = Order("A-1", LINES, invoice_on=own)
    await desk.bill(chosen)
    at_reservation = len(await invoices(desk))
    await desk.hear(chosen.left(1, {1: "3", 2: "4"}, complete=True))

    assert (at_reservation, len(await invoices(desk))) == ((1, 1) if when == "reserved" else (0, 1))
    assert await desk.faults() == []


@pytest.mark.parametrize(("first", "then"), [(ON_DISPATCH, ON_ORDER), (ON_ORDER, ON_DISPATCH)])
async def test_what_is_decided_later_changes_no_order_of_before(desk: Desk, first: str, then: str) -> None:
    """Neither billed twice nor never: what held when the order came is kept with it, and with its changes."""
    await decide(desk, first)
    placed = Order("A-1")
    await desk.hear(placed.placed())
    await decide(desk, then)

    await desk.hear(placed.reserved())
    assert len(await invoices(desk)) == (1 if first == ON_ORDER else 0)
    later = placed.changed(("1", "5.00", "VAT0"))
    await desk.hear(later.change())
    await desk.hear(placed.replaced(), later.reserved())
    await desk.hear(later.left(1, {1: "1"}, complete=True))

    nets = [one["net"] for one in await invoices(desk)]
    assert nets == (["30.00", "5.00"] if first == ON_ORDER else ["5.00"])
    assert sum((await desk.open_items()).values()) == 500
    assert await desk.faults() == []


async def test_cancelled_before_anything_left_nothing_was_billed_and_nothing_is_credited(desk: Desk) -> None:
    await desk.bill(ORDER)
    await desk.hear(ORDER.released())

    assert await desk.told("InvoiceIssued", "CreditNoteIssued") == []
    assert await desk.balances() == {}


async def test_what_is_let_go_of_a_partly_shipped_order_was_never_billed(desk: Desk) -> None:
    """The rest is cancelled: what has left stays invoiced, and nothing is credited."""
    await desk.bill(ORDER)
    await desk.hear(ORDER.left(1, {1: "1", 2: "1"}))

    await desk.hear(reduced(ORDER, 2, {1: "2", 2: "3"}))

    assert [one["net"] for one in await invoices(desk)] == ["10.33"]
    assert await desk.told("CreditNoteIssued") == []
    assert sum((await desk.open_items()).values()) == 1171  # 0.33 with 24 %, 10.00 with 13 %
    assert await desk.faults() == []


async def test_whatever_order_order_reservation_shipments_and_money_come_in_the_books_end_alike(
    make_desk: MakeDesk,
) -> None:
    desk = make_desk()
    ends = []
    for turns in itertools.permutations(range(5)):
        company = f"c{''.join(map(str, turns))}"
        await desk.set_up(company)
        one = Order("A", (("2", "15.00", "VAT24"),), company, invoice_on="dispatch")
        events = [
            one.placed(), one.reserved(), one.left(1, {1: "1"}), one.left(2, {1: "1"}, complete=True),
            one.payment("P", "37.20"),
        ]  # fmt: skip
        for turn in turns:
            await desk.hear(events[turn])
        await desk.try_held()
        ends.append((await desk.balances(company), await desk.open_items(company)))

    assert ends == [({("1000", "EUR"): 3720, ("4000", "EUR"): -3000, ("2200", "EUR"): -720}, {})] * 120
    assert await desk.held() == []
    assert await desk.faults() == []


async def test_a_shipment_bills_once_also_when_it_is_told_again(desk: Desk) -> None:
    await desk.bill(ORDER)
    shipment = ORDER.left(1, {1: "3", 2: "4"}, complete=True)
    await desk.hear(shipment)
    await desk.hear(shipment)

    assert len(await invoices(desk)) == 1


async def test_what_cannot_be_invoiced_is_refused_before_it_leaves(desk: Desk) -> None:
    """As soon as stock is reserved, so that it goes back: no goods leave that nobody can bill."""
    await desk.bill(Order("A-1", (("1", "1.00", "NOPE"),), invoice_on="dispatch"))

    (refused,) = await desk.told("InvoiceRefused")
    assert refused.data["code"] == "tax-code-unknown"


async def test_what_has_not_left_counts_as_ordered_for_the_customers_credit(desk: Desk) -> None:
    """Reserved but not invoiced, 90 are at stake of 100; a shipment moves its part to what is owed; the end frees."""
    await limit(desk, "C-1042", 100_00)
    await asks(desk)
    big = Order("A", (("3", "30.00", "VAT0"),), invoice_on="dispatch")
    await desk.bill(big)
    await desk.hear(order("B", "20.00", "C-1042").placed())
    await desk.hear(big.left(1, {1: "1"}))
    assert await answers(desk) == [("A", "within-limit"), ("B", "held")]

    await desk.hear(big.payment("P-1", "30.00"))

    assert await answers(desk) == [("A", "within-limit"), ("B", "held"), ("B", "room-again")]
    await desk.hear(big.left(2, {1: "1"}), big.left(3, {1: "1"}, complete=True))
    ((amount, billed, state),) = await desk.rows(
        "select amount, billed, state from order_credit where order_id = $1", big.id
    )
    assert (amount, billed, state) == (9000, 9000, "ended")
    assert await desk.faults() == []


@pytest.mark.parametrize("invoice_on", [None, "dispatch"])
async def test_shipments_cost_the_same_statements_for_ten_as_for_two_hundred(
    make_desk: MakeDesk, invoice_on: str | None
) -> None:
    asked = []
    for size in (10, 200):
        desk = make_desk()
        await desk.set_up("acme")
        orders = [Order(f"O{n}", invoice_on=invoice_on) for n in range(size)]
        await desk.bill(*orders)
        async with counting_statements(desk.database) as counted:
            await desk.hear(*[one.left(1, {1: "3"}, complete=True) for one in orders])
        asked.append([query for query in counted.queries if query != "commit"])  # it may be noted when we are gone

    assert asked[0] == asked[1]
