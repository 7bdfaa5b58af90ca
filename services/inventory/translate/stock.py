"""Between the published language and inventory's own words, both ways: items, stock, reservations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import orjson

from chassis.cause import Cause
from chassis.consumers import Received
from chassis.errors import Refused
from chassis.ids import UUID, derive
from contracts.base import (
    CompanyCode,
    CurrencyCode,
    EventData,
    EventView,
    LineNumber,
    PartView,
    Quantity,
    Sku,
    Timestamp,
    Uuid,
)
from contracts.gateway import OrderCancelled, OrderChanged, OrderPlaced
from contracts.inventory import (
    CancellationRefused,
    ItemDefined,
    ItemDefinedV2,
    OrderChangeRefused,
    ReservationRefused,
    ReservationReleased,
    StockReceived,
    StockReceivedV2,
    StockReserved,
)
from contracts.ledger import CompanyRegistered, CreditApproved, CreditCheckRequired, InvoiceRefused
from contracts.money import from_micro, to_micro
from services.inventory.commands import (
    AllowStock,
    AwaitCredit,
    ChangeReservation,
    LearnCompany,
    ReceiveGoods,
    ReleaseStock,
    ReserveStock,
)
from services.inventory.domain.book import (
    NO_WISH,
    NotChanged,
    NotReleased,
    NotReserved,
    OrderedLine,
    Released,
    Reserved,
    Wish,
)
from services.inventory.domain.items import ItemTerms, NotDefined
from services.inventory.domain.quantities import MICRO
from services.inventory.domain.receiving import NewLevel, NotReceived

Fact = tuple[type[EventData], UUID, dict[str, object]]
"""An event to emit: its type, its key, its data."""

NAMED_MAX = 5
"""Items that a sentence names; the list beside it has all of them."""


class NewCompany(EventView, of=CompanyRegistered):
    """A company as inventory sees it."""

    company: CompanyCode
    currency: CurrencyCode
    time_zone: str


class LineToReserve(PartView):
    """A line of an order, without its price."""

    line: LineNumber
    item: Sku
    quantity: Quantity


class OrderToReserve(EventView, of=OrderPlaced):
    """What inventory uses of an order."""

    order: Uuid
    lines: list[LineToReserve]
    if_short: Literal["all_or_nothing", "partial", "back_order"] | None = None
    priority: int | None = None
    reserve_until: Timestamp | None = None


class OrderToChange(EventView, of=OrderChanged):
    """What inventory uses of a changed order."""

    order: Uuid
    revision: int
    lines: list[LineToReserve]


class OrderGone(EventView, of=OrderCancelled):
    """What inventory uses of a cancellation."""

    order: Uuid


class CreditGiven(EventView, of=CreditApproved):
    """What inventory uses of an approval."""

    order: Uuid
    revision: int | None = None


class CreditAsked(EventView, of=CreditCheckRequired):
    """A company as the ledger decides about its orders."""

    company: CompanyCode


class InvoiceNotIssued(EventView, of=InvoiceRefused):
    """What inventory uses of a refused invoice."""

    order: Uuid
    revision: int | None = None


# -- in ---------------------------------------------------------------------------------------------------------------


def to_learn_company(event: Received[NewCompany]) -> LearnCompany:
    """A company is registered: keep stock for it."""
    return LearnCompany(event.data.company, event.data.currency, event.data.time_zone)


def to_await_credit(event: Received[CreditAsked]) -> AwaitCredit:
    """A company asks for credit: let its orders wait."""
    return AwaitCredit(event.data.company)


def to_ordered_lines(paper: bytes) -> list[OrderedLine]:
    """The lines of an order or of a change that was kept as it came; it was read once already."""
    return [OrderedLine(x["line"], x["item"], micro_of(x["quantity"])) for x in orjson.loads(paper)["lines"]]


def to_settle_order(
    event: Received[OrderToReserve | OrderToChange | OrderGone | InvoiceNotIssued | CreditGiven],
) -> ReserveStock | ChangeReservation | ReleaseStock | AllowStock:
    """An order, its change, its cancellation or its refused invoice, as what is to be done about stock."""
    data = event.data
    if isinstance(data, OrderGone):
        return ReleaseStock(event.cause, UUID(data.order), "order-cancelled")
    if isinstance(data, InvoiceNotIssued):
        return ReleaseStock(event.cause, UUID(data.order), "invoice-refused", data.revision or 1)
    if isinstance(data, CreditGiven):
        return AllowStock(event.cause, UUID(data.order), data.revision or 1)
    lines = [OrderedLine(line.line, line.item, micro_of(line.quantity)) for line in data.lines]
    if isinstance(data, OrderToChange):
        return ChangeReservation(event.cause, UUID(data.order), data.revision, lines, event.body)
    return ReserveStock(event.cause, UUID(data.order), lines, event.body, _wish(data))


def _wish(order: OrderToReserve) -> Wish:
    if order.if_short is None and order.priority is None and order.reserve_until is None:
        return NO_WISH
    return Wish(order.if_short or "all_or_nothing", order.priority or 0, order.reserve_until)


def micro_of(quantity: str) -> int:
    """Millionths of a quantity that its pattern has accepted already."""
    return int(quantity) * MICRO if quantity.isdigit() else to_micro(quantity)


# -- out --------------------------------------------------------------------------------------------------------------


def item_id(company: str, sku: str) -> UUID:
    """The id of an item, from what names it."""
    return derive("item", company, sku)


def reservation_id(company: str, order: UUID, revision: int = 1) -> UUID:
    """The id of an order's reservation: there is one for each revision of the order."""
    return derive("reservation", company, order, *(() if revision == 1 else (revision,)))


