"""What an order costs does not depend on how many there were before it."""

from __future__ import annotations

from tests.ledger.conftest import MakeDesk
from tests.ledger.desk import Order
from tests.support.rows_read import RowsRead, growing

ORDERS = 20
ROUNDS = 8


async def test_an_order_that_is_shipped_billed_and_paid_reads_as_many_rows_as_ever(make_desk: MakeDesk) -> None:
    """Plans are made once, on tables that are almost empty and have no statistics, and are kept."""
    desk = make_desk()  # of its own: the one that others share has plans and statistics of theirs
    await desk.set_up("acme")
    reading = RowsRead(desk)
    await reading.begin()
    read: list[dict[str, int]] = []
    for number in range(ROUNDS):
        orders = [Order(f"{number}-{n}", invoice_on="dispatch", customer=f"C-{number}-{n}") for n in range(ORDERS)]
        await reading.since_last()
        await desk.hear(*[order.placed() for order in orders])
        await desk.hear(*[order.reserved() for order in orders])
        await desk.hear(*[order.left(1, {1: "3"}, complete=True) for order in orders])
        await desk.hear(*[order.payment(f"P-{order.name}", "37.20") for order in orders])
        read.append(await reading.since_last())

    assert len(await desk.told("InvoicePaid")) == ORDERS * ROUNDS
    # Old versions of rows, which nobody clears away here, are looked at now and then; a whole scan looks at 160.
    assert growing(read[1], read[-1], slack=4 * ORDERS) == {}
