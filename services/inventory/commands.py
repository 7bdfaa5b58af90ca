"""Everything inventory can be asked to do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

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
    paper: bytes = b"{}"
    """The order as it came, for the papers that go with the goods."""


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
    paper: bytes = b"{}"
    """The change as it came."""


class Pick(NamedTuple):
    """What is taken from the shelves for an order: (line, quantity in micro-units), or all that is reserved."""

    order: UUID
    shipment: UUID
    lines: Sequence[tuple[int, int]] | None


class Pack(NamedTuple):
    """A shipment is in so many parcels."""

    shipment: UUID
    packages: int | None


class Dispatch(NamedTuple):
    """A shipment leaves."""

    shipment: UUID
    carrier: str | None
    tracking: str | None


@dataclass(frozen=True, slots=True)
class PickOrders:
    """Take goods of up to a hundred orders from the shelves, a shipment for each: all of them or none."""

    cause: Cause
    picks: Sequence[Pick]


@dataclass(frozen=True, slots=True)
class PackShipments:
    """Put picked shipments into parcels: all of them or none."""

    cause: Cause
    packs: Sequence[Pack]


@dataclass(frozen=True, slots=True)
class UnpickShipments:
    """Put the goods of shipments that have not left back on the shelves; their orders keep them reserved."""

    cause: Cause
    shipments: Sequence[UUID]


@dataclass(frozen=True, slots=True)
class DispatchShipments:
    """Let packed shipments leave: all of them or none."""

    cause: Cause
    dispatched_on: date | None
    """The day of the commit when it is not given."""
    dispatches: Sequence[Dispatch]
