"""What stands on a customer's statement, in the customer's language, from what the ledger told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from contracts.money import from_minor, to_minor
from services.documents.domain.filing import Language

Facts = Mapping[str, object]

WORDS: Mapping[Language, Mapping[str, str]] = {
    "en": {
        "opening": "Brought forward", "invoice": "Invoice", "payment": "Payment",
        "payment-taken-back": "Payment taken back", "credit-note": "Credit note", "discount": "Discount",
        "not-due": "Not due", "unapplied": "Your payments that pay no invoice yet",
    },
    "el": {
        "opening": "Από μεταφορά", "invoice": "Τιμολόγιο", "payment": "Πληρωμή",
        "payment-taken-back": "Ακύρωση πληρωμής", "credit-note": "Πιστωτικό τιμολόγιο", "discount": "Έκπτωση",
        "not-due": "Δεν έχει λήξει", "unapplied": "Πληρωμές σας που δεν εξοφλούν ακόμη τιμολόγιο",
    },
    "he": {
        "opening": "יתרה מועברת", "invoice": "חשבונית", "payment": "תשלום",
        "payment-taken-back": "ביטול תשלום", "credit-note": "חשבונית זיכוי", "discount": "הנחה",
        "not-due": "טרם הגיע מועד הפירעון", "unapplied": "תשלומים שלכם שטרם שויכו לחשבונית",
    },
}  # fmt: skip
"""What happened, as it is called on paper."""


@dataclass(frozen=True, slots=True)
class Moved:
    """What changed what a customer owes, and what is owed after it."""

    day: date
    kind: str
    document: str
    invoice: str
    due_on: date
    amount: str
    balance: str


@dataclass(frozen=True, slots=True)
class Account:
    """A customer's account in one currency, between two days."""

    number: str
    drawn_on: date
    since: date
    as_of: date
    language: Language
    seller: Facts
    customer: Facts
    currency: str
    opening: str
    moves: Sequence[Moved]
    closing: str
    unapplied: str
    ageing: Sequence[tuple[int | None, int | None, str]]
    """(from so many days overdue, to so many, what is open of it)."""


def statement_number(as_of: date, statement: str) -> str:
    """What the customer quotes: a statement has no number of a series, so its day and the beginning of its id."""
    return f"STM-{as_of.isoformat()}-{statement[:8].upper()}"


def statement_of(account: Account) -> Facts:
    """The facts of the paper. Money that pays no invoice yet is the customer's: it takes off what is to be paid."""
    words = WORDS[account.language]
    opening = {
        "date": account.since, "document": words["opening"], "amount": account.opening, "open": account.opening
    }  # fmt: skip
    left = to_minor(account.closing, account.currency) - to_minor(account.unapplied, account.currency)
    total = from_minor(left, account.currency)
    unapplied = {
        "date": account.as_of, "document": words["unapplied"], "amount": f"-{account.unapplied}", "open": total
    }  # fmt: skip
    return {
        "language": account.language,
        "issued_on": account.drawn_on,
        "number": account.number,
        "seller": account.seller,
        "customer": account.customer,
        "from": account.since,
        "as_of": account.as_of,
        "currency": account.currency,
        "lines": [
            opening,
            *(_line(move, words) for move in account.moves),
            *([unapplied] if account.unapplied.strip("0.") else []),
        ],
        "ageing": [
            {"days_overdue": _age(first, last, words), "open": amount} for first, last, amount in account.ageing
        ],
        "total": total,
    }


def _line(move: Moved, words: Mapping[str, str]) -> Facts:
    named = f"{words[move.kind]} {move.document}"
    about = "" if move.document == move.invoice else f" · {move.invoice}"
    due = {"due_on": move.due_on} if move.kind == "invoice" else {}
    return {"date": move.day, "document": named + about, **due, "amount": move.amount, "open": move.balance}


def _age(first: int | None, last: int | None, words: Mapping[str, str]) -> str:
    if first is None:
        return words["not-due"]
    return f"{first}–{last}" if last is not None else f"{first}+"
