"""The join by subject: all that became of one order, one payment, one person.

INV4, INV9, INV12, INV20, INV23, INV26, and of INV28 the papers.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from tests.proof.checker.books import Books
from tests.proof.checker.buckets import Buckets
from tests.proof.checker.intents import number
from tests.proof.checker.report import Findings


@dataclass(slots=True)
class Subject:
    """Everything about one subject, by kind of event without its version: (place, data)."""

    id: str
    company: str
    findings: Findings
    quiet: bool
    facts: defaultdict[str, list[tuple[str, Mapping[str, Any]]]] = field(default_factory=lambda: defaultdict(list))

    def of(self, kind: str) -> list[Mapping[str, Any]]:
        """The data of its events of a kind."""
        return [data for _, data in self.facts.get(kind, ())]

    def say(self, invariant: str, what: str, *kinds: str, **more: object) -> None:
        """Something is wrong with it; the events of these kinds show it."""
        at = [place for kind in kinds or tuple(self.facts) for place, _ in self.facts.get(kind, ())]
        self.findings.say(invariant, what, about=self.id, company=self.company, at=at, **more)

    def exactly(self, invariant: str, kind: str, due: int, why: str, have: int | None = None) -> None:
        """So many events of a kind must be there: fewer are lost (when all is quiet), more are doubled."""
        self.findings.look(invariant)
        found = len(self.facts.get(kind, ())) if have is None else have
        if found > due:
            self.say(invariant, f"{found} × {kind} instead of {due}: {why}", kind)
            self.findings.count(doubled=found - due)
        elif found < due and self.quiet:
            self.say(invariant, f"{found} × {kind} instead of {due}: {why}")
            self.findings.count(lost=due - found)


def settle_subjects(subjects: Buckets, findings: Findings, books: Books, *, quiet: bool) -> None:
    """One subject after the other."""
    for identity, rows in subjects.groups():
        subject = Subject(identity, rows[0][2], findings, quiet)
        for _, kind, company, place, data in rows:
            subject.facts[kind.removesuffix(".v1")].append((place, data))
            if company != subject.company:
                findings.say("INV26", "one thing is in two companies", about=identity, at=[rows[0][3], place])
        if "PaymentReceived" in subject.facts or "PaymentAllocated" in subject.facts:
            _payment(subject, books)
        elif "EmployeeHired" in subject.facts or "EmployeeRegistered" in subject.facts:
            _person(subject)
        else:
            _order(subject, books)


def _person(person: Subject) -> None:
    hired = len(person.facts["EmployeeHired"])
    person.exactly("INV23", "EmployeeRegistered", hired, "payroll registers each hire")
    person.exactly("INV23", "DocumentRegistered", hired, "documents opens a file for each hire")


def _payment(payment: Subject, books: Books) -> None:
    received = payment.of("PaymentReceived")
    if not received:
        payment.say("INV20", "money was allocated that never came in")
        return
    spread = payment.of("PaymentAllocated")
    payment.findings.look("INV23")
    if payment.quiet and not spread:
        payment.say("INV23", "the ledger has not dealt with this money")
        payment.findings.count(lost=1)
    amount = number(received[0]["amount"]["amount"])
    for state in spread:
        whole = sum(number(part["amount"]) for part in state["allocations"]) + number(state["unapplied"])
        if whole != amount or number(state["amount"]["amount"]) != amount:
            payment.say("INV9", "what is allocated and what is left are not what came in", "PaymentAllocated")
    banked = 0
    for entry in payment.of("EntryPosted"):
        for line in entry["lines"]:
            if books.roles.get((payment.company, line["account"])) == "bank":
                banked += number(line["debit"]) - number(line["credit"])
    payment.findings.look("INV9")
    if banked != amount and (payment.quiet or banked > amount):
        payment.say("INV9", "the bank account has not once what came in", "EntryPosted", banked=banked / 1e6)
        payment.findings.count(lost=banked < amount, doubled=banked > amount)


def _order(order: Subject, books: Books) -> None:
    placed, reserved, released = (len(order.facts[k]) for k in ("OrderPlaced", "StockReserved", "ReservationReleased"))
    refused, billed, unbilled = (len(order.facts[k]) for k in ("ReservationRefused", "InvoiceIssued", "InvoiceRefused"))
    if not placed:
        if set(filter(order.facts.get, order.facts)) - {"OrderCancelled"}:
            order.say("INV20", "there are effects of an order that was never placed")
        return
    order.exactly("INV4", "OrderPlaced", 1, "an order is placed once")
    order.findings.look("INV4")
    if reserved and refused:
        order.say("INV4", "an order was reserved and refused", "StockReserved", "ReservationRefused")
    order.exactly("INV23", "decision of inventory", 1, "each order is reserved or refused once", reserved + refused)
    if not _given_back_before_it_was_billed(order, billed + unbilled):
        due = min(1, reserved)
        order.exactly("INV23", "decision of the ledger", due, "what is reserved is billed", billed + unbilled)
    _ending(order, reserved, released, unbilled)
    _goods(order)
    _papers(order)
    if order.of("InvoiceIssued"):
        _amounts(order, books)


def _given_back_before_it_was_billed(order: Subject, decisions: int) -> bool:
    """Cancelled while the ledger was away: it hears of the release before it has the terms, and does nothing at all."""
    if decisions or order.facts["CreditNoteIssued"] or order.facts["EntryPosted"]:
        return False
    return bool(order.facts["OrderCancelled"] and order.facts["ReservationReleased"])


def _ending(order: Subject, reserved: int, released: int, unbilled: int) -> None:
    """INV4: an order that was cancelled or could not be billed gives back what it had, once; no other does."""
    cancelled, credited = len(order.facts["OrderCancelled"]), len(order.facts["CreditNoteIssued"])
    ends = bool(reserved and (cancelled or unbilled))
    order.exactly("INV4", "ReservationReleased", int(ends), "released when cancelled or not billed, only then")
    order.exactly(
        "INV4", "CreditNoteIssued", int(bool(released and order.facts["InvoiceIssued"])), "credited if billed"
    )
    if credited and not cancelled:
        order.say("INV4", "credited without a cancellation", "CreditNoteIssued")


def _goods(order: Subject) -> None:
    """INV12: what is reserved, and given back, is what was ordered, line by line."""
    ordered = _quantities(order.of("OrderPlaced")[0])
    for kind in ("StockReserved", "ReservationReleased"):
        for data in order.of(kind):
            order.findings.look("INV12")
            if _quantities(data) != ordered:
                order.say("INV12", f"{kind} has not the quantities of the order", "OrderPlaced", kind)


def _papers(order: Subject) -> None:
    """INV9, INV23, INV28: one paper per invoice and credit note, and its bytes."""
    facts = [("InvoiceIssued", "invoice", "invoice"), ("CreditNoteIssued", "credit_note", "credit_note")]
    papers = order.of("DocumentRegistered")
    stored = [data["document"] for data in order.of("DocumentStored")]
    known = set()
    for kind, name, of in facts:
        for data in order.of(kind):
            known.add(data[name])
            about = [paper for paper in papers if paper["about"]["id"] == data[name] and paper["class"] == of]
            order.exactly("INV23", "DocumentRegistered", 1, f"one paper of {of} {data['number']}", len(about))
            order.findings.look("INV9")
            if any(paper["number"] != data["number"] for paper in about):
                order.say("INV9", "the paper has another number", kind, "DocumentRegistered")
    if strangers := [paper["document"] for paper in papers if paper["about"]["id"] not in known]:
        order.say("INV20", "a paper of an invoice that does not exist", "DocumentRegistered", documents=strangers)
    for paper in papers:
        if paper["template"]:
            order.findings.look("INV28")
            if order.quiet and paper["document"] not in stored:
                order.say("INV28", "a paper was never rendered", "DocumentRegistered", document=paper["document"])
    if set(stored) - {paper["document"] for paper in papers}:
        order.say("INV20", "bytes of a paper that was never registered", "DocumentStored")
    if len(set(stored)) < len(stored):
        order.say("INV23", "a paper was stored twice", "DocumentStored")


def _amounts(order: Subject, books: Books) -> None:
    """INV9: order, invoice, credit note and their entries are equal to the cent."""
    terms, invoice = order.of("OrderPlaced")[0], order.of("InvoiceIssued")[0]
    if invoice["currency"] != terms["currency"] or _terms(invoice) != _terms(terms):
        order.say("INV9", "the invoice has not the lines of the order", "OrderPlaced", "InvoiceIssued")
    entries = order.of("EntryPosted")
    papers = [("InvoiceIssued", invoice, invoice["invoice"], 1)]
    papers += [("CreditNoteIssued", note, note["credit_note"], -1) for note in order.of("CreditNoteIssued")]
    for kind, paper, identity, sign in papers:
        if not _adds_up(paper):
            order.say("INV9", f"{kind} does not add up", kind)
        if kind == "CreditNoteIssued" and (paper["total"], paper["invoice"]) != (invoice["total"], invoice["invoice"]):
            order.say("INV9", "the credit note is not over its invoice", "InvoiceIssued", kind)
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
        if paid["invoice"] != invoice["invoice"] or paid["total"]["amount"] != invoice["total"]:
            order.say("INV9", "what was paid is not the invoice", "InvoiceIssued", "InvoicePaid")


def _owed(lines: Sequence[Mapping[str, Any]], company: str, books: Books) -> tuple[int, set[str]]:
    owed, currencies = 0, set()
    for line in lines:
        currencies.add(line["currency"])
        if books.roles.get((company, line["account"])) == "receivable":
            owed += number(line["debit"]) - number(line["credit"])
    return owed, currencies


def _adds_up(paper: Mapping[str, Any]) -> bool:
    cent = Decimal(1).scaleb(-len(paper["net"].partition(".")[2]))
    for line in paper["lines"]:
        exact = Decimal(line["quantity"]) * Decimal(line["unit_price"])
        if exact.quantize(cent, ROUND_HALF_UP) != Decimal(line["net"]):
            return False
    for tax in paper["taxes"]:
        exact = Decimal(tax["base"]) * Decimal(tax["rate"])
        if exact.quantize(cent, ROUND_HALF_UP) != Decimal(tax["tax"]):
            return False
    lines, taxes = sum(number(x["net"]) for x in paper["lines"]), sum(number(x["tax"]) for x in paper["taxes"])
    totals = (number(paper["net"]), number(paper["tax"]), number(paper["total"]))
    return totals == (lines, taxes, lines + taxes)


def _terms(data: Mapping[str, Any]) -> list[tuple[object, ...]]:
    return [
        (line["line"], line["item"], number(line["quantity"]), number(line["unit_price"]), line["tax_code"])
        for line in data["lines"]
    ]


def _quantities(data: Mapping[str, Any]) -> list[tuple[object, ...]]:
    return sorted((line["line"], line["item"], number(line["quantity"])) for line in data["lines"])
