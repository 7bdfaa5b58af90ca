"""Lists and search: by day, amount, customer and number, in pages that stay as they are."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import httpx

from tests.ledger.desk import Desk, Order, payment
from tests.ledger.test_api import ACME, caller, faults, get

__all__ = ["caller"]

FINDS: list[tuple[str, dict[str, Any], list[str]]] = [
    ("/invoices", {"issued_from": "2026-11-21"}, ["A-4", "A-3", "A-2"]),
    ("/invoices", {"issued_from": "2026-11-21", "issued_to": "2026-11-22"}, ["A-3", "A-2"]),
    ("/invoices", {"amount_from": "37.20", "amount_to": "37.20"}, ["A-2", "A-1"]),
    ("/invoices", {"amount_from": "37.21"}, ["A-3"]),
    ("/invoices", {"currency": "USD"}, ["A-4"]),
    ("/invoices", {"amount_to": "50", "currency": "USD", "issued_to": "2026-11-23"}, ["A-4"]),
    ("/invoices", {"amount_from": "1", "customer": "C-2", "issued_to": "2026-11-30", "state": "open"}, ["A-2"]),
    ("/payments", {"received_from": "2026-11-21"}, ["P-2", "P-3"]),
    ("/payments", {"received_to": "2026-11-20"}, ["P-1"]),
    ("/payments", {"amount_from": "5", "amount_to": "37.20"}, ["P-1", "P-3"]),
    ("/payments", {"currency": "USD"}, []),
    ("/payments", {"reference": "P-2"}, ["P-2"]),
    ("/payments", {"customer": "C-1042"}, ["P-1"]),
    ("/payments", {"invoice_number": "INV-2026-000001"}, ["P-1"]),
    ("/payments", {"unapplied": True, "amount_to": "4.99"}, ["P-2"]),
]


async def test_invoices_and_payments_are_found_by_day_amount_customer_and_number(
    caller: httpx.AsyncClient, desk: Desk
) -> None:
    """G18: whatever is named together; an amount is one of a currency, the company's own unless another is named."""
    first = Order("A-1", at=datetime(2026, 11, 20, 12, tzinfo=UTC))
    second = Order("A-2", customer="C-2", at=datetime(2026, 11, 21, 12, tzinfo=UTC))
    third = Order("A-3", (("3", "100.00", "VAT24"),), at=datetime(2026, 11, 22, 12, tzinfo=UTC))
    await desk.bill(first, second, third, Order("A-4", currency="USD", at=datetime(2026, 11, 23, 12, tzinfo=UTC)))
    await desk.hear(
        first.payment("P-1", "37.20", invoice_number="INV-2026-000001", received_on=date(2026, 11, 20)),
        payment("P-2", "1.00", received_on=date(2026, 11, 21)), payment("P-3", "5.00", received_on=date(2026, 11, 21)),
    )  # fmt: skip

    for path, parameters, wanted in FINDS:
        name = "order_reference" if path == "/invoices" else "reference"
        pages: list[str] = []
        after: dict[str, str] = {}
        while True:
            answer = await get(caller, path, limit=1, **parameters, **after)
            pages += [row[name] for row in answer[path[1:]]]
            if answer["next"] is None:
                break
            after = {"after": answer["next"]}
        assert (pages if path == "/invoices" else sorted(pages)) == wanted, (path, parameters)
    assert faults(await caller.get(f"{ACME}/invoices?amount_from=1.234")) == [("?amount_from", "amount-invalid")]
    assert faults(await caller.get(f"{ACME}/payments?amount_to=1&currency=XYZ")) == [("?currency", "currency-unknown")]
