"""What an order costs does not depend on how many there were before it."""

from __future__ import annotations

from tests.inventory.room import StockRoom, placed
from tests.inventory.test_shipping import dispatch, packed
from tests.support.rows_read import RowsRead, growing

ORDERS = 20
ROUNDS = 8


async def test_a_full_order_reads_as_many_rows_as_ever_however_much_has_happened(room: StockRoom) -> None:
    """Plans are made once, on tables that are almost empty and have no statistics, and are kept: whatever they find
    by anything but its own key, they find by a look at all that there is.
    """
    reading = RowsRead(room)
    await reading.begin()
    read: list[dict[str, int]] = []
    for number in range(ROUNDS):
        skus = [f"R{number}-{n}" for n in range(ORDERS)]
        await room.values(**dict.fromkeys(skus, "moving-average"))
        await room.receive([(sku, "10") for sku in skus], cost="2.00")
        await reading.since_last()
        names = [f"{number}-{n}" for n in range(ORDERS)]
        await room.hear(*[placed(name, [(sku, "1")]) for name, sku in zip(names, skus, strict=True)])
        await dispatch(room, *await packed(room, *names))
        read.append(await reading.since_last())

    assert await room.differences() == []
    assert growing(read[1], read[-1], slack=ORDERS) == {}
