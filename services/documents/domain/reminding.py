"""What stands on a letter about what is overdue, from what was told of it. Nothing is calculated."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from services.documents.domain.filing import Language

Facts = Mapping[str, object]

NOT_ASKED: Mapping[Language, str] = {
    "en": "In dispute or promised, not asked for here:",
    "el": "Σε αμφισβήτηση ή με υπόσχεση πληρωμής, δεν ζητούνται εδώ:",
    "he": "במחלוקת או בהבטחת תשלום, אינן נדרשות כאן:",
}
CHARGED: Mapping[Language, str] = {
    "en": "Fee and interest are owed by debit note",
    "el": "Έξοδα και τόκοι οφείλονται με το χρεωστικό σημείωμα",
    "he": "דמי הטיפול והריבית מחויבים בהודעת חיוב",
}


@dataclass(frozen=True, slots=True)
class OverdueItem:
    """An invoice on the letter."""

    printed: Facts
    """Its number, days and amounts, as a line of the letter."""
    number: str
    disputed: bool
    """Not asked for now: disputed, or promised to be paid."""


@dataclass(frozen=True, slots=True)
class Reminder:
    """What a customer is reminded of."""

    number: str
    day: date
    level: int
    language: Language
    seller: Facts
    customer: Facts
    currency: str
    items: Sequence[OverdueItem]
    overdue: str
    fee: str
    interest: str
    total: str
    charge_number: str | None
    """Of the debit note over fee and interest, where they are owed."""


def letter_number(day: date, letter: str) -> str:
    """What the customer quotes: a letter has no number of a series, so its day and the beginning of its id."""
    return f"DUN-{day.isoformat()}-{letter[:8].upper()}"


def letter_of(reminder: Reminder) -> Facts:
    """The facts of the letter."""
    remarks = [*_not_asked(reminder), *_charged(reminder)]
    charges = {"fee": reminder.fee, "interest": reminder.interest}
    return {
        "language": reminder.language,
        "issued_on": reminder.day,
        "number": reminder.number,
        "seller": reminder.seller,
        "customer": reminder.customer,
        "level": reminder.level,
        "currency": reminder.currency,
        "lines": [item.printed for item in reminder.items],
        "overdue": reminder.overdue,
        "total": reminder.total,
        **{name: amount for name, amount in charges.items() if amount.strip("0.")},
        **({"remark": " ".join(remarks)} if remarks else {}),
    }


def _not_asked(reminder: Reminder) -> list[str]:
    numbers = ", ".join(item.number for item in reminder.items if item.disputed)
    return [f"{NOT_ASKED[reminder.language]} {numbers}."] if numbers else []


def _charged(reminder: Reminder) -> list[str]:
    number = reminder.charge_number
    return [] if number is None else [f"{CHARGED[reminder.language]} {number}."]
