"""Orders for load: of the size that the bare pipeline uses (two lines), prepared as bytes before the clock starts."""

from __future__ import annotations

import json
import os
import random
from collections.abc import Mapping, Sequence
from typing import Any

COMPANY = "bench"
SOURCE = "/bench/load"
ITEMS = 1_000
PLACED_AT = os.environ.get("LOAD_PLACED_AT", "2026-11-20T09:30:00Z")


def order(reference: str, dice: random.Random) -> dict[str, object]:
    """One order with two lines."""
    first, second = dice.sample(range(1, ITEMS + 1), 2)
    return {
        "reference": reference,
        "placed_at": PLACED_AT,
        "currency": "EUR",
        "customer": {
            "id": "C-7", "name": "Example Shop Ltd", "language": "en",
            "address": {"line1": "1 Harbour Street", "city": "Athens", "postcode": "10431", "country": "GR"},
        },
        "lines": [_line(first, "2"), _line(second, "3")],
    }  # fmt: skip


def _line(product: int, quantity: str) -> dict[str, object]:
    about: dict[str, object] = {"item": f"P{product}", "description": f"Product {product}", "tax_code": "S10"}
    return about | {"quantity": quantity, "unit_price": "10.00"}


def batches(run: str, count: int, size: int, **more: object) -> list[bytes]:
    """CloudEvents batches; `more` is said of every order."""
    dice = random.Random(run)
    orders = [(f"{run}-{n}", order(f"{run}-{n}", dice) | more) for n in range(count)]
    return [cloud_events("OrderPlaced.v1", orders[start : start + size]) for start in range(0, count, size)]


def payment(reference: str, invoice: Mapping[str, Any]) -> dict[str, object]:
    """What an invoice comes to, with its number, on its day."""
    return {
        "reference": reference, "received_on": invoice["issued_on"], "payer": {"name": "Example Shop Ltd"},
        "amount": {"amount": invoice["total"], "currency": invoice["currency"]}, "invoice_number": invoice["number"],
    }  # fmt: skip


def cloud_events(kind: str, told: Sequence[tuple[str, Mapping[str, object]]]) -> bytes:
    """One batch: each event with its id."""
    events = [
        {
            "specversion": "1.0", "id": identity, "type": kind, "source": SOURCE, "company": COMPANY,
            "time": PLACED_AT, "datacontenttype": "application/json", "data": data,
        }
        for identity, data in told
    ]  # fmt: skip
    return json.dumps(events).encode()


def singles(run: str, count: int) -> list[tuple[str, bytes]]:
    """Typed orders with their idempotency keys."""
    dice = random.Random(run)
    return [(f"{run}-{n}", json.dumps({"company": COMPANY} | order(f"{run}-{n}", dice)).encode()) for n in range(count)]
