"""Price lists, which the ledger owns: what an item costs from a quantity on, from a day on."""

from typing import Annotated

from pydantic import Field

from contracts.base import CalendarDate, CurrencyCode, EventData, Name, Part, Quantity, Sku, UnitPrice, Uuid
from contracts.ledger_parts import PriceListCode


class ListedPrice(Part):
    """What an item costs from a quantity and a day on."""

    item: Sku
    from_quantity: Annotated[Quantity | None, Field(description="Null: for any quantity.")]
    valid_from: CalendarDate
    unit_price: Annotated[
        UnitPrice | None, Field(description="Before tax; null: from that day on the list has no price for it.")
    ]


class PriceListDefined(EventData, topic="ledger.prices", key="list_id"):
    """A list of prices in one currency, which customers can be given; the usual one holds for all others."""

    list_id: Annotated[Uuid, Field(description="UUID derived from the company and the code.")]
    code: PriceListCode
    name: Name
    currency: CurrencyCode
    usual: Annotated[bool, Field(description="Whether it holds for customers who have none of their own.")]


class PricesAnnounced(EventData, topic="ledger.prices", key="list_id"):
    """A list has these prices. Of prices with effect from the same day the later one counts."""

    list_id: Uuid
    code: PriceListCode
    change: Annotated[int, Field(ge=1, description="Counts what was said about this list.")]
    prices: Annotated[list[ListedPrice], Field(min_length=1, max_length=500)]
