"""What each event means to the timelines: which facts it adds to whose, and what it says about an order."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

import orjson

from chassis.consumers import Received
from chassis.ids import UUID
from contracts.base import EventView
from services.gateway import views
from services.gateway.commands import (
    Bill,
    Departure,
    Fact,
    Fold,
    Invoicing,
    OrderBits,
    OrderKey,
    Placement,
    RegisterCompany,
)
from services.gateway.domain import timeline as bits
from services.gateway.domain.money import thousandths

Event = Received[Any]
Teller = Callable[[Event, Fold], None]


def to_fold(events: Sequence[Event]) -> Fold:
    """All that a batch of events says, with one row per order."""
    fold = Fold()
    for event in events:
        TELLERS[event.type](event, fold)
    return fold


def _fact(event: Event, subject: UUID, fold: Fold, summary: Mapping[str, object] | None = None) -> None:
    cause = event.cause
    told = None if summary is None else orjson.dumps(summary)
    fold.facts.append(Fact(cause.company, subject, cause.id, event.type, event.sequence, event.time, told))


def _about_order(
    event: Event,
    order: str,
    bit: int,
    fold: Fold,
    summary: Mapping[str, object] | None = None,
    revision: int | None = None,
) -> OrderKey:
    """A fact about an order; `revision` is the event's own, which only later ones than the first name."""
    subject = UUID(order)
    if revision is not None:
        summary = {**(summary or {}), "revision": revision}
    _fact(event, subject, fold, summary)
    key = (event.cause.company, subject)
    if bit & bits.LOOKED_INTO:
        fold.settled.add(key)
    bits_now = OrderBits(revision or 1, bit & bits.HOLD_FOR_ALL, bit & ~bits.HOLD_FOR_ALL)
    known = fold.orders.get(key)
    fold.orders[key] = bits_now if known is None else known | bits_now
    return key


# -- one teller per type; an order's own events first ------------------------------------------------------------------


def _placed(event: Event, fold: Fold) -> None:
    data: views.Placed = event.data
    customer = data.customer
    key = _about_order(event, data.order, bits.PLACED, fold)
    fold.placements[key] = Placement(
        data.source, data.reference, customer.id, customer.name, data.currency, data.placed_at, event.time
    )


def _cancelled(event: Event, fold: Fold) -> None:
    data: views.Cancelled = event.data
    _about_order(event, data.order, bits.CANCELLED, fold, {"reason": data.reason})


def _changed(event: Event, fold: Fold) -> None:
    data: views.Changed = event.data
    _about_order(event, data.order, bits.CHANGED, fold, {"reason": data.reason, "revision": data.revision})


def _not_changed(event: Event, fold: Fold) -> None:
    data: views.NotChanged = event.data
    summary = {"code": data.code, "stage": data.stage, "detail": data.detail, "revision": data.revision}
    _about_order(event, data.order, bits.CHANGE_REFUSED, fold, summary)


def _reserved(event: Event, fold: Fold) -> None:
    data: views.Reserved = event.data
    bit = bits.RESERVED
    if data.complete is not None:  # absent: nobody ever waited for the rest
        bit |= bits.SERVED if data.complete else bits.IN_PARTS
    _about_order(event, data.order, bit, fold, {"quantity": _counted(data.lines)}, data.revision)


def _counted(lines: Iterable[views.Counted]) -> str:
    """How much of all lines together: enough to see whether anything is left."""
    return str(sum((Decimal(line.quantity) for line in lines), Decimal(0)))


def _credit_given(event: Event, fold: Fold) -> None:
    data: views.CreditGiven = event.data
    _about_order(event, data.order, 0, fold, {"because": data.because, **_at_stake(data)})


def _over_limit(event: Event, fold: Fold) -> None:
    data: views.OverLimit = event.data
    _about_order(event, data.order, 0, fold, {"detail": data.detail, **_at_stake(data)})


def _at_stake(data: views.CreditGiven | views.OverLimit) -> dict[str, object]:
    """Also of which revision, whose stock is not decided by it: until then the order is what it was."""
    told: dict[str, object] = {"amount": data.amount, "exposure": data.exposure, "limit": data.limit}
    told["currency"] = data.currency
    return told if data.revision is None else told | {"revision": data.revision}


def _not_reserved(event: Event, fold: Fold) -> None:
    data: views.NotReserved = event.data
    _about_order(event, data.order, bits.REFUSED, fold, {"code": data.code, "detail": data.detail}, data.revision)


def _released(event: Event, fold: Fold) -> None:
    data: views.Released = event.data
    summary: dict[str, object] = {"reason": data.reason}
    if data.replaced_by is not None:
        summary["replaced_by"] = data.replaced_by
    _about_order(event, data.order, bits.RELEASED, fold, summary, data.revision)


