"""Order to cash in one walk: credit, stock, shipment, invoice, papers, money; then books and goods are compared."""

from __future__ import annotations

from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any

import pytest_asyncio

from deploy.local.demo.front_office import FrontOffice
from deploy.local.demo.trade import STOCK
from deploy.local.stack import LocalStack
from tests.end_to_end.founding import CUSTOMER, NOW, Founder
from tests.support.eventually import eventually

COMPANY = "wholerow"
LEDGER, INVENTORY, DOCUMENTS = (f"/{name}/v1/companies/{COMPANY}" for name in ("ledger", "inventory", "documents"))
LIMIT, TOTAL, COST = "100.00", "124.00", "8.00"
"""Two lamps at 50.00 with 24 % tax, which cost 4.00 each: more than the customer has credit for."""
STEPS = {
    ("gateway", "accepted.OrderPlaced.v1"), ("ledger", "credit.held"), ("ledger", "credit.released"),
    ("inventory", "stock-reserved"), ("inventory", "order-picked"), ("inventory", "shipment-packed"),
    ("inventory", "shipment-dispatched"), ("ledger", "stock.posted"), ("ledger", "invoice.issued"),
    ("documents", "document-registered"), ("documents", "document-stored"),
    ("gateway", "accepted.PaymentReceived.v1"), ("ledger", "payment.recorded"),
}  # fmt: skip
COST_OF_GOODS, RECEIVABLE, BANK = "5000", "1100", "1000"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def admin(house: LocalStack) -> AsyncIterator[FrontOffice]:
    """A company that asks for credit, invoices what has left, and has ten lamps of a known cost."""
    office = FrontOffice(house.address("gateway"), await house.admin_key())
    founder = Founder(office, COMPANY)
    await founder.has_books("Whole Row Ltd")
    await founder.has_a_customer("C-1", LIMIT)
    await founder.asks_for_credit(invoicing="on_dispatch")
    await founder.has_goods("moving-average", {"LAMP": "Lamp"}, {"LAMP": "10"})
    yield office
    await office.close()


async def post(office: FrontOffice, path: str, body: object) -> Any:
    return await Founder(office, COMPANY).post(path, body)


async def shown(office: FrontOffice, order: str, *types: str, state: str) -> dict[str, Any]:
    """The order as the front office sees it, once it is in this state and all of these were told."""

    async def look() -> dict[str, Any]:
        told: dict[str, Any] = await office.get(f"/v1/orders/{order}")
        return told

    def is_there(told: dict[str, Any]) -> bool:
        return told["state"] == state and {f"{one}.v1" for one in types} <= {one["type"] for one in told["timeline"]}

    return await eventually(look, is_there, what=f"the order is {state} after {types}", within_s=60)


async def test_one_order_goes_from_held_credit_to_reconciled_books(house: LocalStack, admin: FrontOffice) -> None:
    """X1: placed, held for credit, released, reserved, picked, packed, shipped, invoiced on dispatch, papers stored,
    paid, reconciled.
    X10: one question tells what each department did with it, and none is absent.
    """
    # Given an order over its customer's limit
    line = {"item": "LAMP", "description": "Lamp", "quantity": "2", "unit_price": "50.00", "tax_code": "S24"}
    placed = await post(
        admin,
        "/v1/orders",
        {
            "company": COMPANY, "reference": "ROW-1", "placed_at": NOW.isoformat(), "currency": "EUR",
            "customer": CUSTOMER | {"id": "C-1"}, "lines": [line],
        },
    )  # fmt: skip
    order = placed["subject"]
    await shown(admin, order, "CreditHeld", state="accepted")
    (held,) = (await admin.get(f"{LEDGER}/credit-holds"))["holds"]
    assert (held["order"], held["amount"], held["limit"]) == (order, TOTAL, LIMIT)

    # When somebody takes the risk, it gets its goods, and no invoice before they leave
    await post(admin, f"{LEDGER}/orders/{order}/credit-release", {"reason": "pays on delivery"})
    reserved = await shown(admin, order, "CreditApproved", "StockReserved", state="reserved")
    assert reserved["invoice_number"] is None
    ((shipment, state),) = [
        (one["shipment"], one["state"])
        for one in (await post(admin, f"{INVENTORY}/picks", {"picks": [{"order": order}]}))["shipments"]
    ]
    assert state == "picked"
    await post(admin, f"{INVENTORY}/packs", {"packs": [{"shipment": shipment, "packages": 1}]})
    left = {"shipments": [{"shipment": shipment, "carrier": "Aegean Freight"}]}
    await post(admin, f"{INVENTORY}/dispatches", left)

    # Then it is shipped, billed and filed
    types = ("ShipmentDispatched", "StockIssued", "InvoiceIssued", "DocumentRegistered", "DocumentStored")
    billed = await shown(admin, order, *types, state="documented")
    assert billed["total"] == TOTAL

    async def stored() -> set[str]:
        papers = (await admin.get(f"{DOCUMENTS}/documents", order=order))["documents"]
        return {paper["class"] for paper in papers if paper["content"]}

    wanted = {"invoice", "delivery_note", "packing_list", "label"}
    await eventually(stored, lambda found: found == wanted, what="its papers are stored", within_s=60)

    # And when it is paid, nothing is left open, and books and goods say the same
    money = {
        "company": COMPANY, "reference": "PAY-1", "received_on": NOW.date().isoformat(), "payer": {"name": "X"},
        "amount": {"amount": TOTAL, "currency": "EUR"}, "invoice_number": billed["invoice_number"],
    }  # fmt: skip
    await post(admin, "/v1/payments", money)
    await shown(admin, order, "PaymentAllocated", "InvoicePaid", state="paid")
    receivables = await admin.get(f"{LEDGER}/reconciliation/receivables", thorough="true")
    assert (receivables["holds"], receivables["documents"], receivables["days"]) == (True, [], [])
    assert (await admin.get(f"{INVENTORY}/stock-check"))["balanced"]
    valuation = await admin.get(f"{INVENTORY}/valuation", on=NOW.date().isoformat())
    trial = await admin.get(f"{LEDGER}/trial-balance")
    books = {row["account"]: Decimal(row["balance"]) for row in trial["accounts"]}
    assert Decimal(valuation["total"]) == books[STOCK] == Decimal(40) - Decimal(COST)
    assert (books[COST_OF_GOODS], books[BANK]) == (Decimal(COST), Decimal(TOTAL))
    assert books.get(RECEIVABLE, Decimal(0)) == 0

    # And one question tells who did what with it: every department answers
    trail = await admin.get("/v1/audit", company=COMPANY, limit=200, since=NOW.isoformat())
    assert trail["absent"] == []
    assert {(one["department"], one["action"]) for one in trail["records"]} >= STEPS
    assert all(one["actor"] and one["cause"] and one["correlation"] for one in trail["records"])
    for asked in ({"request": placed["request_id"]}, {"subject": order}):
        trail = await admin.get("/v1/audit", company=COMPANY, limit=200, **asked)
        assert trail["absent"] == []
        assert {one["department"] for one in trail["records"]} == {"gateway", "ledger", "inventory"}
