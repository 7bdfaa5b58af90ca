"""Events owned by inventory: items, stock and reservations."""

from typing import Annotated, Literal

from pydantic import Field

from contracts.base import (
    Code,
    Detail,
    EventData,
    LineNumber,
    Name,
    Part,
    Quantity,
    Revision,
    Sku,
    StockLevel,
    Text,
    Uuid,
)


class ItemDefined(EventData, topic="inventory.stock", key="item"):
    """An item can be stocked from now on."""

    item: Annotated[Uuid, Field(description="UUID derived from the company and the sku.")]
    sku: Sku
    name: Name
    unit: Annotated[Literal["pcs"], Field(description="What a quantity of 1 means.")]


class StockReceived(EventData, topic="inventory.stock", key="item"):
    """Goods came in."""

    item: Annotated[Uuid, Field(description="UUID derived from the company and the sku.")]
    sku: Sku
    receipt: Uuid
    warehouse: Text
    quantity: Quantity
    on_hand: Annotated[StockLevel, Field(description="In this warehouse after the receipt, reserved or not.")]


class ReservedLine(Part):
    """What is reserved for one line of the order."""

    line: LineNumber
    item: Sku
    quantity: Quantity


class StockReserved(EventData, topic="inventory.reservations", key="order"):
    """Stock is set aside for an order."""

    order: Uuid
    reservation: Uuid
    lines: Annotated[list[ReservedLine], Field(min_length=1, max_length=500)]
    revision: Revision = None


class Shortage(Part):
    """What is missing of an item."""

    item: Sku
    requested: Annotated[StockLevel, Field(description="Over all lines of the order.")]
    available: Annotated[StockLevel, Field(description="Not reserved by others at the time of the decision.")]


class ReservationRefused(EventData, topic="inventory.reservations", key="order"):
    """No stock was set aside for the order, and why."""

    order: Uuid
    code: Literal["insufficient-stock", "item-unknown", "order-cancelled"]
    detail: Detail
    shortages: Annotated[list[Shortage], Field(max_length=500)]
    revision: Revision = None


class ReservationReleased(EventData, topic="inventory.reservations", key="order"):
    """Stock that was set aside is free again."""

    order: Uuid
    reservation: Uuid
    reason: Annotated[
        Literal["order-cancelled", "invoice-refused"],
        Field(description="order-cancelled: the order, or this revision of it, is wanted no longer."),
    ]
    lines: Annotated[list[ReservedLine], Field(min_length=1, max_length=500)]
    revision: Revision = None
    replaced_by: (
        Annotated[
            int, Field(ge=2, le=9999, description="The revision that takes its place, when the order was changed.")
        ]
        | None
    ) = None


class OrderChangeRefused(EventData, topic="inventory.reservations", key="order"):
    """A change of an order came too late: the order stands as it was before, and what it holds stays its own."""

    order: Uuid
    revision: Annotated[int, Field(ge=2, le=9999, description="The revision that was asked for.")]
    code: Annotated[Code, Field(description="The rule that refused it: order-cancelled, already-picked and so on.")]
    stage: Annotated[Code, Field(description="How far the order was: cancelled, picked, shipped and so on.")]
    detail: Detail
