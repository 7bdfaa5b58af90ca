"""Orders found by the number and the amount of their invoices."""

from __future__ import annotations

import pytest

from contracts.gateway import OrderPlaced
from contracts.inventory import ShipmentDispatched
from contracts.ledger import InvoiceIssued
from tests.gateway.front import FrontOffice, Gateway, pointers
from tests.gateway.telling import ORDERS, about, on_its_own_key

FIRST, SECOND = ORDERS
NUMBERS = ("RE-2026-000001", "RE-2026-000002", "RE-2026-000003")


async def billed(gateway: Gateway) -> None:
    """One order with an invoice over 12.40, another with two over 50.00 and 100.00, told in any order."""
    told = [
        about(OrderPlaced, FIRST, placed_at="2026-11-22T12:00:00Z"),
        about(OrderPlaced, SECOND, placed_at="2026-11-22T11:00:00Z"),
        about(ShipmentDispatched, SECOND, complete=False),
        about(InvoiceIssued, SECOND, invoice=f"{SECOND[:-2]}c2", number=NUMBERS[2], total="100.00"),
        about(InvoiceIssued, FIRST, number=NUMBERS[0], total="12.40"),
        about(InvoiceIssued, SECOND, invoice=f"{SECOND[:-2]}c1", number=NUMBERS[1], total="50.00"),
    ]
    await gateway.hear(*(on_its_own_key(n, one) for n, one in enumerate(told)))


@pytest.mark.parametrize(
    ("asked", "orders"),
    [
        ({"invoice_number": NUMBERS[0]}, [FIRST]),
        ({"invoice_number": NUMBERS[1]}, [SECOND]),
        ({"invoice_number": NUMBERS[2]}, [SECOND]),
        ({"invoice_number": "RE-9"}, []),
        ({"amount_from": "12.4", "amount_to": "12.40"}, [FIRST]),
        ({"amount_from": "50", "currency": "EUR"}, [SECOND]),
        ({"amount_to": "50"}, [FIRST, SECOND]),
        ({"amount_to": "50", "currency": "USD"}, []),
        ({"amount_from": "51", "amount_to": "99"}, []),
        ({"amount_from": "12.41", "to": "2026-11-22T11:30:00Z", "state": "invoiced"}, [SECOND]),
        ({"amount_from": "12.41", "from": "2026-11-22T11:30:00Z"}, []),
    ],
)
async def test_orders_are_found_by_number_and_amount_of_their_invoices(
    gateway: Gateway, office: FrontOffice, asked: dict[str, str], orders: list[str]
) -> None:
    """G18: an order with several invoices by each of their numbers, and by the amount of each."""
    await billed(gateway)
    found: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        page = (await office.get("/v1/orders", limit="1", **asked, **cursor)).json()
        found += [order["id"] for order in page["orders"]]
        if page["next"] is None:
            break
        cursor = {"cursor": page["next"]}
    assert found == orders


async def test_the_order_shows_what_its_invoices_come_to(gateway: Gateway, office: FrontOffice) -> None:
    await billed(gateway)
    shown = (await office.get(f"/v1/orders/{SECOND}")).json()
    assert (shown["invoice_number"], shown["total"]) == (NUMBERS[1], "150.00")
    wrong = await office.get("/v1/orders", amount_from="12,40")
    assert pointers(wrong.json())[0][0] == "?amount_from"
    cursor = (await office.get("/v1/orders", limit="1")).json()["next"]
    assert (await office.get("/v1/orders", cursor=cursor, amount_to="1")).status_code == 422
