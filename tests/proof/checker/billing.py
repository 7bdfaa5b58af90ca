"""What the ledger made of an order: an invoice for each part of its goods, a note for what was let go. INV4, 9, 23."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from tests.proof.checker.books import Books
from tests.proof.checker.holding import Holding, Revision
from tests.proof.checker.intents import number
from tests.proof.checker.subject import Fact, Subject

TERMS = frozenset({"OrderPlaced", "OrderChanged"})


def settle_bills(order: Subject, holding: Holding, books: Books) -> None:
    """Every revision's parts, then everything that was credited, then what stands in the books."""
    terms = {fact.id for kind in TERMS for fact in order.facts.get(kind, ())}
    invoices = list(order.facts.get("InvoiceIssued", ()))
    for held in holding.revisions.values():
        for part in held.parts:
            first = part is held.parts[0]
            mine = [one for one in invoices if _is_of(one, part, held, terms, first=first)]
            refused = [
                one for one in order.facts.get("InvoiceRefused", ()) if _is_of(one, part, held, terms, first=first)
            ]
            least = 0 if _was_released_before(order, part, held, terms) else 1
            why = "what is reserved is billed, each part once"
            order.between("INV23", "decision of the ledger", least, 1, why, len(mine) + len(refused))
            for invoice in mine:
                invoices.remove(invoice)
                as_agreed(order, part, invoice)
    if invoices and (order.quiet or holding.revisions):
        order.say("INV20", "an invoice of goods that nobody set aside", "InvoiceIssued")
        order.findings.count(doubled=len(invoices))
    _credited(order, holding)
    amounts(order, books)


def _was_released_before(order: Subject, part: Fact, held: Revision, terms: set[str]) -> bool:
    """Whether the ledger may have done nothing at all: it heard of the release before it knew the terms.

    What it booked upon the terms of another revision says nothing of this one.
    """
    own = {fact.id for kind in TERMS for fact in order.facts.get(kind, ()) if _revision(fact) == held.number} & terms
    credited = any(int(note.get("revision") or 1) == held.number for note in order.of("CreditNoteIssued"))
    booked = any(entry.cause == part.id or entry.cause in own for entry in order.facts.get("EntryPosted", ()))
    return held.released is not None and not credited and not booked


def _is_of(bill: Fact, part: Fact, held: Revision, terms: set[str], *, first: bool) -> bool:
    """Whether it is about this part: it names it as its cause, or the order itself, which came after its first part."""
    if _revision(bill) != held.number:
        return False
    return bill.cause == part.id or (first and bill.cause in terms)


def _revision(fact: Fact) -> int:
    return int(fact.data.get("revision") or 1)


def as_agreed(order: Subject, part: Fact, invoice: Fact) -> None:
    """INV9: the goods of the part, at the order's prices."""
    revision, currency = int(part.data.get("revision") or 1), order.of("OrderPlaced")[0]["currency"]
    agreed = {
        line["line"]: line
        for kind in TERMS
        for terms in order.of(kind)
        if int(terms.get("revision") or 1) == revision
        for line in terms["lines"]
    }
    due = sorted(
        _row(agreed[x["line"]] | {"quantity": x["quantity"]}) for x in part.data["lines"] if x["line"] in agreed
    )
    order.findings.look("INV9")
    if invoice.data["currency"] != currency or sorted(map(_row, invoice.data["lines"])) != due:
        order.say("INV9", "the invoice has not the lines of the order", "OrderPlaced", part.kind, "InvoiceIssued")


def _row(line: Mapping[str, Any]) -> tuple[object, ...]:
    return line["line"], line["item"], number(line["quantity"]), number(line["unit_price"]), line["tax_code"]


def _credited(order: Subject, holding: Holding) -> None:
    """INV4, INV9: what was released is credited in full and once; nobody is credited more than was invoiced."""
    notes: defaultdict[str, list[Fact]] = defaultdict(list)
    for note in order.facts.get("CreditNoteIssued", ()):
        notes[str(note.data["invoice"])].append(note)
    for invoice in order.facts.get("InvoiceIssued", ()):
        mine = notes.pop(str(invoice.data["invoice"]), [])
        total, back = number(invoice.data["total"]), sum(number(note.data["total"]) for note in mine)
        held = holding.revisions.get(int(invoice.data.get("revision") or 1))
        released = held is not None and held.released is not None
        whole = [note for note in mine if not note.data.get("partial")]
        if released and len(mine) == len(whole):
            order.exactly("INV4", "CreditNoteIssued", 1, "credited if billed and released", len(whole))
        if back > total or (released and order.quiet and mine and back != total):
            order.say("INV9", "what is credited is not what was invoiced", "InvoiceIssued", "CreditNoteIssued")
    if notes:
        order.say("INV20", "a credit note of an invoice that does not exist", "CreditNoteIssued")
    _less_for_less(order)


