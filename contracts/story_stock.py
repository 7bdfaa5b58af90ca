"""The part of the story about stock: orders that wait or end, a count that found less, goods of a closed month."""

from collections.abc import Callable
from typing import Any


def waiting(story_id: Callable[[str], str]) -> dict[str, dict[str, Any]]:
    """Data of inventory's events about an order that waits for goods, one that ends early and one that has left."""
    return {
        "BackOrderReserved.v1": {
            "order": story_id("waiting order"),
            "reservation": story_id("waiting reservation"),
            "lines": [{"line": 1, "item": "FILTER-250", "quantity": "4", "before": "8"}],
            "part": 2,
            "complete": True,
        },
        "OrderBackOrdered.v1": {
            "order": story_id("waiting order"),
            "reservation": story_id("waiting reservation"),
            "detail": "Waits for goods: FILTER-250 lacks 4.",
            "lines": [{"line": 1, "item": "FILTER-250", "quantity": "4"}],
        },
        "ReservationReduced.v1": {
            "order": story_id("ended order"),
            "reservation": story_id("ended reservation"),
            "reason": "order-cancelled",
            "lines": [{"line": 1, "item": "FILTER-250", "quantity": "3"}],
            "waiting": [{"line": 2, "item": "BEANS-1KG", "quantity": "1"}],
            "over": True,
            "parts": 1,
        },
        "CancellationRefused.v1": {
            "order": story_id("shipped order"),
            "code": "already-shipped",
            "stage": "shipped",
            "detail": "Goods of the order have left already.",
        },
    }


def set_right(story_id: Callable[[str], str]) -> dict[str, dict[str, Any]]:
    """Data of the events that say why stock is another than was thought, and of which day the books have it."""
    return {
        "StockAdjusted.v1": {
            "document": story_id("count"),
            "kind": "count",
            "reference": "C-2026-004",
            "warehouse": "MAIN",
            "effective_on": "2026-11-24",
            "reason": "Ετήσια απογραφή",
            "reported_by": "nikos",
            "approved_by": "maria",
            "lines": [{"item": "FILTER-250", "quantity": "-2"}],
        },
        "StockPostedLate.v1": {
            "document": story_id("receipt"),
            "entry": story_id("stock entry"),
            "original_on": "2026-10-30",
            "posted_on": "2026-11-01",
        },
    }
