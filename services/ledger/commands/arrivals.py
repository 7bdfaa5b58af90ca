"""What events of other departments ask for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from chassis.cause import Cause
from chassis.ids import UUID
from services.ledger.domain.invoicing import Reserved


@dataclass(frozen=True, slots=True)
class RecordTerms:
    """Keep what an order agreed, and bill it if its stock is reserved already."""

    company: str
    order: UUID
    currency: str
    body: bytes
    cause: Cause
    revision: int = 1
    says_when: bool = False
    """Whether the order says itself when it is invoiced."""


@dataclass(frozen=True, slots=True)
class RecordChange:
    """Keep the lines of an order's new revision, and bill it if its stock is reserved already."""

    company: str
    order: UUID
    revision: int
    body: bytes
    cause: Cause


@dataclass(frozen=True, slots=True)
class RecordReservation:
    """Keep what was reserved for an order, and bill it if its terms are known already."""

    company: str
    order: UUID
    reserved_at: datetime
    reserved: Mapping[int, Reserved]
    """By line of the order."""
    body: bytes
    cause: Cause
    revision: int = 1
    complete: bool = True
    """Whether nothing of it waits for goods."""


@dataclass(frozen=True, slots=True)
class RecordPart:
    """Bill what has come for an order that waited for goods."""

    company: str
    order: UUID
    part: int
    reserved_at: datetime
    reserved: Mapping[int, Reserved]
    cause: Cause
    revision: int = 1
    complete: bool = True


@dataclass(frozen=True, slots=True)
class RecordShipment:
    """Bill what has left of an order that is invoiced when its goods leave."""

    company: str
    order: UUID
    shipment: UUID
    dispatched_on: date
    lines: Mapping[int, tuple[str, int]]
    """Item and millionths by line."""
    complete: bool
    cause: Cause
    revision: int = 1


@dataclass(frozen=True, slots=True)
class ReduceOrder:
    """Credit what was let go of an order; `lines` in millionths, by number."""

    company: str
    order: UUID
    reason: str
    reduced_at: datetime
    lines: Mapping[int, int]
    cause: Cause
    parts: int = 1
    revision: int = 1


@dataclass(frozen=True, slots=True)
class CloseOrder:
    """Nothing was reserved for a revision of an order: never bill it."""

    company: str
    order: UUID
    cause: Cause
    revision: int = 1


@dataclass(frozen=True, slots=True)
class ReleaseOrder:
    """The reserved stock is free again: credit what was invoiced, or never bill."""

    company: str
    order: UUID
    reason: str
    released_at: datetime
    cause: Cause
    revision: int = 1
    parts: int = 1
    """How many invoices it may have."""


@dataclass(frozen=True, slots=True)
class RecordPayment:
    """Book money that came in, and let it pay what it names; `amount` is a decimal string."""

    company: str
    payment: UUID
    reference: str
    received_on: date
    amount: str
    currency: str
    payer_name: str
    order: UUID | None
    order_reference: str | None
    invoice_number: str | None
    customer: str | None
    wishes: Sequence[tuple[str, str | None]]
    """Invoices that the payer names, by number, with the amount that is meant for each, if it says so."""
    cause: Cause
