"""Events of others as commands, and what was kept of them as values."""

from __future__ import annotations

from collections.abc import Mapping

import orjson

from chassis.consumers import Received
from chassis.ids import UUID
from services.ledger.commands import (
    CloseOrder,
    RecordPayment,
    RecordReservation,
    RecordTerms,
    ReleaseOrder,
)
from services.ledger.domain.invoicing import OrderLine, Reserved, Terms
from services.ledger.views import MoneyReceived, OrderNotReserved, OrderReleased, OrderReserved, OrderTerms


def to_record_terms(event: Received[OrderTerms]) -> RecordTerms:
    """An order was placed."""
    return RecordTerms(event.cause.company, UUID(event.data.order), event.body, event.cause)


def to_record_reservation(event: Received[OrderReserved]) -> RecordReservation:
    """Stock was reserved."""
    reserved = {line.line: Reserved(line.item, line.quantity) for line in event.data.lines}
    order = UUID(event.data.order)
    return RecordReservation(event.cause.company, order, event.time, reserved, event.body, event.cause)


def to_close_order(event: Received[OrderNotReserved]) -> CloseOrder:
    """Nothing was reserved."""
    return CloseOrder(event.cause.company, UUID(event.data.order), event.cause)


def to_release_order(event: Received[OrderReleased]) -> ReleaseOrder:
    """A reservation was released."""
    return ReleaseOrder(event.cause.company, UUID(event.data.order), event.data.reason, event.time, event.cause)


def to_record_payment(event: Received[MoneyReceived]) -> RecordPayment:
    """Money came in."""
    data = event.data
    return RecordPayment(
        event.cause.company,
        UUID(data.payment),
        data.reference,
        data.received_on,
        data.amount.amount,
        data.amount.currency,
        data.payer.name,
        None if data.order is None else UUID(data.order),
        data.order_reference,
        data.invoice_number,
        event.cause,
    )


def to_terms(order: UUID, body: bytes) -> Terms:
    """An order's terms from the bytes that came with it; they were validated then."""
    data = orjson.loads(body)
    lines = [
        OrderLine(x["line"], x["item"], x["description"], x["quantity"], x["unit_price"], x["tax_code"])
        for x in data["lines"]
    ]
    return Terms(order, data["reference"], data["currency"], _printed_customer(data["customer"]), lines)


def to_reserved(body: bytes) -> dict[int, Reserved]:
    """Reserved quantities by line, from the bytes that came with them."""
    return {line["line"]: Reserved(line["item"], line["quantity"]) for line in orjson.loads(body)["lines"]}


def _printed_customer(customer: Mapping[str, object]) -> dict[str, object]:
    """What an invoice prints of a customer: an address for mail is not part of it, nor is what may be added later."""
    printed = {name: customer[name] for name in ("id", "name", "language")}
    address = customer["address"]
    assert isinstance(address, dict)
    printed["address"] = {
        name: address[name]
        for name in ("line1", "line2", "city", "postcode", "country")
        if address.get(name) is not None
    }
    if customer.get("vat_number") is not None:
        printed["vat_number"] = customer["vat_number"]
    return printed
