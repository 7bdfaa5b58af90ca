"""From inventory's documents to the ledger's own words."""

from __future__ import annotations

from chassis.consumers import Received
from chassis.ids import UUID
from contracts.ledger_dues import StockPostedLate
from contracts.money import to_minor
from services.ledger.commands.stock import PostStock
from services.ledger.domain.posting import Entry
from services.ledger.translate.emission import Emission
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
    lost = to_minor(data.written_off, data.currency) if data.written_off is not None else 0
    return PostStock(cause.company, document, data.kind, None, data.posted_on, data.currency, value, cause, lost)


def posted_late(entry: Entry) -> Emission:
    """The day of a document is closed: it stands on a later one."""
    data: dict[str, object] = {
        "document": entry.document,
        "entry": entry.id,
        "original_on": entry.original_on,
        "posted_on": entry.posted_on,
    }
    return StockPostedLate, entry.document, data