def receipt_id(cause: Cause) -> UUID:
    """The id of the receipt that a request asks for; a repeat of the request asks for the same."""
    return derive("receipt", cause.id)


def packagings_json(packagings: Sequence[tuple[str, int]]) -> str:
    """Packagings to store."""
    return orjson.dumps(dict(packagings)).decode()


def item_defined(item: UUID, terms: ItemTerms) -> Fact:
    """An item can be stocked. What the first version of the event cannot say is said by the second."""
    data: dict[str, object] = {"item": item, "sku": terms.sku, "name": terms.name, "unit": terms.unit}
    if terms.unit == "pcs" and terms.valuation == "none" and not terms.packagings:
        return ItemDefined, item, data
    held = [{"unit": unit, "holds": from_micro(holds)} for unit, holds in terms.packagings]
    return ItemDefinedV2, item, data | {"packagings": held, "valuation": terms.valuation}


def item_body(company: str, terms: ItemTerms, *, new: bool) -> dict[str, object]:
    """What the sender of an item gets."""
    body: dict[str, object] = {
        "item": str(item_id(company, terms.sku)), "sku": terms.sku, "name": terms.name, "unit": terms.unit
    }  # fmt: skip
    if terms.valuation != "none":
        body["valuation"] = terms.valuation
    if terms.packagings:
        body["packagings"] = [{"unit": unit, "holds": from_micro(holds)} for unit, holds in terms.packagings]
    return body | {"new": new}


def warehouse_unknown(warehouse: str, at: str) -> Refused:
    """There is no such place."""
    return Refused("warehouse-unknown", f"There is no warehouse {warehouse}.", at)


def warehouse_exists(warehouse: str, name: str) -> Refused:
    """A code means one place for ever."""
    return Refused("warehouse-exists", f"{warehouse} is {name} already.", "/warehouse", status=409)


def warehouse_reserved(warehouse: str) -> Refused:
    """Every company has these two from the start."""
    return Refused("warehouse-reserved", f"{warehouse} is there from the start.", "/warehouse", status=409)


def stock_received(item: UUID, sku: str, command: ReceiveGoods, level: NewLevel) -> Fact:
    """Goods of one item came in. A level below zero is said by the second version of the event."""
    return (
        StockReceived if level.on_hand >= 0 else StockReceivedV2,
        item,
        {
            "item": item,
            "sku": sku,
            "receipt": command.receipt,
            "warehouse": command.warehouse,
            "quantity": from_micro(level.quantity),
            "on_hand": from_micro(level.on_hand),
        },
    )


def receipt_body(command: ReceiveGoods, levels: Mapping[str, NewLevel]) -> dict[str, object]:
    """What the sender of a receipt gets: the new levels of its items."""
    return {
        "receipt": str(command.receipt),
        "reference": command.reference,
        "warehouse": command.warehouse,
        "received_on": command.received_on.isoformat(),
        "items": [
            {"sku": sku, "quantity": from_micro(level.quantity), "on_hand": from_micro(level.on_hand)}
            for sku, level in levels.items()
        ],
    }


