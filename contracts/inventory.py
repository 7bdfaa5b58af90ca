"""Events owned by inventory: items, stock and reservations."""

from typing import Annotated, Literal

from pydantic import Field

from contracts.base import (
    Address,
    Amount,
    CalendarDate,
    Code,
    CurrencyCode,
    CustomerId,
    Detail,
    DocumentNumber,
    EventData,
    Language,
    LineNumber,
    Name,
    Part,
    Quantity,
    Reference,
    Revision,
    Sku,
    StockLevel,
    Text,
    UnsignedAmount,
    Uuid,
    VatNumber,
)
from contracts.gs1 import SSCC_PATTERN

UnitCode = Annotated[
    str, Field(pattern=r"^[a-z][a-z0-9-]{0,15}$", description="Unit of a quantity, as the item names it: pcs, kg, m.")
]


class ItemDefined(EventData, topic="inventory.stock", key="item"):
    """An item can be stocked from now on."""

    item: Annotated[Uuid, Field(description="UUID derived from the company and the sku.")]
    sku: Sku
    name: Name
    unit: Annotated[Literal["pcs"], Field(description="What a quantity of 1 means.")]


class Packaging(Part):
    """Another unit of an item."""

    unit: UnitCode
    holds: Annotated[Quantity, Field(description="What one of it holds of the base unit, exactly.")]


class ItemDefinedV2(EventData, topic="inventory.stock", key="item", version=2):
    """An item can be stocked from now on: one that has packagings or a valuation, or another unit than pieces.

    An item in pieces with neither is told by the first version alone.
    """

    item: Annotated[Uuid, Field(description="UUID derived from the company and the sku.")]
    sku: Sku
    name: Name
    unit: Annotated[UnitCode, Field(description="What a quantity of 1 means.")]
    packagings: Annotated[list[Packaging], Field(max_length=20)]
    valuation: Literal["none", "moving-average", "fifo"]


class StockReceived(EventData, topic="inventory.stock", key="item"):
    """Goods came in."""

    item: Annotated[Uuid, Field(description="UUID derived from the company and the sku.")]
    sku: Sku
    receipt: Uuid
    warehouse: Text
    quantity: Quantity
    on_hand: Annotated[StockLevel, Field(description="In this warehouse after the receipt, reserved or not.")]


class StockReceivedV2(EventData, topic="inventory.stock", key="item", version=2):
    """Goods came in where more had left than was there, and there is still less than nothing.

    A level of zero or more is told by the first version.
    """

    item: Annotated[Uuid, Field(description="UUID derived from the company and the sku.")]
    sku: Sku
    receipt: Uuid
    warehouse: Text
    quantity: Quantity
    on_hand: Annotated[
        str,
        Field(
            pattern=r"^-(?:0|[1-9][0-9]{0,11})(?:\.[0-9]{1,6})?$",
            description="In this warehouse after the receipt: below zero, which the company allows for this item here.",
        ),
    ]


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
    dropped: (
        Annotated[
            list[ReservedLine],
            Field(min_length=1, max_length=500, description="What was not there; the order takes what there is."),
        ]
        | None
    ) = None
    complete: (
        Annotated[bool, Field(description="Whether nothing of the order waits any more; absent: nothing does.")] | None
    ) = None


class Shortage(Part):
    """What is missing of an item."""

    item: Sku
    requested: Annotated[StockLevel, Field(description="Over all lines of the order.")]
    available: Annotated[StockLevel, Field(description="Not reserved by others at the time of the decision.")]


Parts = (
    Annotated[
        int,
        Field(ge=0, le=100_000, description="How many times stock was set aside for this revision; absent: once."),
    ]
    | None
)


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
    parts: Parts = None


class OrderChangeRefused(EventData, topic="inventory.reservations", key="order"):
    """A change of an order came too late: the order stands as it was before, and what it holds stays its own."""

    order: Uuid
    revision: Annotated[int, Field(ge=2, le=9999, description="The revision that was asked for.")]
    code: Annotated[Code, Field(description="The rule that refused it: order-cancelled, already-picked and so on.")]
    stage: Annotated[Code, Field(description="How far the order was: cancelled, picked, shipped and so on.")]
    detail: Detail


class CancellationRefused(EventData, topic="inventory.reservations", key="order"):
    """A cancellation came too late: all goods of the order have left."""

    order: Uuid
    code: Annotated[Code, Field(description="The rule that refused it: already-shipped and so on.")]
    stage: Annotated[Code, Field(description="How far the order was: shipped and so on.")]
    detail: Detail


class ShippedLine(Part):
    """What left the house for one line of the order, in the item's base unit."""

    line: LineNumber
    item: Sku
    description: Text
    quantity: Quantity
    unit: UnitCode


class ParcelLine(Part):
    """What lies in a parcel of one line of the order, in the item's base unit."""

    line: LineNumber
    quantity: Quantity


class Parcel(Part):
    """A parcel of a shipment, and what lies in it."""

    parcel: Annotated[int, Field(ge=1, le=500, description="Its place in the shipment, from 1.")]
    sscc: (
        Annotated[str, Field(pattern=SSCC_PATTERN, description="GS1 serial shipping container code, on its label.")]
        | None
    ) = None
    weight: Annotated[Text, Field(description="As it stands on the label.")] | None = None
    lines: Annotated[list[ParcelLine], Field(min_length=1, max_length=500)]