def _less_for_less(order: Subject) -> None:
    """INV9: what was let go of an order is credited; what costs nothing needs no note."""
    priced = {x["line"] for bill in order.of("InvoiceIssued") for x in bill["lines"] if number(x["net"])}
    for reduced in order.facts.get("ReservationReduced", ()):
        freed = {x["line"]: number(x["quantity"]) for x in reduced.data["lines"] if x["line"] in priced}
        back: dict[int, int] = {}
        for note in order.facts.get("CreditNoteIssued", ()):
            for line in note.data["lines"] if note.cause == reduced.id else ():
                back[line["line"]] = back.get(line["line"], 0) + number(line["quantity"])
        order.findings.look("INV9")
        if any(quantity > freed.get(line, 0) for line, quantity in back.items()) or (order.quiet and back != freed):
            order.say("INV9", "what is credited is not what was let go", "ReservationReduced", "CreditNoteIssued")


def amounts(order: Subject, books: Books, *, in_parts: bool = False) -> None:
    """INV9: invoices, credit notes and their entries are equal to the cent. `in_parts`: an invoice of a later part has
    what the line comes to so far less what was invoiced of it, so its own lines are not rounded anew.
    """
    entries = order.of("EntryPosted")
    invoices = {str(invoice["invoice"]): invoice for invoice in order.of("InvoiceIssued")}
    papers = [("InvoiceIssued", invoice, identity, 1) for identity, invoice in invoices.items()]
    papers += [("CreditNoteIssued", note, note["credit_note"], -1) for note in order.of("CreditNoteIssued")]
    for kind, paper, identity, sign in papers:
        order.findings.look("INV9")
        whole = kind == "InvoiceIssued" or paper["total"] == invoices.get(str(paper["invoice"]), paper)["total"]
        if not _adds_up(paper, lines=whole and not (in_parts and kind == "InvoiceIssued"), taxes=whole):
            order.say("INV9", f"{kind} does not add up", kind)
        mine = [entry for entry in entries if entry["document"] == identity]
        due = int(number(paper["total"]) != 0)
        order.exactly("INV9", "EntryPosted", due, f"one entry of {kind} {paper['number']}", len(mine))
        for entry in mine:
            if paper["entry"] is not None and paper["entry"] != entry["entry"]:
                order.say("INV9", f"{kind} names another entry", kind, "EntryPosted")
            if _owed(entry["lines"], order.company, books) != (sign * number(paper["total"]), {paper["currency"]}):
                order.say("INV9", f"the entry is not over the total of {kind}", kind, "EntryPosted")
    known = {identity for _, _, identity, _ in papers}
    if any(entry["document"] not in known for entry in entries):
        order.say("INV20", "an entry of a document that does not exist", "EntryPosted")
    for paid in order.of("InvoicePaid"):
        invoice = invoices.get(str(paid["invoice"]))
        if invoice is None or paid["total"]["amount"] != invoice["total"]:
            order.say("INV9", "what was paid is not the invoice", "InvoiceIssued", "InvoicePaid")


def _owed(lines: Sequence[Mapping[str, Any]], company: str, books: Books) -> tuple[int, set[str]]:
    owed, currencies = 0, set()
    for line in lines:
        currencies.add(line["currency"])
        if books.roles.get((company, line["account"])) == "receivable":
            owed += number(line["debit"]) - number(line["credit"])
    return owed, currencies


def _adds_up(paper: Mapping[str, Any], *, lines: bool, taxes: bool) -> bool:
    """The totals, and of lines and taxes those that were rounded for this paper. A note over a part takes what is left
    to the cent, so its parts are not rounded anew.
    """
    cent = Decimal(1).scaleb(-len(paper["net"].partition(".")[2]))
    products = [(Decimal(x["quantity"]) * Decimal(x["unit_price"]), x["net"]) for x in paper["lines"] if lines]
    products += [(Decimal(x["base"]) * Decimal(x["rate"]), x["tax"]) for x in paper["taxes"] if taxes]
    if any(product.quantize(cent, ROUND_HALF_UP) != Decimal(told) for product, told in products):
        return False
    net, tax = sum(number(x["net"]) for x in paper["lines"]), sum(number(x["tax"]) for x in paper["taxes"])
    return (number(paper["net"]), number(paper["tax"]), number(paper["total"])) == (net, tax, net + tax)
