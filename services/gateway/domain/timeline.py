"""The state of an order, read from the set of facts that are known of it: who comes first never matters.

Each kind of fact is one bit. Facts are only ever added (`old | new`), so folding the same ones in any order, with any
repeats, gives the same number; and the state is a function of that number alone.

An order that was changed goes through its states again: the bits of stock, invoice and money belong to a revision, and
only those of the latest revision that stock was decided for count. A change that was refused never gets that far.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

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
BACK_ORDERED = 1 << 19
SERVED = 1 << 20
"""Nothing of the order waits for goods any more."""
REDUCED = 1 << 21
"""What was left of the order was let go: asked for by a cancellation, it is answered by this."""
HOLD_FOR_ALL = PLACED | CANCELLED | PAYMENT_NAMED | CHANGED | CHANGE_REFUSED | CANCEL_REFUSED | BOUNCED
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
    "reserved",
    "accepted",
    "announced",
)
"""All states, the highest rank first. `announced`: others speak of the order, its own OrderPlaced has not come."""


SETTLING = ALLOCATED | PAID | BOUNCED
"""Facts about money: after them it is looked at whether a payment that came back leaves the order paid."""


class Settlement(NamedTuple):
    """What the ledger has said about an order's money: a payment allocated or bounced, or the invoice paid."""

    kind: str
    at: datetime
    payment: str | None


def taken_back(settlements: Iterable[Settlement]) -> int:
    """The bits that bounced payments take back, from the set of all that was said about the order's money.

    An invoice is paid when the ledger has said so after the last bounce; something is paid as long as one payment
    that was allocated has not bounced.
    """
    paid_at: datetime | None = None
    bounced_at: datetime | None = None
    allocated: set[str | None] = set()
    bounced: set[str | None] = set()
    for said in settlements:
        if said.kind == "InvoicePaid.v1":
            paid_at = max(paid_at or said.at, said.at)
        elif said.kind == "PaymentBounced.v1":
            bounced_at = max(bounced_at or said.at, said.at)
            bounced.add(said.payment)
        else:
            allocated.add(said.payment)
    if bounced_at is None:
        return 0
    return (0 if paid_at is not None and paid_at > bounced_at else PAID) | (0 if allocated - bounced else ALLOCATED)


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
    if facts & RESERVED:
        return "reserved"
    return "accepted" if facts & PLACED else "announced"
