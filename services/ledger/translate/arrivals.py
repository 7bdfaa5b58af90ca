"""Events of others as commands, and what was kept of them as values."""

from __future__ import annotations

from collections.abc import Mapping

import orjson

from chassis.consumers import Received
from chassis.ids import UUID
from contracts.money import to_micro
from services.ledger.commands import (
    CloseOrder,
    RecordChange,
    RecordPart,
    RecordPayment,
    RecordReservation,
    RecordShipment,
    RecordTerms,
    ReduceOrder,
    ReleaseOrder,
)
from services.ledger.domain.invoicing import OrderLine, Reserved, Terms
from services.ledger.views import (
    ChangedTerms,
    ChangeTooLate,
    GoodsArrived,
    GoodsLeft,
    MoneyReceived,
    OrderNotReserved,
    OrderReduced,
    OrderReleased,
    OrderReserved,
    OrderTerms,
)

CHANGED = "order-changed"
"""Why a credit note is written for an order that goes on in its next revision."""


def to_record_terms(event: Received[OrderTerms]) -> RecordTerms:
    """An order was placed."""
    return RecordTerms(event.cause.company, UUID(event.data.order), event.data.currency, event.body, event.cause,
                       says_when=event.data.invoice_on is not None)  # fmt: skip


def to_record_change(event: Received[ChangedTerms]) -> RecordChange:
    """An order was changed."""
    data = event.data
    return RecordChange(event.cause.company, UUID(data.order), data.revision, event.body, event.cause)


def to_record_reservation(event: Received[OrderReserved]) -> RecordReservation:
    """Stock was reserved."""
    reserved = {line.line: Reserved(line.item, line.quantity) for line in event.data.lines}
    order = UUID(event.data.order)
    return RecordReservation(
        event.cause.company, order, event.time, reserved, event.body, event.cause, event.data.revision or 1,
        event.data.complete is not False,
    )  # fmt: skip


def to_record_part(event: Received[GoodsArrived]) -> RecordPart:
    """Goods came for an order that waited."""
    data = event.data
    reserved = {x.line: Reserved(x.item, x.quantity, to_micro(x.before or "0")) for x in data.lines}
    return RecordPart(
        event.cause.company, UUID(data.order), data.part or 2, event.time, reserved, event.cause, data.revision or 1,
        data.complete is not False,
    )  # fmt: skip


def to_record_shipment(event: Received[GoodsLeft]) -> RecordShipment:
    """Goods left the house; a line may lie in more than one place of them."""
    data = event.data
    lines: dict[int, tuple[str, int]] = {}
    for line in data.lines:
        _, before = lines.get(line.line, (line.item, 0))
        lines[line.line] = line.item, before + to_micro(line.quantity)
    return RecordShipment(
        event.cause.company, UUID(data.order), UUID(data.shipment), data.dispatched_on, lines, data.complete,
        event.cause, data.revision or 1,
    )  # fmt: skip


def to_reduce_order(event: Received[OrderReduced]) -> ReduceOrder:
    """Something of an order was let go."""
    data = event.data
    lines = {line.line: to_micro(line.quantity) for line in data.lines}
    parts = 1 if data.parts is None else data.parts
    return ReduceOrder(
        event.cause.company, UUID(data.order), data.reason, event.time, lines, event.cause, parts, data.revision or 1
    )


def to_close_order(event: Received[OrderNotReserved]) -> CloseOrder:
    """Nothing was reserved."""
    return CloseOrder(event.cause.company, UUID(event.data.order), event.cause, event.data.revision or 1)


def to_close_change(event: Received[ChangeTooLate]) -> CloseOrder:
    """A revision came too late."""
    return CloseOrder(event.cause.company, UUID(event.data.order), event.cause, event.data.revision)


def to_release_order(event: Received[OrderReleased]) -> ReleaseOrder:
    """A reservation was released."""
    data = event.data
    reason = data.reason if data.replaced_by is None else CHANGED
    return ReleaseOrder(
        event.cause.company, UUID(data.order), reason, event.time, event.cause, data.revision or 1, data.parts or 1
    )


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
        data.customer,
        [(wish.invoice_number, wish.amount) for wish in data.pays or ()],
        event.cause,
    )


def to_terms(order: UUID, body: bytes) -> Terms:
    """An order's terms from the bytes that came with it; they were validated then."""
    data = orjson.loads(body)
    lines = [
        OrderLine(x["line"], x["item"], x["description"], x["quantity"], x["unit_price"], x["tax_code"])
        for x in data["lines"]
    ]
    customer, revision = _printed_customer(data["customer"]), data.get("revision", 1)
    return Terms(order, data["reference"], data["currency"], customer, lines, revision, _on_dispatch(data))


def on_dispatch(body: bytes) -> bool:
    """Whether an order's terms say that it is invoiced when its goods leave."""
    return _on_dispatch(orjson.loads(body))


def _on_dispatch(terms: Mapping[str, object]) -> bool:
    return terms.get("invoice_on") == "dispatch"


def decided_for(body: bytes) -> bytes:
    """The terms of an order that says nothing, of a company that invoices what leaves: kept with what it means."""
    return orjson.dumps({**orjson.loads(body), "invoice_on": "dispatch"})


def changed_terms(placed: bytes, changed: bytes) -> bytes:
    """The terms of a later revision: the order as it was placed, with its new lines."""
    change = orjson.loads(changed)
    return orjson.dumps({**orjson.loads(placed), "lines": change["lines"], "revision": change["revision"]})


def to_reserved(body: bytes) -> dict[int, Reserved]:
    """Reserved quantities by line, from the bytes that came with them."""
    return {line["line"]: Reserved(line["item"], line["quantity"]) for line in orjson.loads(body)["lines"]}


def is_whole(body: bytes) -> bool:
    """Whether a reservation says that nothing of its order waits for goods."""
    return orjson.loads(body).get("complete") is not False


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
