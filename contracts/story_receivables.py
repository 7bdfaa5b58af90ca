"""The part of the story about receivables: what other currencies are worth, a bounced payment, a refund."""

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
