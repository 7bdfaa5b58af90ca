"""What money has paid, told to everybody."""

from __future__ import annotations

from datetime import date

from contracts.ledger import (
    InvoicePaid,
    PaymentAllocated,
)
from contracts.money import from_minor
from services.ledger.domain.settlement import Money, Receivable
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


def payment_allocated(money: Money, cause: str) -> Emission:
    """How a payment is spread from now on."""
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
    return PaymentAllocated, money.payment, data
