"""The state of an order, read from the set of facts that are known of it: who comes first never matters.

Each kind of fact is one bit. Facts are only ever added (`old | new`), so folding the same ones in any order, with any
repeats, gives the same number; and the state is a function of that number alone.

An order that was changed goes through its states again: the bits of stock, invoice and money belong to a revision, and
only those of the latest revision that stock was decided for count. A change that was refused never gets that far.
"""

from __future__ import annotations

PLACED = 1
RESERVED = 1 << 1
REFUSED = 1 << 2
INVOICED = 1 << 3
DOCUMENTED = 1 << 4
STORED = 1 << 5
ALLOCATED = 1 << 6
PAID = 1 << 7
CANCELLED = 1 << 8
RELEASED = 1 << 9
CREDITED = 1 << 10
INVOICE_REFUSED = 1 << 11
PAYMENT_NAMED = 1 << 12
CREDIT_DOCUMENTED = 1 << 14
CHANGED = 1 << 15
CHANGE_REFUSED = 1 << 16
CANCEL_REFUSED = 1 << 17
BOUNCED = 1 << 18
"""Something that had paid it does not any more: the bank took the money back, or a person undid it."""
BACK_ORDERED = 1 << 19
SERVED = 1 << 20
"""Nothing of the order waits for goods any more."""
REDUCED = 1 << 21
"""What was left of the order was let go: asked for by a cancellation, it is answered by this."""
IN_PARTS = 1 << 22
"""Not all of it is set aside, or leaves, at once: there may be several invoices."""
SHIPPED = 1 << 23
"""All of it has left; what has left is not changed any more, so this is of no revision."""
HOLD_FOR_ALL = (
    PLACED | CANCELLED | PAYMENT_NAMED | CHANGED | CHANGE_REFUSED | CANCEL_REFUSED | BOUNCED | IN_PARTS | SHIPPED
)
"""Bits of the order itself, whatever its revision."""

STATES = (
    "credited",
    "cancelled",
    "cancelling",
    "back_ordered",
    "paid",
    "partly_paid",
    "refused",
    "documented",
    "invoiced",
    "shipped",
    "reserved",
    "accepted",
    "announced",
)
"""All states, the highest rank first. `announced`: others speak of the order, its own OrderPlaced has not come."""


LOOKED_INTO = ALLOCATED | PAID | BOUNCED | CREDITED | INVOICED | RESERVED | RELEASED | IN_PARTS
"""Facts after which an order that goes in parts, or had a payment come back, is looked at as a whole (`money.py`)."""


def state_of(facts: int, taken_back: int = 0) -> str:
    """The highest state that the facts support. The database computes the same in a generated column; a test compares.

    A cancelled order is over when its stock is free again and no invoice stands, or when the invoice is credited; one
    whose cancellation was refused, or ended what was left of it, goes on as if nobody had asked.
    """
    facts &= ~taken_back
    if facts & CREDITED:
        return "credited"
    if facts & CANCELLED and not facts & (CANCEL_REFUSED | REDUCED):
        over = facts & REFUSED or (facts & RELEASED and not facts & INVOICED)
        return "cancelled" if over else "cancelling"
    if facts & BACK_ORDERED and not facts & (SERVED | REFUSED | RELEASED | INVOICE_REFUSED):
        return "back_ordered"
    if facts & PAID:
        return "paid"
    if facts & ALLOCATED:
        return "partly_paid"
    if facts & (REFUSED | INVOICE_REFUSED):
        return "refused"
    if facts & DOCUMENTED:
        return "documented"
    if facts & INVOICED:
        return "invoiced"
    if facts & SHIPPED:
        return "shipped"
    if facts & RESERVED:
        return "reserved"
    return "accepted" if facts & PLACED else "announced"
