"""The part of the story about receivables: what other currencies are worth, a bounced payment, a refund, a reminder."""

from collections.abc import Callable
from typing import Any


def receivables(story_id: Callable[[str], str], invoice: str, order: str) -> dict[str, dict[str, Any]]:
    """Data of the ledger's events about money that did not stay; `invoice` is one of 22.94 and `order` its order."""
    return {
        "PaymentBounced.v1": {
            "payment": story_id("bounced payment"),
            "reference": "BANK-2026-11-27-7",
            "bounced_on": "2026-11-27",
            "reason": "account closed",
            "amount": {"amount": "22.94", "currency": "EUR"},
            "reopened": [{"invoice": invoice, "number": "INV-2026-000043", "order": order, "amount": "22.94"}],
            "fee": {"amount": "5.00", "currency": "EUR"},
        },
        "PaymentRefunded.v1": {
            "payment": story_id("payment of too much"),
            "refund": story_id("refund"),
            "refund_on": "2026-11-28",
            "reason": "paid twice",
            "amount": {"amount": "22.94", "currency": "EUR"},
            "unapplied": "0.00",
        },
        "ExchangeRateRecorded.v1": {
            "currency": "USD",
            "base": "EUR",
            "rate": "0.8612",
            "valid_on": "2026-11-20",
            "source": "ECB reference rate",
        },
    }


def credit(order: str, held: str) -> dict[str, dict[str, Any]]:
    """Data of the ledger's events about credit: an order of 297.36 passes, one of 22.94 is held."""
    return {
        "CreditCheckRequired.v1": {"company": "aegean", "valid_from": "2026-11-22"},
        "CreditApproved.v1": {
            "order": order,
            "customer": "C-1042",
            "because": "within-limit",
            "currency": "EUR",
            "amount": "297.36",
            "exposure": "0.00",
            "limit": "300.00",
        },
        "CreditHeld.v1": {
            "order": held,
            "customer": "C-1042",
            "currency": "EUR",
            "amount": "22.94",
            "exposure": "297.36",
            "limit": "300.00",
            "detail": "C-1042 owes and has ordered 297.36 EUR; with 22.94 EUR more the limit of 300.00 EUR is passed.",
        },
    }


def reminders(
    story_id: Callable[[str], str], invoice: str, order: str, seller: dict[str, Any], customer: dict[str, Any]
) -> dict[str, dict[str, Any]]:
    """Data of the ledger's events about an invoice of 22.94 that is overdue."""
    return {
        "InvoiceOverdue.v1": {
            "invoice": invoice,
            "number": "INV-2026-000043",
            "order": order,
            "due_on": "2026-12-22",
            "seen_on": "2026-12-23",
            "open": {"amount": "22.94", "currency": "EUR"},
        },
        "DunningChargeTakenBack.v1": {
            "invoice": story_id("charge"),
            "number": "LPC-2027-000001",
            "credit_note": story_id("charge-note"),
            "credit_note_number": "CN-2027-000001",
            "issued_on": "2027-01-06",
            "order": order,
            "reason": "Goodwill",
            "total": {"amount": "5.07", "currency": "EUR"},
            "entry": story_id("charge-reversal"),
            "order_reference": "WEB-2026-000117",
            "seller": seller,
            "customer": customer,
            "fee": "5.00",
            "interest": "0.07",
        },
        "DunningLevelReached.v1": {
            "letter": story_id("letter"),
            "day": "2027-01-05",
            "level": 1,
            "seller": seller,
            "customer": customer,
            "currency": "EUR",
            "items": [
                {
                    "invoice": invoice,
                    "number": "INV-2026-000043",
                    "issued_on": "2026-11-22",
                    "due_on": "2026-12-22",
                    "days_overdue": 14,
                    "level": 1,
                    "total": "22.94",
                    "open": "22.94",
                    "interest": "0.07",
                    "disputed": False,
                }
            ],
            "overdue": "22.94",
            "fee": "5.00",
            "interest": "0.07",
            "total": "28.01",
            "charge": story_id("charge"),
            "charge_number": "LPC-2027-000001",
        },
        "StatementDrawn.v1": {
            "statement": story_id("statement"),
            "drawn_on": "2027-01-06",
            "since": "2026-12-01",
            "as_of": "2027-01-05",
            "seller": seller,
            "customer": customer,
            "currency": "EUR",
            "opening": "22.94",
            "lines": [
                {
                    "day": "2027-01-05",
                    "kind": "invoice",
                    "document": "LPC-2027-000001",
                    "invoice": "LPC-2027-000001",
                    "due_on": "2027-01-05",
                    "amount": "5.07",
                    "balance": "28.01",
                }
            ],
            "closing": "28.01",
            "unapplied": "0.00",
            "ageing": [
                {"days_from": None, "days_to": None, "open": "5.07"},
                {"days_from": 1, "days_to": 30, "open": "22.94"},
            ],
        },
    }
