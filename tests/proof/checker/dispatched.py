"""An order that is invoiced when its goods leave: each shipment is billed, nothing else is. INV9, INV20, INV23."""

from __future__ import annotations

from collections import defaultdict
from decimal import ROUND_HALF_UP, Decimal

from tests.proof.checker.billing import amounts, as_agreed
from tests.proof.checker.books import Books
from tests.proof.checker.subject import Subject


def is_invoiced_on_dispatch(order: Subject) -> bool:
    """By its own wish: the load decides nothing of the kind for whole companies."""
    return any(placed.get("invoice_on") == "dispatch" for placed in order.of("OrderPlaced"))


def settle_dispatched_bills(order: Subject, books: Books) -> None:
    """Each shipment has an invoice, or the refusal that it cannot have one; what is let go was never invoiced."""
    invoices = list(order.facts.get("InvoiceIssued", ()))
    for shipment in order.facts.get("ShipmentDispatched", ()):
        mine = [one for one in invoices if one.cause == shipment.id]
        refused = sum(one.cause == shipment.id for one in order.facts.get("InvoiceRefused", ()))
        why = "what has left is billed, each shipment once"
        order.exactly("INV23", "decision of the ledger", 1, why, len(mine) + refused)
        for invoice in mine:
            invoices.remove(invoice)
            as_agreed(order, shipment, invoice)
    if invoices and (order.quiet or order.facts.get("ShipmentDispatched")):
        order.say("INV20", "an invoice of goods that have not left", "InvoiceIssued")
        order.findings.count(doubled=len(invoices))
    let_go = {fact.id for kind in ("ReservationReleased", "ReservationReduced") for fact in order.facts.get(kind, ())}
    order.findings.look("INV9")
    if any(note.cause in let_go for note in order.facts.get("CreditNoteIssued", ())):
        order.say("INV9", "what was let go was never invoiced, and is credited", "CreditNoteIssued")
    amounts(order, books, in_parts=True)
    if order.quiet:
        _lines_add_up(order)


def _lines_add_up(order: Subject) -> None:
    """INV9: whatever the shipments, a line comes to what all that left of it costs, rounded once."""
    sums: defaultdict[tuple[int, int], list[Decimal]] = defaultdict(lambda: [Decimal(0), Decimal(0)])
    prices: dict[tuple[int, int], tuple[Decimal, Decimal]] = {}
    for invoice in order.of("InvoiceIssued"):
        for line in invoice["lines"]:
            key = int(invoice.get("revision") or 1), line["line"]
            net = Decimal(line["net"])
            sums[key][0] += Decimal(line["quantity"])
            sums[key][1] += net
            prices[key] = Decimal(line["unit_price"]), Decimal(1).scaleb(-len(line["net"].partition(".")[2]))
    for key, (quantity, net) in sums.items():
        price, cent = prices[key]
        order.findings.look("INV9")
        if (quantity * price).quantize(cent, ROUND_HALF_UP) != net:
            order.say("INV9", "the invoices of a line do not come to what left of it", "InvoiceIssued", line=key[1])