def stock_reserved(order: UUID, reservation: UUID, decision: Reserved, revision: int = 1) -> Fact:
    """Stock is set aside."""
    data: dict[str, object] = {"order": order, "reservation": reservation, "lines": lines_told(decision.lines)}
    if decision.dropped:
        data["dropped"] = lines_told(decision.dropped)
    if decision.waiting:
        data["complete"] = False
    return StockReserved, order, data | revision_told(revision)


def reservation_refused(order: UUID, decision: NotReserved, revision: int = 1) -> Fact:
    """The order gets no stock; every shortage is listed."""
    shortages: list[dict[str, object]] = [
        {"item": sku, "requested": from_micro(requested), "available": from_micro(available)}
        for sku, requested, available in decision.shortages
    ]
    data: dict[str, object] = {
        "order": order,
        "code": decision.code,
        "detail": sentence(decision),
        "shortages": shortages,
    }
    return ReservationRefused, order, data | revision_told(revision)


def reservation_released(order: UUID, reservation: UUID, decision: Released) -> Fact:
    """Stock that was set aside is free again."""
    data: dict[str, object] = {
        "order": order,
        "reservation": reservation,
        "reason": decision.reason,
        "lines": lines_told(decision.lines),
    }
    if decision.parts != 1:
        data["parts"] = decision.parts
    if decision.replaced_by is not None:
        data["replaced_by"] = decision.replaced_by
    return ReservationReleased, order, data | revision_told(decision.revision)


def order_change_refused(order: UUID, revision: int, decision: NotChanged) -> Fact:
    """The order stands as it was before."""
    data: dict[str, object] = {
        "order": order,
        "revision": revision,
        "code": decision.code,
        "stage": decision.stage,
        "detail": CHANGE_REFUSALS[decision.code],
    }
    return OrderChangeRefused, order, data


def cancellation_refused(order: UUID, decision: NotReleased) -> Fact:
    """Goods have left: the order stands, and what is left of it will follow."""
    data: dict[str, object] = {
        "order": order,
        "code": decision.code,
        "stage": decision.stage,
        "detail": CHANGE_REFUSALS[decision.code],
    }
    return CancellationRefused, order, data


CANCELLED = "The order was cancelled before it could get stock."
CHANGE_REFUSALS = {
    "order-cancelled": "The order was cancelled before this change came.",
    "already-picked": "The goods of the order are picked already.",
    "already-shipped": "Goods of the order have left already.",
}
"""Why a change comes too late, for people; by code."""


def sentence(decision: NotReserved) -> str:
    """Why an order gets no stock, for people."""
    if decision.code == "order-cancelled":
        return CANCELLED
    named = decision.shortages[:NAMED_MAX]
    more = len(decision.shortages) - len(named)
    rest = f" and {more} more" if more else ""
    if decision.code == "item-unknown":
        return f"Not an item here: {', '.join(s.sku for s in named)}{rest}."
    lacking = ", ".join(f"{s.sku} lacks {from_micro(s.requested - s.available)}" for s in named)
    return f"Not enough in stock: {lacking}{rest}."


def refusal_of_receipt(wrong: NotReceived) -> Refused:
    """A receipt that is not taken in, as its sender gets to know it."""
    return Refused(wrong.code, wrong.detail, wrong.pointer)


def refusal_of_reference(reference: str, receipt: UUID) -> Refused:
    """A receipt that was booked before under the same reference."""
    detail = f"{reference} was received already; goods are booked once."
    return Refused("receipt-exists", detail, "/reference", status=409, extra={"receipt": str(receipt)})


def refusal_of_items(wrong: NotDefined, *, batch: bool) -> Refused:
    """Items that are not defined, as their sender gets to know it."""
    pointer = f"/items/{wrong.index}/sku" if batch else "/sku"
    return Refused(wrong.code, wrong.detail, pointer, status=409 if wrong.known_before else 422)


def company_without_currency(company: str, at: str | None = None) -> Refused:
    """Goods are valued in the company's currency, and it is not known here."""
    detail = f"The currency of {company} is not known here, so its goods cannot be valued."
    return Refused("currency-unknown", detail, at, status=409)


def revision_told(revision: int) -> dict[str, object]:
    """Events of an order's first revision do not name it: nobody had to know of revisions then."""
    return {} if revision == 1 else {"revision": revision}


def lines_told(lines: Sequence[OrderedLine]) -> list[dict[str, object]]:
    """Lines with their quantities, as events tell them."""
    return [{"line": line, "item": sku, "quantity": from_micro(quantity)} for line, sku, quantity in lines]
