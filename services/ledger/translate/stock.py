"""From inventory's documents to the ledger's own words."""

from __future__ import annotations

from chassis.consumers import Received
from chassis.ids import UUID
from contracts.money import to_minor
from services.ledger.commands.stock import PostStock
from services.ledger.views import GoodsIssued, GoodsValued


def to_post_stock(event: Received[GoodsIssued | GoodsValued]) -> PostStock:
    """A document of inventory is to be booked. Raises AmountError for an amount finer than its currency."""
    data, cause = event.data, event.cause
    if isinstance(data, GoodsIssued):
        cost = to_minor(data.cost, data.currency)
        shipment, order = UUID(data.shipment), UUID(data.order)
        return PostStock(cause.company, shipment, "issue", order, data.issued_on, data.currency, -cost, cause)
    value = to_minor(data.value, data.currency)
    document = UUID(data.document)
    return PostStock(cause.company, document, data.kind, None, data.posted_on, data.currency, value, cause)
