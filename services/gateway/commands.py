"""Everything the gateway can be asked to do.

Tuples, not dataclasses: tens of thousands are made a second, and a frozen dataclass costs several times as much.
"""

from __future__ import annotations

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


@dataclass(slots=True)
class OrderNews:
    """What a batch of events says about one order: its bits, and the attributes that only one kind of event carries."""

    facts: int
    last_at: datetime
    source: str | None = None
    reference: str | None = None
    customer_id: str | None = None
    customer_name: str | None = None
    currency: str | None = None
    placed_at: datetime | None = None
    accepted_at: datetime | None = None
    invoice_number: str | None = None
    total: str | None = None


@dataclass(slots=True)
class Fold:
    """Add what a batch of events says to the timelines."""

    companies: list[RegisterCompany] = field(default_factory=list)
    facts: list[Fact] = field(default_factory=list)
    orders: dict[tuple[str, UUID], OrderNews] = field(default_factory=dict)
