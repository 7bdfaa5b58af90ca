"""From an order to its invoice."""

from __future__ import annotations

from tests.ledger.desk import Desk, Order


async def test_an_order_with_terms_and_reservation_is_invoiced_and_posted(desk: Desk) -> None:
    order = Order("A-1", (("3", "10.00", "VAT24"), ("2", "5.50", "VAT13")))

    await desk.bill(order)

    (issued,) = await desk.told("InvoiceIssued")
    assert issued.data["number"] == "INV-2026-000001"
    assert (issued.data["net"], issued.data["tax"], issued.data["total"]) == ("41.00", "8.63", "49.63")
    assert await desk.balances() == {
        ("1100", "EUR"): 4963,
        ("2200", "EUR"): -720,
        ("2201", "EUR"): -143,
        ("4000", "EUR"): -4100,
    }
    assert await desk.faults() == []
