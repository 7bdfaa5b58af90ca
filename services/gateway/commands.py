"""Everything the gateway can be asked to do.

Tuples, not dataclasses: tens of thousands are made a second, and a frozen dataclass costs several times as much.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from chassis.cause import Cause
from chassis.ids import UUID


class Accept(NamedTuple):
    """Take an event of a front office, checked in form: from the commit on it happens."""

    cause: Cause
    """Its id is the request's; company, actor and correlation are the event's."""
    type: str
    subject: UUID
    """The order, payment or employee; also the key that orders its events."""
    body: bytes
    """The event's data as it will stand in the topic."""
    source: str
    reference: str
    client: str
    client_id: str
    """The front office's own id of the event, or its idempotency key."""
    occurred_at: datetime | None
    """When it happened, as the front office says; without it, when it is accepted."""
    revision: int = 1
    """Of the order: above 1 for a change, which follows the revision before it or is refused."""


class Fact(NamedTuple):
    """One event as a timeline keeps it."""

    company: str
    subject: UUID
    event_id: UUID
    type: str
    sequence: int
    at: datetime
    summary: bytes | None


class RegisterCompany(NamedTuple):
    """A company exists from now on, so its events and requests may come."""

    company: str
    name: str


OrderKey = tuple[str, UUID]
"""Company and order."""


class OrderBits(NamedTuple):
    """What is known of an order: bits that hold for all of it, and those of the latest revision that is known."""

    revision: int
    of_order: int
    of_revision: int

    def __or__(self, other: OrderBits) -> OrderBits:
        """Both together. Any order and any repeats give the same, because a later revision's bits stand alone."""
        if self.revision == other.revision:
            return OrderBits(self.revision, self.of_order | other.of_order, self.of_revision | other.of_revision)
        later = max(self, other)
        return OrderBits(later.revision, self.of_order | other.of_order, later.of_revision)


class Placement(NamedTuple):
    """What only an OrderPlaced says about its order."""

    source: str
    reference: str
    customer_id: str
    customer_name: str
    currency: str
    placed_at: datetime
    accepted_at: datetime


class Invoicing(NamedTuple):
    """What only an InvoiceIssued says about a revision of its order."""

    invoice_number: str
    total: str
    revision: int = 1


class Bill(NamedTuple):
    """An invoice that an order is found by."""

    company: str
    number: str
    order: UUID
    currency: str
    amount: int
    """In thousandths, whatever the currency: finer is none."""


class Departure(NamedTuple):
    """An employee has left a company: keys and sign-ins that were theirs by then open nothing of it any more."""

    company: str
    employee: UUID
    at: datetime
    accounts: Sequence[str] = ()


@dataclass(slots=True)
class Fold:
    """Add what a batch of events says to the timelines."""

    companies: list[RegisterCompany] = field(default_factory=list)
    facts: list[Fact] = field(default_factory=list)
    orders: dict[OrderKey, OrderBits] = field(default_factory=dict)
    """The facts' bits of each order that was spoken of."""
    placements: dict[OrderKey, Placement] = field(default_factory=dict)
    invoicings: dict[OrderKey, Invoicing] = field(default_factory=dict)
    bills: list[Bill] = field(default_factory=list)
    settled: set[OrderKey] = field(default_factory=set)
    """Orders of which something was said that their invoices and payments depend on."""
    departures: list[Departure] = field(default_factory=list)


class SubscriptionName(NamedTuple):
    """Whose cursor, and which."""

    company: str
    client: str
    name: str


class OpenSubscription(NamedTuple):
    """Keep a cursor in a topic from here on."""

    cause: Cause
    of: SubscriptionName
    topic: str
    type: str | None
    subject: str | None
    place: str


class SetBack(NamedTuple):
    """Read on from another place, earlier or later."""

    cause: Cause
    of: SubscriptionName
    place: str


class Acknowledge(NamedTuple):
    """Everything before the place is done with; the cursor stood at `before` when that was decided."""

    of: SubscriptionName
    turn: int
    before: str
    place: str


class CloseSubscription(NamedTuple):
    """The cursor is not needed any more."""

    cause: Cause
    of: SubscriptionName
