"""Events of inventory about stock that was set right: goods that were found missing, or in excess."""

from typing import Annotated, Literal

from pydantic import Field

from contracts.base import CalendarDate, EventData, Part, Reference, Sku, Text, Uuid


class AdjustedLine(Part):
    """By how much what is thought to be there of an item is corrected."""

    item: Sku
    quantity: Annotated[
        str,
        Field(
            pattern=r"^-?(?:0|[1-9][0-9]{0,11})(?:\.[0-9]{1,6})?$",
            description="Decimal, in the base unit; below 0 for goods that are missing.",
        ),
    ]


class StockAdjusted(EventData, topic="inventory.valuations", key="document"):
    """Goods were found missing or in excess, and stock was set right: by a count, or as not all of a transfer came.

    Of every such document that changes anything, whether its items are valued or not; their value is told beside it.
    """

    document: Annotated[Uuid, Field(description="The count or the loss, as in StockValued.")]
    kind: Literal["count", "transit-loss"]
    reference: Annotated[Reference, Field(description="Of the count, or of the transfer.")]
    warehouse: Annotated[Text, Field(description="TRANSIT for goods that did not arrive.")]
    bin: Annotated[Text, Field(description="Of a count of one bin.")] | None = None
    effective_on: CalendarDate
    reason: Annotated[Text, Field(description="As who counted gave it.")]
    reported_by: Annotated[Text, Field(description="Who counted, or gave up what did not arrive.")]
    approved_by: (
        Annotated[Text, Field(description="The other person who agreed; absent within the company's tolerance.")] | None
    ) = None
    lines: Annotated[list[AdjustedLine], Field(min_length=1, max_length=500)]
