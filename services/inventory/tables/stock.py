"""The tables of inventory as SQLModel sees them; a test compares them with what the migrations make."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKeyConstraint,
    Identity,
    MetaData,
    Text,
    UniqueConstraint,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

EXEMPT: dict[str, str] = {}
"""Inventory has no table without company data."""
MOVE_KINDS = "'receipt', 'opening', 'issue', 'transfer-out', 'transfer-in', 'transit-loss', 'count'"


def text_column(*, key: bool = False, null: bool = False) -> Column[str]:
    """A column of text."""
    return Column(Text, primary_key=key, nullable=null)


def moment_column(*, null: bool = False) -> Column[datetime]:
    """A column of an instant."""
    return Column(DateTime(timezone=True), nullable=null)


def micro_column() -> Column[int]:
    """A column of whole millionths, or of minor units."""
    return Column(BigInteger, nullable=False)


class Row(SQLModel):
    """Names of tables are inventory's own; another department's `receipt` would be another table."""

    metadata = MetaData()


class Item(Row, table=True):
    """What can be stocked. Facts: a sku means one thing for ever."""

    __tablename__ = "item"
    __table_args__ = (
        UniqueConstraint("item", "company"),
        CheckConstraint("unit ~ '^[a-z][a-z0-9-]{0,15}$'"),
        CheckConstraint("valuation in ('none', 'moving-average', 'fifo')"),
    )
    company: str = Field(sa_column=text_column(key=True))
    sku: str = Field(sa_column=text_column(key=True))
    item: UUID
    name: str = Field(sa_column=text_column())
    unit: str = Field(sa_column=text_column())
    packagings: dict[str, int] = Field(sa_column=Column(JSONB, nullable=False))
    valuation: str = Field(sa_column=text_column())
    defined_at: datetime = Field(sa_column=moment_column())


class ItemPolicy(Row, table=True):
    """Whether an item may go below zero where a warehouse has no word of its own."""

    __tablename__ = "item_policy"
    __table_args__ = (ForeignKeyConstraint(["company", "sku"], ["item.company", "item.sku"]),)
    company: str = Field(sa_column=text_column(key=True))
    sku: str = Field(sa_column=text_column(key=True))
    negative_allowed: bool = False


class StockLevel(Row, table=True):
    """On hand (the sum of moves) and reserved (the sum of open reservation lines), in micro-units."""

    __tablename__ = "stock_level"
    __table_args__ = (
        ForeignKeyConstraint(["company", "sku"], ["item.company", "item.sku"]),
        CheckConstraint("on_hand >= 0 or negative_allowed", name="on_hand_not_negative"),
        CheckConstraint("reserved >= 0", name="reserved_not_negative"),
        CheckConstraint("reserved <= on_hand or negative_allowed", name="never_oversold"),
        CheckConstraint("binned >= 0", name="binned_not_negative"),
        CheckConstraint("binned <= greatest(on_hand, 0) or negative_allowed", name="binned_is_there"),
    )
    company: str = Field(sa_column=text_column(key=True))
    warehouse: str = Field(sa_column=text_column(key=True))
    sku: str = Field(sa_column=text_column(key=True))
    on_hand: int = Field(sa_column=micro_column())
    reserved: int = Field(sa_column=micro_column())
    negative_allowed: bool
    binned: int = Field(default=0, sa_column=micro_column())
    negative_own: bool = False
    """Whether `negative_allowed` was said of this warehouse; else it is what holds for the item."""


class Receipt(Row, table=True):
    """Goods that came in together. Facts."""

    __tablename__ = "receipt"
    __table_args__ = (UniqueConstraint("company", "reference", name="receipt_reference_once"),)
    company: str = Field(sa_column=text_column(key=True))
    receipt: UUID = Field(primary_key=True)
    reference: str = Field(sa_column=text_column())
    warehouse: str = Field(sa_column=text_column())
    received_on: date
    recorded_at: datetime = Field(sa_column=moment_column())
    actor: str = Field(sa_column=text_column())
    kind: str = Field(sa_column=text_column())


class StockMove(Row, table=True):
    """Every change of what is on hand, in micro-units. Facts: a mistake is set right by another move."""

    __tablename__ = "stock_move"
    __table_args__ = (
        UniqueConstraint("document", "company", "kind", "line", name="move_of_document_once"),
        ForeignKeyConstraint(
            ["company", "warehouse", "sku"], ["stock_level.company", "stock_level.warehouse", "stock_level.sku"]
        ),
        CheckConstraint("quantity <> 0"),
        CheckConstraint(f"kind in ({MOVE_KINDS})"),
        CheckConstraint("line > 0"),
    )
    company: str = Field(sa_column=text_column(key=True))
    move: int = Field(sa_column=Column(BigInteger, Identity(always=True), primary_key=True))
    warehouse: str = Field(sa_column=text_column())
    sku: str = Field(sa_column=text_column())
    quantity: int = Field(sa_column=micro_column())
    kind: str = Field(sa_column=text_column())
    document: UUID
    line: int
    effective_on: date
    recorded_at: datetime = Field(sa_column=moment_column())
    value: int | None = Field(sa_column=Column(BigInteger, nullable=True))


class Reservation(Row, table=True):
    """How each order stands; `cancelled` when its cancellation came before it."""

    __tablename__ = "reservation"
    __table_args__ = (
        CheckConstraint("state in ('reserved', 'shipped', 'refused', 'released', 'cancelled')"),
        CheckConstraint("code in ('insufficient-stock', 'item-unknown', 'order-cancelled')"),
        CheckConstraint("release_reason in ('order-cancelled', 'invoice-refused', 'expired')"),
        CheckConstraint("parts >= 0"),
        CheckConstraint("(state = 'refused') = (code is not null)", name="refused_has_code"),
        CheckConstraint("(state = 'released') = (release_reason is not null)", name="released_has_reason"),
        CheckConstraint("(state = 'cancelled') = (decided_at is null)", name="decided_has_time"),
    )
    company: str = Field(sa_column=text_column(key=True))
    order_id: UUID = Field(primary_key=True)
    state: str = Field(sa_column=text_column())
    reservation: UUID
    warehouse: str = Field(sa_column=text_column())
    code: str | None = Field(sa_column=text_column(null=True))
    detail: str | None = Field(sa_column=text_column(null=True))
    release_reason: str | None = Field(sa_column=text_column(null=True))
    decided_at: datetime | None = Field(sa_column=moment_column(null=True))
    released_at: datetime | None = Field(sa_column=moment_column(null=True))
    revision: int = Field(default=1)
    parts: int = Field(default=1)
    """How many times stock was set aside for the revision; 0 while it waits and has nothing."""


class ReservationLine(Row, table=True):
    """What an order asks for, in micro-units. Facts; how far that is stands in `line_progress`."""

    __tablename__ = "reservation_line"
    __table_args__ = (
        ForeignKeyConstraint(["company", "order_id"], ["reservation.company", "reservation.order_id"]),
        CheckConstraint("line > 0"),
        CheckConstraint("quantity > 0"),
    )
    company: str = Field(sa_column=text_column(key=True))
    order_id: UUID = Field(primary_key=True)
    revision: int = Field(default=1, primary_key=True)
    line: int = Field(primary_key=True)
    sku: str = Field(sa_column=text_column())
    quantity: int = Field(sa_column=micro_column())


class LineProgress(Row, table=True):
    """How far a line is, from its first pick or where it was not reserved in full, in micro-units.

    While the order is reserved the line holds `quantity - waiting - dropped - shipped`.
    """

    __tablename__ = "line_progress"
    __table_args__ = (
        ForeignKeyConstraint(["company", "order_id"], ["reservation.company", "reservation.order_id"]),
        CheckConstraint("quantity > 0"),
        CheckConstraint("waiting >= 0", name="waiting_not_negative"),
        CheckConstraint("dropped >= 0", name="dropped_not_negative"),
        CheckConstraint("picked >= 0", name="picked_not_negative"),
        CheckConstraint("shipped >= 0", name="shipped_not_negative"),
        CheckConstraint("picked + shipped + waiting + dropped <= quantity", name="never_shipped_twice"),
    )
    company: str = Field(sa_column=text_column(key=True))
    order_id: UUID = Field(primary_key=True)
    revision: int = Field(primary_key=True)
    line: int = Field(primary_key=True)
    sku: str = Field(sa_column=text_column())
    quantity: int = Field(sa_column=micro_column())
    waiting: int = Field(sa_column=micro_column())
    dropped: int = Field(sa_column=micro_column())
    picked: int = Field(sa_column=micro_column())
    shipped: int = Field(sa_column=micro_column())


class OrderPaper(Row, table=True):
    """An order as it came: its number, its customer, its words. Facts."""

    __tablename__ = "order_paper"
    company: str = Field(sa_column=text_column(key=True))
    order_id: UUID = Field(primary_key=True)
    revision: int = Field(primary_key=True)
    body: bytes


class Shipment(Row, table=True):
    """Goods of one order that travel together, and how far they are."""

    __tablename__ = "shipment"
    __table_args__ = (
        ForeignKeyConstraint(["company", "order_id"], ["reservation.company", "reservation.order_id"]),
        UniqueConstraint("number", "company", name="delivery_number_once"),
        CheckConstraint("state in ('picked', 'packed', 'shipped', 'withdrawn')"),
        CheckConstraint("packages > 0"),
        CheckConstraint(
            "(state = 'shipped') = (number is not null and dispatched_on is not null and complete is not null)",
            name="shipped_has_papers",
        ),
    )
    company: str = Field(sa_column=text_column(key=True))
    shipment: UUID = Field(primary_key=True)
    order_id: UUID
    revision: int
    warehouse: str = Field(sa_column=text_column())
    state: str = Field(sa_column=text_column())
    picked_at: datetime = Field(sa_column=moment_column())
    packed_at: datetime | None = Field(sa_column=moment_column(null=True))
    closed_at: datetime | None = Field(sa_column=moment_column(null=True))
    packages: int | None
    number: str | None = Field(sa_column=text_column(null=True))
    dispatched_on: date | None
    carrier: str | None = Field(sa_column=text_column(null=True))
    tracking: str | None = Field(sa_column=text_column(null=True))
    complete: bool | None


class ShipmentLine(Row, table=True):
    """What lies in a shipment of one line of its order, in micro-units. Facts."""

    __tablename__ = "shipment_line"
    __table_args__ = (
        ForeignKeyConstraint(["company", "shipment"], ["shipment.company", "shipment.shipment"]),
        CheckConstraint("quantity > 0"),
    )
    company: str = Field(sa_column=text_column(key=True))
    shipment: UUID = Field(primary_key=True)
    line: int = Field(primary_key=True)
    sku: str = Field(sa_column=text_column())
    quantity: int = Field(sa_column=micro_column())


class DeliveryCounter(Row, table=True):
    """The last number of a delivery note, per company and year."""

    __tablename__ = "delivery_counter"
    __table_args__ = (CheckConstraint("last > 0"),)
    company: str = Field(sa_column=text_column(key=True))
    year: int = Field(primary_key=True)
    last: int = Field(sa_column=micro_column())