def _not_cancelled(event: Event, fold: Fold) -> None:
    data: views.NotCancelled = event.data
    _about_order(event, data.order, bits.CANCEL_REFUSED, fold, {"code": data.code, "detail": data.detail})


def _arrived(event: Event, fold: Fold) -> None:
    data: views.Arrived = event.data
    summary: dict[str, object] = {"quantity": _counted(data.lines)}
    summary |= {name: value for name in ("part", "complete") if (value := getattr(data, name)) is not None}
    bit = bits.SERVED | bits.IN_PARTS if data.complete else bits.IN_PARTS
    _about_order(event, data.order, bit, fold, summary, data.revision)


def _waits(event: Event, fold: Fold) -> None:
    data: views.Waits = event.data
    _about_order(event, data.order, bits.BACK_ORDERED | bits.IN_PARTS, fold, {"detail": data.detail}, data.revision)


def _reduced(event: Event, fold: Fold) -> None:
    """Nothing is waited for after it; what was invoiced for it is credited in part, so the rest stays what it was."""
    data: views.Reduced = event.data
    summary = {"reason": data.reason, "over": data.over, "lines": len(data.lines), "quantity": _counted(data.lines)}
    _about_order(event, data.order, bits.SERVED | bits.REDUCED | bits.IN_PARTS, fold, summary, data.revision)


def _costed(event: Event, fold: Fold) -> None:
    _about_order(event, event.data.order, 0, fold, {"shipment": event.data.shipment})


def _shipped(event: Event, fold: Fold) -> None:
    data: views.Shipped = event.data
    summary: dict[str, object] = {"shipment": data.shipment, "number": data.number, "complete": data.complete}
    summary |= {name: value for name in ("carrier", "tracking") if (value := getattr(data, name)) is not None}
    _about_order(event, data.order, bits.SHIPPED if data.complete else bits.IN_PARTS, fold, summary)


def _invoiced(event: Event, fold: Fold) -> None:
    data: views.Invoiced = event.data
    summary = {"invoice": data.invoice, "number": data.number, "total": data.total, "currency": data.currency}
    summary["quantity"] = _counted(data.lines)
    if data.entry is not None:
        summary["entry"] = data.entry
    key = _about_order(event, data.order, bits.INVOICED, fold, summary, data.revision)
    fold.bills.append(Bill(*key[:1], data.number, key[1], data.currency, thousandths(data.total)))
    said = Invoicing(data.number, data.total, data.revision or 1)
    known = fold.invoicings.get(key)
    if known is None or known.revision < said.revision:
        fold.invoicings[key] = said


def _credited(event: Event, fold: Fold) -> None:
    data: views.Credited = event.data
    summary: dict[str, object] = {"credit_note": data.credit_note, "invoice": data.invoice, "number": data.number}
    summary |= {"total": data.total, "currency": data.currency, "partial": bool(data.partial)}
    if data.entry is not None:
        summary["entry"] = data.entry
    bit = bits.INVOICED if data.partial else bits.CREDITED  # credited in part, the order stays what it was
    _about_order(event, data.order, bit, fold, summary, data.revision)


def _not_invoiced(event: Event, fold: Fold) -> None:
    data: views.NotInvoiced = event.data
    summary = {"code": data.code, "detail": data.detail, "pointer": data.pointer}
    _about_order(event, data.order, bits.INVOICE_REFUSED, fold, summary, data.revision)


def _overdue(event: Event, fold: Fold) -> None:
    data: views.BeyondItsDay = event.data
    _about_order(event, data.order, bits.INVOICED, fold, {"number": data.number, "due_on": data.due_on})


def _charge_taken_back(event: Event, fold: Fold) -> None:
    data: views.ChargeTakenBack = event.data
    summary: dict[str, object] = {"invoice": data.invoice, "number": data.number, "credit_note": data.credit_note}
    summary |= {"credit_note_number": data.credit_note_number, "reason": data.reason, "entry": data.entry}
    _about_order(event, data.order, 0, fold, summary)


def _paid(event: Event, fold: Fold) -> None:
    _about_order(event, event.data.order, bits.PAID, fold, {"number": event.data.number}, event.data.revision)


def _spread(event: Event, fold: Fold) -> None:
    data: views.Spread = event.data
    _fact(event, UUID(data.payment), fold, {"unapplied": data.unapplied, "invoices": len(data.allocations)})
    reopened = _reopened(data.reopened or ())
    amounts: dict[tuple[str, int | None], dict[str, object]] = {}
    for part in data.allocations:
        told = amounts.setdefault((part.order, part.revision), {"payment": data.payment, "allocations": []})
        allocations = told["allocations"]
        assert isinstance(allocations, list)
        allocations.append({"number": part.number, "amount": part.amount})
    for (order, revision), told in amounts.items():
        again = reopened.pop(order, None)
        bit = bits.ALLOCATED if again is None else bits.ALLOCATED | bits.BOUNCED
        _about_order(event, order, bit, fold, told if again is None else told | {"reopened": again}, revision)
    for order, parts in reopened.items():
        _about_order(event, order, bits.BOUNCED, fold, {"payment": data.payment, "reopened": parts})


