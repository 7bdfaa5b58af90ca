"""An order's money: paid and credited by all of its invoices, and open again when a payment comes back."""

from __future__ import annotations

import itertools
import random
from datetime import UTC, datetime
from typing import Any

import pytest

from contracts import published
from contracts.gateway import OrderPlaced
from contracts.inventory import BackOrderReserved, ReservationReduced, ShipmentDispatched, StockReserved
from contracts.ledger import CreditNoteIssued, InvoiceIssued, InvoicePaid, PaymentAllocated, PaymentBounced
from services.gateway.domain import timeline as bits
from services.gateway.domain.money import Said, not_so
from tests.gateway.front import Gateway
from tests.gateway.telling import ORDERS, about, at, of, on_its_own_key
from tests.support.department import Event, event

ORDER = ORDERS[0]
PARTS = {number: f"RE-2026-000{number}" for number in (1, 2)}


def bill(order: str, part: int, quantity: str = "5", **changes: Any) -> Event:
    """The invoice of one part of an order."""
    line = published.sample("InvoiceIssued.v1").data["lines"][0] | {"quantity": quantity}
    invoice = f"{order[:-8]}{part:08}"
    return about(InvoiceIssued, order, invoice=invoice, number=PARTS[part], lines=[line], **changes)


def paid_up(order: str, part: int) -> Event:
    return about(InvoicePaid, order, invoice=f"{order[:-8]}{part:08}", number=PARTS[part])


def goods(kind: Any, order: str, quantity: str, **changes: Any) -> Event:
    """So much of a line is set aside, or let go."""
    line = published.sample(kind.event_type).data["lines"][0] | {"quantity": quantity}
    return about(kind, order, lines=[line], **changes)


def credit(order: str, part: int, **changes: Any) -> Event:
    return about(CreditNoteIssued, order, invoice=f"{order[:-8]}{part:08}", number=f"GS-{part}", **changes)


TEN, SHIPPED = goods(StockReserved, ORDER, "10"), about(ShipmentDispatched, ORDER, complete=False)
ALLOCATED = event(
    PaymentAllocated, "acme",
    published.sample("PaymentAllocated.v1").data
    | {"allocations": [published.sample("PaymentAllocated.v1").data["allocations"][0] | {"order": ORDER}]},
)  # fmt: skip


@pytest.mark.parametrize(
    ("said", "state"),
    [
        ([TEN, SHIPPED, bill(ORDER, 1), paid_up(ORDER, 1), ALLOCATED], "partly_paid"),
        ([TEN, SHIPPED, bill(ORDER, 1), bill(ORDER, 2), paid_up(ORDER, 1), ALLOCATED], "partly_paid"),
        ([TEN, SHIPPED, bill(ORDER, 1), bill(ORDER, 2), paid_up(ORDER, 2), paid_up(ORDER, 1)], "paid"),
        ([TEN, SHIPPED, bill(ORDER, 1), bill(ORDER, 2, total="0.00"), paid_up(ORDER, 1)], "paid"),
        ([TEN, SHIPPED, bill(ORDER, 1), paid_up(ORDER, 1), goods(ReservationReduced, ORDER, "5")], "paid"),
        ([TEN, SHIPPED, bill(ORDER, 1), bill(ORDER, 2), paid_up(ORDER, 1), credit(ORDER, 2)], "paid"),
        ([TEN, SHIPPED, bill(ORDER, 1), bill(ORDER, 2), credit(ORDER, 2)], "invoiced"),
        ([TEN, SHIPPED, bill(ORDER, 1), credit(ORDER, 1)], "invoiced"),
        ([TEN, SHIPPED, bill(ORDER, 1), bill(ORDER, 2), credit(ORDER, 2), credit(ORDER, 1)], "credited"),
        (
            [
                goods(StockReserved, ORDER, "5", complete=False), goods(BackOrderReserved, ORDER, "5", complete=True),
                bill(ORDER, 1), paid_up(ORDER, 1), bill(ORDER, 2), ALLOCATED,
            ],
            "partly_paid",
        ),
    ],
)  # fmt: skip
async def test_an_order_in_parts_is_paid_when_all_of_its_invoices_are_and_none_is_to_come(
    gateway: Gateway, said: list[Event], state: str
) -> None:
    """X1: whatever comes first; the same for what is credited."""
    told = [on_its_own_key(n, one) for n, one in enumerate([about(OrderPlaced, ORDER), *said])]
    for seed in range(4):
        order = random.Random(seed).sample(told, len(told))
        await gateway.opens_for(f"c{seed}")
        await gateway.hear(*(of(f"c{seed}", one) for one in order[:3]))
        for one in order[3:]:
            await gateway.hear(of(f"c{seed}", one))
    assert await gateway.held() == []
    assert await gateway.rows("select state from order_summary") == [(state,)] * 4


T = [datetime(2026, 11, day, tzinfo=UTC) for day in range(1, 9)]
ALLOCATION, BOUNCE, PAID_UP = "PaymentAllocated.v1", "PaymentBounced.v1", "InvoicePaid.v1"
UNDONE = "undone"
"""PaymentAllocated, too: what the payment paid of the order is open again."""


