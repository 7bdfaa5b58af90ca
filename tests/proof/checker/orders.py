"""The course of an order, from what the customer wants to the last paper. INV4, INV12, INV20, INV23."""

from __future__ import annotations

from collections import Counter

from tests.proof.checker.billing import settle_bills
from tests.proof.checker.books import Books
from tests.proof.checker.dispatched import is_invoiced_on_dispatch, settle_dispatched_bills
from tests.proof.checker.following import settle_order_of_events
from tests.proof.checker.holding import Holding, fold
from tests.proof.checker.intents import number as amount
from tests.proof.checker.leaving import settle_shipments
from tests.proof.checker.papers import settle_papers
from tests.proof.checker.subject import Fact, Subject

WITHOUT_AN_ORDER = frozenset({"OrderCancelled", "DocumentRegistered", "DocumentStored"})
"""What may be there of an order that never was: a cancellation that came first; papers name what people say."""


def settle_order(order: Subject, books: Books) -> None:
    """Everything about one order."""
    if not order.facts.get("OrderPlaced"):
        if {kind for kind, facts in order.facts.items() if facts} - WITHOUT_AN_ORDER:
            order.say("INV20", "there are effects of an order that was never placed")
        return
    order.exactly("INV4", "OrderPlaced", 1, "an order is placed once")
    settle_order_of_events(order)
    holding = fold(order)
    _decided(order, holding)
    _permitted(order, holding)
    _let_go(order, holding)
    settle_shipments(order, holding)
    if is_invoiced_on_dispatch(order):
        settle_dispatched_bills(order, books)
    else:
        settle_bills(order, holding, books)
    settle_papers(order)
    books.ends[order.company, order.id] = _may_be(order, holding, bounced=order.company in books.bounced)


def _decided(order: Subject, holding: Holding) -> None:
    """INV23: inventory has answered each revision, or goes on waiting for credit; a later one answers for it too."""
    answered = holding.revisions.keys() | holding.changes_refused
    for revision in sorted(holding.terms):
        order.findings.look("INV23")
        waits = _held(order, revision) and not order.facts.get("OrderCancelled")
        withdrawn = revision > 1 and holding.over
        later = any(other > revision for other in answered)
        if order.quiet and revision not in answered and not (waits or withdrawn or later):
            order.say("INV23", f"inventory has not answered revision {revision} of an order")
            order.findings.count(lost=1)


def _held(order: Subject, revision: int) -> bool:
    """Whether the ledger holds it for credit."""
    held = {int(data.get("revision") or 1) for data in order.of("CreditHeld")}
    approved = {int(data.get("revision") or 1) for data in order.of("CreditApproved")}
    return revision in held and revision not in approved


def _permitted(order: Subject, holding: Holding) -> None:
    """INV4: what is held for credit has no goods."""
    for revision, held in holding.revisions.items():
        if (held.parts or held.waiting) and _held(order, revision):
            order.say("INV4", "an order got goods while it was held for credit", "CreditHeld", "StockReserved")


def _let_go(order: Subject, holding: Holding) -> None:
    """INV4: an order that was cancelled or could not be billed gives back what it had; or goods had left already."""
    shipped, latest = bool(order.facts.get("ShipmentDispatched")), holding.latest
    cancelled = bool(order.facts.get("OrderCancelled")) and not order.facts.get("CancellationRefused")
    number = latest.number if latest is not None else 1
    unbilled = any(int(data.get("revision") or 1) == number for data in order.of("InvoiceRefused")) and not shipped
    order.findings.look("INV4")
    if order.quiet and holding.state in {"reserved", "waiting"} and (cancelled or unbilled):
        order.say("INV4", "what was cancelled or could not be billed was never given back")
        order.findings.count(lost=1)


def _may_be(order: Subject, holding: Holding, *, bounced: bool) -> frozenset[str]:
    """In which states the front office may see it in the end; `bounced`: money may have gone back since it was paid."""
    latest, number = holding.latest, holding.latest.number if holding.latest is not None else 0

    def of_latest(kind: str) -> bool:
        return any(int(data.get("revision") or 1) == number for data in order.of(kind))

    if latest is None:
        return frozenset({"accepted"})
    if (latest.released is not None and of_latest("CreditNoteIssued")) or _is_credited(order, holding):
        return frozenset({"credited"})
    goes_on = order.facts.get("CancellationRefused") or of_latest("ReservationReduced")
    if order.facts.get("OrderCancelled") and not goes_on:
        return frozenset({"cancelled"})
    if latest.waiting:
        return frozenset({"back_ordered"})
    if latest.refused or of_latest("InvoiceRefused"):
        return frozenset({"refused"})
    if is_invoiced_on_dispatch(order) and not of_latest("InvoiceIssued"):
        return frozenset({"reserved", "shipped"})
    unpaid = frozenset({"documented", "partly_paid"})
    return unpaid if not _is_paid(order, holding) else unpaid | {"paid"} if bounced else frozenset({"paid"})


def _is_credited(order: Subject, holding: Holding) -> bool:
    """Every invoice of the latest revision is credited in whole, and no other is to come: its time was over."""
    assert holding.latest is not None
    number = holding.latest.number
    gone = {note["invoice"] for note in order.of("CreditNoteIssued") if not note.get("partial")}
    invoices = {bill["invoice"] for bill in order.of("InvoiceIssued") if int(bill.get("revision") or 1) == number}
    return bool(invoices) and invoices <= gone and not holding.latest.due()


def _is_paid(order: Subject, holding: Holding) -> bool:
    """Every invoice of the latest revision is paid, credited in whole or over nothing; and no other is to come."""
    assert holding.latest is not None
    number = holding.latest.number

    def of_latest(kind: str) -> list[Fact]:
        return [fact for fact in order.facts.get(kind, ()) if int(fact.data.get("revision") or 1) == number]

    paid = {fact.data["invoice"] for fact in of_latest("InvoicePaid")}
    gone = {fact.data["invoice"] for fact in of_latest("CreditNoteIssued") if not fact.data.get("partial")}
    invoices = of_latest("InvoiceIssued")
    due = {fact.data["invoice"] for fact in invoices if amount(fact.data["total"])}
    billed: Counter[int] = Counter()
    for invoice in invoices:
        billed.update({line["line"]: amount(line["quantity"]) for line in invoice.data["lines"]})
    all_billed = all(billed[line] >= quantity for line, quantity in holding.latest.due().items())
    return bool(paid) and due <= paid | gone and all_billed
