"""What stands on the credit note of a charge for late payment, in the customer's language, as the ledger told it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from contracts.money import from_minor
from services.documents.domain.filing import Language

Facts = Mapping[str, object]

NAMED: Mapping[Language, tuple[str, str]] = {
    "en": ("Reminder fee", "Interest for late payment"),
    "el": ("Έξοδα υπενθύμισης", "Τόκοι υπερημερίας"),
    "he": ("דמי טיפול בתזכורת", "ריבית פיגורים"),
}
"""Fee and interest, as they are called on paper."""


@dataclass(frozen=True, slots=True)
class ChargeNote:
    """A debit note over fee and interest that is taken back, whole."""

    number: str
    issued_on: date
    charge_number: str
    order_reference: str
    reason: str
    seller: Facts
    customer: Facts
    """With its language."""
    language: Language
    currency: str
    fee: str | None
    interest: str | None
    total: str


def charge_note_of(note: ChargeNote) -> Facts:
    """The facts of the paper, in the form of any credit note. Late payment bears no tax, so none is given back."""
    charged = zip(NAMED[note.language], (note.fee, note.interest), strict=True)
    owed = [(name, amount) for name, amount in charged if amount is not None]
    lines = [
        {
            "line": number, "item": note.charge_number, "description": name, "quantity": "1", "unit_price": amount,
            "net": amount, "tax_rate": "0",
        }
        for number, (name, amount) in enumerate(owed, start=1)
    ]  # fmt: skip
    return {
        "number": note.number,
        "issued_on": note.issued_on,
        "invoice_number": note.charge_number,
        "order_reference": note.order_reference,
        "reason": note.reason,
        "seller": note.seller,
        "customer": note.customer,
        "currency": note.currency,
        "lines": lines,
        "taxes": [],
        "net": note.total,
        "tax": from_minor(0, note.currency),
        "total": note.total,
    }
