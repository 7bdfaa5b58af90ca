"""Orders for load: of the size that the bare pipeline uses (two lines), prepared as bytes before the clock starts."""

from __future__ import annotations

import json
import os
import random

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


def batches(run: str, count: int, size: int) -> list[bytes]:
    """CloudEvents batches."""
    dice = random.Random(run)
    made: list[bytes] = []
    for start in range(0, count, size):
        events = [
            {
                "specversion": "1.0", "id": f"{run}-{n}", "type": "OrderPlaced.v1", "source": SOURCE,
                "company": COMPANY,
                "time": PLACED_AT, "datacontenttype": "application/json", "data": order(f"{run}-{n}", dice),
            }
            for n in range(start, min(count, start + size))
        ]  # fmt: skip
        made.append(json.dumps(events).encode())
    return made


def singles(run: str, count: int) -> list[tuple[str, bytes]]:
    """Typed orders with their idempotency keys."""
    dice = random.Random(run)
    return [(f"{run}-{n}", json.dumps({"company": COMPANY} | order(f"{run}-{n}", dice)).encode()) for n in range(count)]
