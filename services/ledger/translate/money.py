"""What money has paid, told to everybody."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from chassis.ids import UUID
from contracts.ledger import (
    InvoicePaid,
    PaymentAllocated,
    PaymentBounced,
    PaymentRefunded,
)
from contracts.money import from_minor
from services.ledger.commands import BouncePayment
from services.ledger.domain.posting import Entry
from services.ledger.domain.settlement import Money, Payment, Receivable
from services.ledger.translate.emission import Emission, of_revision


def invoice_paid(receivable: Receivable, paid_on: date) -> Emission:
    """Nothing of the invoice is open any more."""
    data = {
        "invoice": receivable.invoice,
        "number": receivable.number,
        "order": receivable.order,
        "paid_on": paid_on,
        "total": {"amount": from_minor(receivable.total, receivable.currency), "currency": receivable.currency},
        **of_revision(receivable.revision),
    }
    return InvoicePaid, receivable.invoice, data


def payment_allocated(
    money: Money, cause: str, because: str | None = None, reopened: Sequence[Payment] = ()
) -> Emission:
    """How a payment is spread from now on, and what is open again by that."""
    currency = money.currency
    data = {
        "payment": money.payment,
        "amount": {"amount": from_minor(money.amount, currency), "currency": currency},
        "allocations": [
            {
                "invoice": a.invoice,
                "number": a.number,
                "order": a.order,
                "amount": from_minor(a.amount, currency),
                **of_revision(a.revision),
            }
            for a in money.allocations
        ],
        "unapplied": from_minor(money.unapplied, currency),
        "cause": cause,
    }
    if because is not None:
        data["because"] = because
        data["cause"] = "credited" if because == "undone" else "invoice-issued"
    if reopened:
        data["reopened"] = _reopened(money, reopened)
    return PaymentAllocated, money.payment, data


def payment_bounced(
    command: BouncePayment, money: Money, reference: str, fee: int, own: str, back: Sequence[Payment]
) -> Emission:
    """The bank took a payment back, and these invoices are open again."""
    data: dict[str, object] = {
        "payment": money.payment,
        "reference": reference,
        "bounced_on": command.bounced_on,
        "reason": command.reason,
        "amount": {"amount": from_minor(money.amount, money.currency), "currency": money.currency},
        "reopened": _reopened(money, back),
    }
    if fee:
        data["fee"] = {"amount": from_minor(fee, own), "currency": own}
    return PaymentBounced, money.payment, data


def _reopened(money: Money, back: Sequence[Payment]) -> list[dict[str, object]]:
    return [
        {
            "invoice": one.receivable.invoice,
            "number": one.receivable.number,
            "order": one.receivable.order,
            "amount": from_minor(one.allocation.paid, one.receivable.currency),
        }
        | ({} if one.receivable.currency == money.currency else {"currency": one.receivable.currency})
        for one in back
    ]


def bounce_answer(command: BouncePayment, money: Money, entry: Entry, back: Sequence[Payment]) -> dict[str, object]:
    """A bounced payment as the API shows it."""
    return {
        "payment": str(money.payment),
        "bounced_on": command.bounced_on.isoformat(),
        "entry": str(entry.id),
        "reopened": [
            {
                "invoice": str(one.receivable.invoice),
                "number": one.receivable.number,
                "amount": from_minor(one.allocation.paid, one.receivable.currency),
                "open": from_minor(one.receivable.open, one.receivable.currency),
            }
            for one in back
        ],
    }


def payment_refunded(refund: UUID, money: Money, row: Mapping[str, Any]) -> Emission:
    """Unapplied money went back."""
    currency = money.currency
    data = {
        "payment": money.payment,
        "refund": refund,
        "refund_on": row["refund_on"],
        "reason": row["reason"],
        "amount": {"amount": from_minor(row["amount"], currency), "currency": currency},
        "unapplied": from_minor(money.unapplied, currency),
    }
    return PaymentRefunded, money.payment, data
