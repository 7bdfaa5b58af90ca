"""Goods that are missing or found, in the published language; and documents that stand in the books on a later day."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

from chassis.consumers import Received
from chassis.ids import UUID
from contracts.base import CalendarDate, EventView, Uuid
from contracts.inventory_counts import StockAdjusted
from contracts.ledger_dues import StockPostedLate
from services.inventory.commands import PostLate
from services.inventory.translate.stock import Fact
from services.inventory.translate.valuing import signed

BY_RULE = "tolerance"
"""Who agrees with a small difference: the company's rule, which is nobody's name."""
NOT_ARRIVED = "Did not arrive."
"""Why goods are written off that were on the way."""


class PostedLate(EventView, of=StockPostedLate):
    """What inventory uses of a document that was booked late."""

    document: Uuid
    posted_on: CalendarDate


def to_post_late(event: Received[PostedLate]) -> PostLate:
    """A document stands in the books on a later day than its own."""
    return PostLate(event.cause.company, UUID(event.data.document), event.data.posted_on)


class Adjustment(NamedTuple):
    """A document that sets stock right, and who stands for it."""

    document: UUID
    kind: str
    reference: str
    warehouse: str
    on: date
    reason: str
    reported_by: str
    approved_by: str
    bin: str | None = None


def stock_adjusted(what: Adjustment, lines: Sequence[tuple[str, int]]) -> Fact:
    """Stock was set right: (sku, micro-units), below zero for what is missing."""
    data: dict[str, object] = {
        "document": what.document,
        "kind": what.kind,
        "reference": what.reference,
        "warehouse": what.warehouse,
        "effective_on": what.on,
        "reason": what.reason,
        "reported_by": what.reported_by,
        "lines": [{"item": sku, "quantity": signed(quantity)} for sku, quantity in lines],
    }
    if what.bin is not None:
        data["bin"] = what.bin
    if what.approved_by != BY_RULE:
        data["approved_by"] = what.approved_by
    return StockAdjusted, what.document, data