def _said(kind: str, day: int, payment: str | None) -> Said:
    told: dict[str, Any] = {"number": "RE-1"} if payment is None else {"payment": payment}
    if kind in (BOUNCE, UNDONE):
        told["reopened"] = [{"number": "RE-1"}]
    return Said(ALLOCATION if kind == UNDONE else kind, T[day], told)


@pytest.mark.parametrize(
    ("said", "back"),
    [
        ([(ALLOCATION, 1, "a"), (PAID_UP, 1, None), (BOUNCE, 2, "a")], bits.PAID | bits.ALLOCATED),
        ([(ALLOCATION, 1, "a"), (ALLOCATION, 2, "b"), (PAID_UP, 2, None), (BOUNCE, 3, "b")], bits.PAID),
        ([(ALLOCATION, 1, "a"), (BOUNCE, 2, "a"), (ALLOCATION, 3, "b"), (PAID_UP, 3, None)], 0),
        ([(PAID_UP, 1, None), (BOUNCE, 2, "a"), (PAID_UP, 3, None), (BOUNCE, 4, "b")], bits.PAID | bits.ALLOCATED),
        ([(ALLOCATION, 1, "a"), (PAID_UP, 1, None), (UNDONE, 2, "a")], bits.PAID | bits.ALLOCATED),
        ([(ALLOCATION, 1, "a"), (ALLOCATION, 2, "b"), (PAID_UP, 2, None), (UNDONE, 3, "b")], bits.PAID),
        ([(ALLOCATION, 1, "a"), (UNDONE, 2, "a"), (ALLOCATION, 3, "a"), (PAID_UP, 3, None)], 0),
        ([(ALLOCATION, 1, "a"), (UNDONE, 2, "a"), (ALLOCATION, 3, "a"), (BOUNCE, 4, "a")], bits.PAID | bits.ALLOCATED),
    ],
)
def test_a_payment_that_came_back_takes_back_what_it_paid_and_no_more(
    said: list[tuple[str, int, str | None]], back: int
) -> None:
    for order in itertools.permutations(said):
        assert not_so((_said(*one) for one in order), 1) & ~bits.CREDITED == back


async def test_a_bounced_payment_leaves_the_order_unpaid_whatever_comes_first(gateway: Gateway) -> None:
    order = ORDERS[0]
    part = published.sample("PaymentAllocated.v1").data["allocations"][0] | {"order": order}
    bounce = published.sample("PaymentBounced.v1").data
    number = published.sample("InvoicePaid.v1").data["number"]
    again = bounce["reopened"][0] | {"order": order, "number": number}

    def paying(payment: str, minute: int) -> list[Event]:
        spread = published.sample("PaymentAllocated.v1").data | {"payment": payment, "allocations": [part]}
        return [at(minute, event(PaymentAllocated, "acme", spread)), at(minute, about(InvoicePaid, order))]

    first, second = order[:-2] + "1b", order[:-2] + "1c"
    bounced = at(2, event(PaymentBounced, "acme", bounce | {"payment": first, "reopened": [again]}))
    story_ = [about(OrderPlaced, order), about(InvoiceIssued, order, number=number), *paying(first, 1), bounced]
    told = [on_its_own_key(n, one) for n, one in enumerate(story_)]
    random.Random(11).shuffle(told)
    for one in told:
        await gateway.hear(one)
    assert await gateway.rows("select state from order_summary") == [("invoiced",)]

    await gateway.hear(*(on_its_own_key(50 + n, one) for n, one in enumerate(paying(second, 3))))
    assert await gateway.rows("select state from order_summary") == [("paid",)]


@pytest.mark.parametrize("seed", range(3))
async def test_an_allocation_that_is_undone_leaves_the_order_unpaid_whatever_comes_first(
    gateway: Gateway, seed: int
) -> None:
    """X1: as after a bounced payment; what the payment pays of another order stays paid."""
    order, other = ORDERS[:2]
    sample = published.sample("PaymentAllocated.v1").data
    number = published.sample("InvoicePaid.v1").data["number"]
    parts = {one: sample["allocations"][0] | {"order": one, "number": number} for one in (order, other)}
    part = parts[order]
    again = {name: part[name] for name in ("invoice", "number", "order", "amount")}
    before = event(PaymentAllocated, "acme", sample | {"allocations": [*parts.values()]})
    after = event(PaymentAllocated, "acme", sample | {
        "allocations": [parts[other]], "cause": "credited", "because": "undone", "reopened": [again],
    })  # fmt: skip
    said = [at(1, before), *(at(1, about(InvoicePaid, one)) for one in (order, other)), at(2, after)]
    bills = [kind for one in (order, other) for kind in (about(OrderPlaced, one), about(InvoiceIssued, one))]
    told = [on_its_own_key(n, one) for n, one in enumerate([*bills, *said])]
    random.Random(seed).shuffle(told)
    for one in told:
        await gateway.hear(one)

    states = dict(await gateway.rows("select order_id::text, state from order_summary"))
    assert states == {order: "invoiced", other: "paid"}