def _reopened(parts: Iterable[views.OpenAgain]) -> dict[str, list[dict[str, str]]]:
    """What is open again, by order."""
    found: dict[str, list[dict[str, str]]] = {}
    for part in parts:
        found.setdefault(part.order, []).append({"number": part.number, "amount": part.amount})
    return found


def _bounced(event: Event, fold: Fold) -> None:
    data: views.Bounced = event.data
    _fact(event, UUID(data.payment), fold, {"reason": data.reason})
    for order, parts in _reopened(data.reopened).items():
        told = {"payment": data.payment, "reason": data.reason, "reopened": parts}
        _about_order(event, order, bits.BOUNCED, fold, told)


def _refunded(event: Event, fold: Fold) -> None:
    data: views.Refunded = event.data
    told = {"amount": data.amount.amount, "currency": data.amount.currency, "reason": data.reason}
    _fact(event, UUID(data.payment), fold, told)


def _received(event: Event, fold: Fold) -> None:
    data: views.Received = event.data
    summary = {"amount": data.amount.amount, "currency": data.amount.currency}
    _fact(event, UUID(data.payment), fold, {"reference": data.reference, **summary})
    if data.order is not None:
        _about_order(event, data.order, bits.PAYMENT_NAMED, fold, {"payment": data.payment, **summary})


def _filed(event: Event, fold: Fold) -> None:
    data: views.Filed = event.data
    summary = {"document": data.document, "class": data.document_class, "number": data.number}
    if data.order is not None:
        bit = bits.CREDIT_DOCUMENTED if data.document_class == "credit_note" else bits.DOCUMENTED
        _about_order(event, data.order, bit, fold, summary, data.revision)
    if data.employee is not None:
        _fact(event, UUID(data.employee), fold, summary)


def _stored(event: Event, fold: Fold) -> None:
    data: views.Stored = event.data
    if data.order is not None:
        _about_order(event, data.order, bits.STORED, fold, {"document": data.document, "class": data.document_class})


def _hired(event: Event, fold: Fold) -> None:
    _fact(event, UUID(event.data.employee), fold, {"reference": event.data.reference})


def _on_register(event: Event, fold: Fold) -> None:
    _fact(event, UUID(event.data.employee), fold, {"number": event.data.number})


def _otherwise_employed(event: Event, fold: Fold) -> None:
    data: views.OtherwiseEmployed = event.data
    _fact(event, UUID(data.employee), fold, {"effective_on": data.effective_on, "changed": data.changed})


def _gone(event: Event, fold: Fold) -> None:
    employee = UUID(event.data.employee)
    _fact(event, employee, fold, {"left_on": event.data.left_on})
    accounts = tuple(event.data.accounts or ())
    fold.departures.append(Departure(event.cause.company, employee, event.time, accounts))


def _papers_kept(event: Event, fold: Fold) -> None:
    _fact(event, UUID(event.data.employee), fold, {"since": event.data.since})


def _new_company(event: Event, fold: Fold) -> None:
    fold.companies.append(RegisterCompany(event.cause.company, event.data.name))


VIEWS: Mapping[type[EventView], Teller] = {
    views.NewCompany: _new_company,
    views.Placed: _placed,
    views.Cancelled: _cancelled,
    views.Changed: _changed,
    views.NotChanged: _not_changed,
    views.Reserved: _reserved,
    views.CreditGiven: _credit_given,
    views.OverLimit: _over_limit,
    views.NotReserved: _not_reserved,
    views.Released: _released,
    views.NotCancelled: _not_cancelled,
    views.Shipped: _shipped,
    views.Arrived: _arrived,
    views.Waits: _waits,
    views.Reduced: _reduced,
    views.Costed: _costed,
    views.Invoiced: _invoiced,
    views.Credited: _credited,
    views.NotInvoiced: _not_invoiced,
    views.Paid: _paid,
    views.BeyondItsDay: _overdue,
    views.ChargeTakenBack: _charge_taken_back,
    views.Spread: _spread,
    views.Received: _received,
    views.Bounced: _bounced,
    views.Refunded: _refunded,
    views.Filed: _filed,
    views.Stored: _stored,
    views.Hired: _hired,
    views.OnRegister: _on_register,
    views.OtherwiseEmployed: _otherwise_employed,
    views.Gone: _gone,
    views.PapersKept: _papers_kept,
}
"""Every view with what it tells."""

TELLERS: Mapping[str, Teller] = {view.event_type: teller for view, teller in VIEWS.items()}
