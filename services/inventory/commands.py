"""Everything inventory can be asked to do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from chassis.cause import Cause
from chassis.ids import UUID
from services.inventory.domain.book import OrderedLine, ReleaseReason
from services.inventory.domain.items import ItemTerms
from services.inventory.domain.receiving import ReceivedLine


@dataclass(frozen=True, slots=True)
class LearnCompany:
    """Keep stock for this company from now on."""

    company: str


@dataclass(frozen=True, slots=True)
class DefineItems:
    """Make items known, all of them or none."""

    cause: Cause
    items: Sequence[ItemTerms]
    batch: bool = True
    """Whether the caller sent a list; then refusals point into it."""


@dataclass(frozen=True, slots=True)
class ReceiveGoods:
    """Take goods in: the stock of every line goes up, or the whole receipt is refused."""

    cause: Cause
    receipt: UUID
    reference: str
    warehouse: str
    received_on: date
    lines: Sequence[ReceivedLine]


@dataclass(frozen=True, slots=True)
class ReserveStock:
    """Set stock aside for an order: all of it or nothing."""

    cause: Cause
    order: UUID
    lines: Sequence[OrderedLine]


@dataclass(frozen=True, slots=True)
class ReleaseStock:
    """Free the stock of an order, or remember that it must not get any."""

    cause: Cause
    order: UUID
    reason: ReleaseReason
    revision: int = 1
    """Of which revision the invoice was refused; a cancellation is about all of them."""


@dataclass(frozen=True, slots=True)
class ChangeReservation:
    """Let another revision of an order take the place of the one before."""

    cause: Cause
    order: UUID
    revision: int
    lines: Sequence[OrderedLine]
