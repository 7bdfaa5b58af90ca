"""What is overdue, told to everybody, with all that a letter prints."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, NamedTuple

import orjson

from chassis.ids import UUID
from contracts.ledger_dues import DunningChargeTakenBack, DunningLevelReached, InvoiceOverdue
from contracts.money import from_minor
from services.ledger.domain.documents import CreditNote
from services.ledger.domain.dunning import Letter, Overdue
from services.ledger.translate.emission import Emission

REMINDER_FEE, LATE_INTEREST = "Reminder fee", "Interest for late payment"
"""Lines of a debit note as the books keep them; papers name them in the customer's language."""


class LetterHead(NamedTuple):
    """Who writes a letter, and to whom, as both are printed."""

    seller: Mapping[str, Any]
    customer: Mapping[str, Any]

    @property
    def name(self) -> str:
        """The customer's."""
        return str(self.customer["name"])


def letter_head(printed: bytes, known: Mapping[str, Any] | None, seller: Mapping[str, Any]) -> LetterHead:
    """The customer as it is known, or else as an invoice says it."""
    return LetterHead(seller, orjson.loads(printed)["customer"] if known is None else known)


def invoice_overdue(one: Overdue, day: date) -> Emission:
    """An invoice is open beyond its day."""
    data: dict[str, object] = {
        "invoice": one.invoice,
        "number": one.number,
        "order": one.order,
        "due_on": one.due_on,
        "seen_on": day,
        "open": {"amount": from_minor(one.open, one.currency), "currency": one.currency},
    }
    return InvoiceOverdue, one.invoice, data


def dunning_level_reached(
    letter_id: UUID, letter: Letter, day: date, head: LetterHead, charge: tuple[UUID, str] | None
) -> Emission:
    """A customer is reminded."""
    currency = letter.currency
    data: dict[str, object] = {
        "letter": letter_id,
        "day": day,
        "level": letter.level,
        "seller": head.seller,
        "customer": head.customer,
        "currency": currency,
        "items": [
            {
                "invoice": item.overdue.invoice,
                "number": item.overdue.number,
                "issued_on": item.overdue.issued_on,
                "due_on": item.overdue.due_on,
                "days_overdue": (day - item.overdue.due_on).days,
                "level": item.level,
                "total": from_minor(item.overdue.total, currency),
                "open": from_minor(item.overdue.open, currency),
                "interest": from_minor(item.interest, currency),
                "disputed": item.overdue.stopped,
            }
            for item in letter.items
        ],
        "overdue": from_minor(letter.asked, currency),
        "stopped": from_minor(letter.stopped, currency),
        "fee": from_minor(letter.fee, currency),
        "interest": from_minor(letter.interest, currency),
        "total": from_minor(letter.asked + letter.fee + letter.interest, currency),
    }
    if charge is not None:
        data["charge"], data["charge_number"] = charge
    return DunningLevelReached, letter_id, data


def dunning_charge_taken_back(note: CreditNote, entry: UUID) -> Emission:
    """A charge for late payment is not owed any more."""
    charge = note.credited
    data: dict[str, object] = {
        "invoice": charge.invoice,
        "number": charge.number,
        "credit_note": note.id,
        "credit_note_number": note.number.printed,
        "issued_on": note.issued_on,
        "order": charge.order,
        "reason": note.reason,
        "total": {"amount": from_minor(note.net + note.tax, charge.currency), "currency": charge.currency},
        "entry": entry,
        "order_reference": note.order_reference,
        **_charge_printed(note.printed),
    }
    return DunningChargeTakenBack, charge.invoice, data


def charge_parts(letter: Letter, head: LetterHead) -> bytes:
    """What a debit note over fee and interest prints: seller and customer as on its letter, and why."""
    named = ((REMINDER_FEE, letter.fee), (LATE_INTEREST, letter.interest))
    lines = [{"description": name, "net": from_minor(amount, letter.currency)} for name, amount in named if amount]
    return orjson.dumps({"seller": head.seller, "customer": head.customer, "lines": lines, "taxes": []})


def _charge_printed(parts: bytes) -> dict[str, object]:
    """What its credit note prints of a debit note: for whom it was, and the fee and the interest apart."""
    printed = orjson.loads(parts)
    amounts = {line["description"]: line["net"] for line in printed["lines"]}
    return {
        "seller": printed["seller"],
        "customer": printed["customer"],
        "fee": amounts.get(REMINDER_FEE),
        "interest": amounts.get(LATE_INTEREST),
    }