class ShipTo(Part):
    """Who gets the goods, as the order said."""

    id: CustomerId
    name: Name
    language: Language
    address: Address
    vat_number: VatNumber | None = None


class ShipmentDispatched(EventData, topic="inventory.shipments", key="shipment"):
    """Goods of one order left a warehouse. An order may leave in several shipments; one is the last."""

    shipment: Uuid
    number: Annotated[DocumentNumber, Field(description="Printed number of the delivery note.")]
    order: Uuid
    order_reference: Reference
    warehouse: Text
    dispatched_on: CalendarDate
    complete: Annotated[bool, Field(description="Nothing of the order is left to be shipped after this.")]
    ship_to: ShipTo
    lines: Annotated[list[ShippedLine], Field(min_length=1, max_length=500)]
    packages: Annotated[int, Field(ge=1, le=9999, description="Number of parcels, where counted.")] | None = None
    carrier: Text | None = None
    tracking: Reference | None = None
    revision: Revision = None
    parcels: (
        Annotated[
            list[Parcel],
            Field(
                min_length=1, max_length=500, description="What lies in which parcel, where that was said: all of it."
            ),
        ]
        | None
    ) = None


class IssuedLine(Part):
    """What the goods of one line cost."""

    line: LineNumber
    item: Sku
    quantity: Quantity
    cost: UnsignedAmount


class StockIssued(EventData, topic="inventory.shipments", key="shipment"):
    """What the goods of a shipment cost, where their items are valued."""

    shipment: Uuid
    order: Uuid
    number: Annotated[DocumentNumber, Field(description="Printed number of the delivery note.")]
    issued_on: CalendarDate
    currency: CurrencyCode
    cost: Annotated[UnsignedAmount, Field(description="The sum of the lines.")]
    lines: Annotated[list[IssuedLine], Field(min_length=1, max_length=500)]


class ValuedLine(Part):
    """By how much the quantity and the value of an item changed."""

    item: Sku
    quantity: Annotated[
        str,
        Field(
            pattern=r"^-?(?:0|[1-9][0-9]{0,11})(?:\.[0-9]{1,6})?$",
            description="Decimal, below 0 for goods that are gone, 0 where only the value changed.",
        ),
    ]
    value: Amount


class StockValued(EventData, topic="inventory.valuations", key="document"):
    """The value of stock changed by something that is no shipment.

    `revaluation`: a document came late, and what was issued before it came had another cost than was said then. Nothing
    that was posted is changed; the difference is posted once, on the day on which it was found out.
    """

    document: Annotated[Uuid, Field(description="The receipt, count or loss; a revaluation has an id of its own.")]
    kind: Literal["receipt", "opening", "count", "transit-loss", "revaluation"]
    reference: Reference
    effective_on: Annotated[CalendarDate, Field(description="When it happened.")]
    posted_on: Annotated[CalendarDate, Field(description="On which day it stands in the books.")]
    currency: CurrencyCode
    value: Annotated[Amount, Field(description="The sum of the lines; below 0 when stock is worth less than before.")]
    lines: Annotated[list[ValuedLine], Field(min_length=1, max_length=500)]
    about: Annotated[Uuid, Field(description="Of a revaluation: the document that came late.")] | None = None
    written_off: (
        Annotated[
            Amount,
            Field(
                description="Of a revaluation: how much of the value is about goods that were counted missing or lost "
                "on the way; the rest is about goods that were sold. Absent: nothing."
            ),
        ]
        | None
    ) = None


class OrderBackOrdered(EventData, topic="inventory.reservations", key="order"):
    """So much of an order waits for goods: it is set aside as soon as they arrive. What was there is told beside it."""

    order: Uuid
    reservation: Uuid
    detail: Detail
    lines: Annotated[list[ReservedLine], Field(min_length=1, max_length=500, description="What waits.")]
    revision: Revision = None


class LateLine(ReservedLine):
    """What is reserved for one line of an order that waited."""

    before: (
        Annotated[StockLevel, Field(description="What had been set aside for the line until then; absent: nothing.")]
        | None
    ) = None


class BackOrderReserved(EventData, topic="inventory.reservations", key="order"):
    """Goods have come for an order that waited for them: so much more is set aside for it.

    The first goods that an order gets at all are told by StockReserved, also when it had to wait for them.
    """

    order: Uuid
    reservation: Uuid
    lines: Annotated[list[LateLine], Field(min_length=1, max_length=500)]
    revision: Revision = None
    part: (
        Annotated[
            int, Field(ge=2, le=100_000, description="The how-manieth time that stock is set aside for the order.")
        ]
        | None
    ) = None
    complete: Annotated[bool, Field(description="Nothing of the order waits any more.")] | None = None


class ReservationReduced(EventData, topic="inventory.reservations", key="order"):
    """A part of what was set aside for an order is free again, or not waited for any more; what has left stays.

    Reasons: `order-cancelled` (what is left of a partly shipped order), `expired` (the order's time is over).
    """

    order: Uuid
    reservation: Uuid
    reason: Code
    lines: Annotated[list[ReservedLine], Field(max_length=500, description="What was set aside and is free again.")]
    waiting: Annotated[list[ReservedLine], Field(max_length=500, description="What is not waited for any more.")]
    over: Annotated[bool, Field(description="Nothing more will leave for the order.")]
    parts: Parts = None
    revision: Revision = None
