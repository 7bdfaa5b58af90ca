"""The join by subject: all that became of one payment, one person; of one order in `orders.py`.

INV4, INV9, INV12, INV20, INV23, INV26, and of INV28 the papers.
"""

from __future__ import annotations

from tests.proof.checker.books import Books
from tests.proof.checker.buckets import Buckets
from tests.proof.checker.intents import number
from tests.proof.checker.orders import settle_order
from tests.proof.checker.report import Findings
from tests.proof.checker.subject import Subject, as_fact


def settle_subjects(subjects: Buckets, findings: Findings, books: Books, *, quiet: bool) -> None:
    """One subject after the other."""
    for identity, rows in subjects.groups():
        subject = Subject(identity, rows[0][2], findings, quiet)
        for row in rows:
            fact = as_fact(row)
            subject.facts[fact.kind].append(fact)
            if row[2] != subject.company:
                findings.say("INV26", "one thing is in two companies", about=identity, at=[rows[0][3], fact.place])
        if "PaymentReceived" in subject.facts or "PaymentAllocated" in subject.facts:
            _payment(subject, books)
        elif "EmployeeHired" in subject.facts or "EmployeeRegistered" in subject.facts:
            _person(subject)
        else:
            settle_order(subject, books)


def _person(person: Subject) -> None:
    hired = len(person.facts["EmployeeHired"])
    person.exactly("INV23", "EmployeeRegistered", hired, "payroll registers each hire")
    files = [paper for paper in person.of("DocumentRegistered") if paper["class"] == "employee_file"]
    person.exactly("INV23", "DocumentRegistered", hired, "documents opens a file for each hire", len(files))


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
    refunds = [(fact.sequence, number(fact.data["amount"]["amount"])) for fact in payment.facts["PaymentRefunded"]]
    for fact in payment.facts["PaymentAllocated"]:
        state = fact.data
        whole = sum(number(part["amount"]) for part in state["allocations"]) + number(state["unapplied"])
        whole += sum(gone for sequence, gone in refunds if sequence < fact.sequence)
        if whole != amount or number(state["amount"]["amount"]) != amount:
            payment.say("INV9", "what is allocated and what is left are not what came in", "PaymentAllocated")
    banked = sum(gone for _, gone in refunds)
    for entry in payment.of("EntryPosted"):
        for line in entry["lines"]:
            if books.roles.get((payment.company, line["account"])) == "bank":
                banked += number(line["debit"]) - number(line["credit"])
    payment.findings.look("INV9")
    if banked != amount and (payment.quiet or banked > amount):
        payment.say("INV9", "the bank account has not once what came in", "EntryPosted", banked=banked / 1e6)
        payment.findings.count(lost=banked < amount, doubled=banked > amount)
