"""What stands on a letter about what is overdue, from what was told of it.

Told is all that is overdue. A letter lists and sums what it asks for: nothing that is disputed or promised, and no fee
and interest that are only announced.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from contracts.money import from_minor, to_minor
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
ANNOUNCED: Mapping[Language, str] = {
    "en": "Announced, not asked for here:",
    "el": "Προαναγγέλλονται, δεν ζητούνται εδώ:",
    "he": "הודעה מראש, אינם נדרשים כאן:",
}
CHARGES: Mapping[Language, tuple[str, str]] = {
    "en": ("fee", "interest"),
    "el": ("έξοδα", "τόκοι"),
    "he": ("דמי טיפול", "ריבית"),
}
DECIMAL_SIGN: Mapping[Language, str] = {"en": ".", "el": ",", "he": "."}


@dataclass(frozen=True, slots=True)
class OverdueItem:
    """An overdue invoice."""

    printed: Facts
    """Its number, days and amounts, as a line of the letter."""
    number: str
    open: str
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
    fee: str
    interest: str
    charge_number: str | None
    """Of the debit note over fee and interest, where they are owed; they are only announced without one."""

    @property
    def asked(self) -> Sequence[OverdueItem]:
        """The invoices that are to be paid now."""
        return [item for item in self.items if not item.disputed]

    @property
    def charges(self) -> Mapping[str, str]:
        """Fee and interest that are owed."""
        return {} if self.charge_number is None else _more_than_nothing({"fee": self.fee, "interest": self.interest})

    @property
    def asks(self) -> bool:
        """Whether anything is to be paid: of many letters of a day, one may hold disputed invoices alone."""
        return bool(self.asked or self.charges)


def letter_number(day: date, letter: str) -> str:
    """What the customer quotes: a letter has no number of a series, so its day and the beginning of its id."""
    return f"DUN-{day.isoformat()}-{letter[:8].upper()}"


def letter_of(reminder: Reminder) -> Facts:
    """The facts of the letter."""
    remarks = [*_not_asked(reminder), *_charged(reminder)]
    overdue = [item.open for item in reminder.asked]
    return {
        "language": reminder.language,
        "issued_on": reminder.day,
        "number": reminder.number,
        "seller": reminder.seller,
        "customer": reminder.customer,
        "level": reminder.level,
        "currency": reminder.currency,
        "lines": [item.printed for item in reminder.asked],
        "overdue": _sum(overdue, reminder.currency),
        "total": _sum([*overdue, *reminder.charges.values()], reminder.currency),
        **reminder.charges,
        **({"remark": " ".join(remarks)} if remarks else {}),
    }


def _not_asked(reminder: Reminder) -> list[str]:
    numbers = ", ".join(item.number for item in reminder.items if item.disputed)
    return [f"{NOT_ASKED[reminder.language]} {numbers}."] if numbers else []


def _charged(reminder: Reminder) -> list[str]:
    language, number = reminder.language, reminder.charge_number
    if number is not None:
        return [f"{CHARGED[language]} {number}."]
    named = dict(zip(CHARGES[language], (reminder.fee, reminder.interest), strict=True))
    sign = DECIMAL_SIGN[language]
    told = [
        f"{name} {amount.replace('.', sign)} {reminder.currency}" for name, amount in _more_than_nothing(named).items()
    ]
    return [f"{ANNOUNCED[language]} {', '.join(told)}."] if told else []


def _more_than_nothing(amounts: Mapping[str, str]) -> Mapping[str, str]:
    return {name: amount for name, amount in amounts.items() if amount.strip("0.")}


def _sum(amounts: Sequence[str], currency: str) -> str:
    return from_minor(sum(to_minor(amount, currency) for amount in amounts), currency)
