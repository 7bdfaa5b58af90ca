"""What people ask about money, rates and what customers owe."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from chassis.cause import Cause
from chassis.ids import UUID
from services.ledger.domain.credit import Wish


@dataclass(frozen=True, slots=True)
class NewRate:
    """What a unit of a currency is worth in the company's own from a day on; `pointer` is where it stands."""

    currency: str
    valid_on: date
    rate: str
    source: str
    pointer: str


@dataclass(frozen=True, slots=True)
class RecordRates:
    """Add exchange rates: all of them or none."""

    company: str
    rates: Sequence[NewRate]
    cause: Cause


@dataclass(frozen=True, slots=True)
class AllocatePayment:
    """Let what is left of a payment pay an invoice; `amount` in the payment's currency, or as far as both reach."""

    company: str
    payment: UUID
    invoice: UUID
    amount: str | None
    on: date | None
    cause: Cause


@dataclass(frozen=True, slots=True)
class UndoAllocation:
    """Take back what a payment pays of an invoice."""

    company: str
    payment: UUID
    invoice: UUID
    reason: str
    cause: Cause


@dataclass(frozen=True, slots=True)
class BouncePayment:
    """The bank took the money back; `fee` is what it charged us."""

    company: str
    payment: UUID
    bounced_on: date
    reason: str
    fee: str | None
    cause: Cause


@dataclass(frozen=True, slots=True)
class CreditLines:
    """Credit lines of an invoice; from today on where no day is named."""

    company: str
    invoice: UUID
    lines: Sequence[Wish]
    issued_on: date | None
    reason: str
    cause: Cause


@dataclass(frozen=True, slots=True)
class ReleaseCredit:
    """Let an order pass that is held for its customer's credit."""

    company: str
    order: UUID
    remark: str | None
    cause: Cause


@dataclass(frozen=True, slots=True)
class RequestRefund:
    """Ask that unapplied money goes back."""

    company: str
    payment: UUID
    refund: UUID
    amount: str | None
    refund_on: date
    reason: str
    cause: Cause


@dataclass(frozen=True, slots=True)
class DecideRefund:
    """Agree to a refund, or reject it."""

    company: str
    refund: UUID
    approve: bool
    cause: Cause


@dataclass(frozen=True, slots=True)
class SetDunningPolicy:
    """Dun by these levels from now on: days overdue, fee, interest for a year."""

    company: str
    levels: Sequence[tuple[int, str, str]]
    books_charges: bool
    cause: Cause


@dataclass(frozen=True, slots=True)
class StopDunning:
    """Do not dun an invoice until a day, or until this is lifted."""

    company: str
    invoice: UUID
    kind: str
    until: date | None
    reason: str
    cause: Cause


@dataclass(frozen=True, slots=True)
class TakeBackCharge:
    """Take back what a dunning letter charged; from today on where no day is named."""

    company: str
    charge: UUID
    issued_on: date | None
    reason: str
    cause: Cause


@dataclass(frozen=True, slots=True)
class RunDunning:
    """Write the letters of a day; None is today."""

    company: str
    day: date | None
    cause: Cause
