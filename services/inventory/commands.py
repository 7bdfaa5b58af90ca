"""Everything inventory can be asked to do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from types import MappingProxyType
from typing import Literal, NamedTuple

from chassis.cause import Cause
from chassis.ids import UUID
from chassis.tables import RowProblem
from services.inventory.domain.bins import Carried, PickFrom
from services.inventory.domain.book import NO_WISH, OrderedLine, ReleaseReason, Wish
from services.inventory.domain.items import ItemTerms
from services.inventory.domain.parcels import Parcel
from services.inventory.domain.receiving import StatedLine


@dataclass(frozen=True, slots=True)
class LearnCompany:
    """Keep stock for this company from now on."""

    company: str
    currency: str
    """In which its goods are valued."""
    time_zone: str


@dataclass(frozen=True, slots=True)
class DefineItems:
    """Make items known, all of them or none."""

    cause: Cause
    items: Sequence[ItemTerms]
    batch: bool = True
    """Whether the caller sent a list; then refusals point into it."""


@dataclass(frozen=True, slots=True)
class ImportItems:
    """Make the items of a file known: (row, item); all of them or none, or all but the wrong rows."""

    cause: Cause
    rows: Sequence[tuple[int, ItemTerms]]
    problems: Sequence[RowProblem]
    """What is wrong with the other rows of the file."""
    skip: bool


@dataclass(frozen=True, slots=True)
class ImportWarehouses:
    """Make the places of a file known: (row, code, name)."""

    cause: Cause
    rows: Sequence[tuple[int, str, str]]
    problems: Sequence[RowProblem]
    skip: bool


@dataclass(frozen=True, slots=True)
class ImportBins:
    """Make the bins of a file known: (row, warehouse, code, name)."""

    cause: Cause
    rows: Sequence[tuple[int, str, str, str]]
    problems: Sequence[RowProblem]
    skip: bool


@dataclass(frozen=True, slots=True)
class ImportStock:
    """Take in the stock that a company begins with: (row, warehouse, line)."""

    cause: Cause
    reference: str
    received_on: date
    rows: Sequence[tuple[int, str, StatedLine]]
    problems: Sequence[RowProblem]
    skip: bool


@dataclass(frozen=True, slots=True)
class ReceiveGoods:
    """Take goods in: the stock of every line goes up, or the whole receipt is refused."""

    cause: Cause
    receipt: UUID
    reference: str
    warehouse: str
    received_on: date
    lines: Sequence[StatedLine]
    kind: Literal["receipt", "opening"] = "receipt"
    """Opening stock was there before the company began here; nobody is owed for it."""


@dataclass(frozen=True, slots=True)
class ReserveStock:
    """Set stock aside for an order: all of it or nothing, or what it wishes."""

    cause: Cause
    order: UUID
    lines: Sequence[OrderedLine]
    paper: bytes = b"{}"
    """The order as it came, for the papers that go with the goods."""
    wish: Wish = NO_WISH


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


@dataclass(frozen=True, slots=True)
class ExpireReservation:
    """The time of an order is over: free what is not picked, and do not wait any more."""

    cause: Cause
    order: UUID


@dataclass(frozen=True, slots=True)
class ShareOut:
    """Give what is free to who waits for it."""

    cause: Cause


@dataclass(frozen=True, slots=True)
class AllowStock:
    """The ledger says that an order, up to this revision, may get stock."""

    cause: Cause
    order: UUID
    revision: int


@dataclass(frozen=True, slots=True)
class AwaitCredit:
    """Let orders of this company wait for the ledger's answer from now on."""

    company: str


class Pick(NamedTuple):
    """What is taken from the shelves for an order: (line, quantity in micro-units), or all that is reserved."""

    order: UUID
    shipment: UUID
    lines: Sequence[tuple[int, int]] | None
    units: Mapping[int, str] = MappingProxyType({})
    """In which unit a line is said; else in its item's base unit."""


class Pack(NamedTuple):
    """A shipment is in so many parcels, or in these ones."""

    shipment: UUID
    packages: int | None
    parcels: Sequence[Parcel] = ()


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
class SetParcelPrefix:
    """Number parcels under the company's GS1 prefix."""

    cause: Cause
    prefix: str


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


@dataclass(frozen=True, slots=True)
class DefineWarehouse:
    """Make a place for goods known."""

    cause: Cause
    warehouse: str
    name: str


@dataclass(frozen=True, slots=True)
class DefineBins:
    """Make places within a warehouse known: (code, name), all of them or none."""

    cause: Cause
    warehouse: str
    bins: Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class SetPicking:
    """In which order bins are picked from."""

    cause: Cause
    pick_from: PickFrom


@dataclass(frozen=True, slots=True)
class CarryGoods:
    """Carry goods from bin to bin within a warehouse: all lines or none."""

    cause: Cause
    move: UUID
    warehouse: str
    moved_on: date | None
    lines: Sequence[Carried]


@dataclass(frozen=True, slots=True)
class AllowNegative:
    """Let an item go below zero in a warehouse, or not any more; or in all that have no word of their own."""

    cause: Cause
    warehouse: str | None
    """None: what holds for the item."""
    sku: str
    allowed: bool | None
    """None: the warehouse follows the item again."""


@dataclass(frozen=True, slots=True)
class SendGoods:
    """Send goods to another warehouse: (sku, micro-units), each item once."""

    cause: Cause
    transfer: UUID
    reference: str
    source: str
    target: str
    sent_on: date
    lines: Sequence[tuple[str, int]]
    bins: Mapping[str, str] = field(default_factory=dict)
    """From which bin an item is taken; else from what lies loose."""
    units: Mapping[str, str] = field(default_factory=dict)
    """In which unit an item is said; else in its base unit."""


@dataclass(frozen=True, slots=True)
class ArriveGoods:
    """Take in what was sent, or a part of it."""

    cause: Cause
    transfer: UUID
    received_on: date | None
    lines: Sequence[tuple[str, int]]
    bins: Mapping[str, str] = field(default_factory=dict)
    """Into which bin an item is put."""
    units: Mapping[str, str] = field(default_factory=dict)
    """In which unit an item is said; else in its base unit."""


@dataclass(frozen=True, slots=True)
class CloseTransfer:
    """Give up what has not arrived."""

    cause: Cause
    transfer: UUID


@dataclass(frozen=True, slots=True)
class DecideClosing:
    """Agree that what has not arrived is lost, or not."""

    cause: Cause
    transfer: UUID
    approved: bool


@dataclass(frozen=True, slots=True)
class PostLate:
    """A document stands in the books on a later day than its own, which is closed there."""

    company: str
    document: UUID
    posted_on: date


@dataclass(frozen=True, slots=True)
class SetTolerance:
    """By how many millionths of what was expected a count may differ without another person's word."""

    cause: Cause
    tolerance: int


@dataclass(frozen=True, slots=True)
class CountStock:
    """What was found of items in a warehouse, or in one bin of it."""

    cause: Cause
    count: UUID
    reference: str
    warehouse: str
    counted_on: date
    reason: str
    lines: Sequence[tuple[str, int]]
    bin: str | None = None
    units: Mapping[str, str] = field(default_factory=dict)
    """In which unit an item is said; else in its base unit."""


@dataclass(frozen=True, slots=True)
class DecideCount:
    """Agree with a count, or reject it."""

    cause: Cause
    count: UUID
    approved: bool
