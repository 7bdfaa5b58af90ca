"""Warehouses, what goods cost, transfers and counts, as SQLModel sees them."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, SmallInteger, UniqueConstraint
from sqlmodel import Field

from services.inventory.tables.stock import Row, micro_column, moment_column, text_column


class StockCompany(Row, table=True):
    """In which currency a company values its goods, and where its days begin. Facts."""

    __tablename__ = "stock_company"
    company: str = Field(sa_column=text_column(key=True))
    currency: str = Field(sa_column=text_column())
    time_zone: str = Field(sa_column=text_column())


class Warehouse(Row, table=True):
    """A place for goods beside MAIN. Facts."""

    __tablename__ = "warehouse"
    company: str = Field(sa_column=text_column(key=True))
    code: str = Field(sa_column=text_column(key=True))
    name: str = Field(sa_column=text_column())
    defined_at: datetime = Field(sa_column=moment_column())


class OrderWish(Row, table=True):
    """What an order wishes beside its lines, when it says so. Facts."""

    __tablename__ = "order_wish"
    company: str = Field(sa_column=text_column(key=True))
    order_id: UUID = Field(primary_key=True)
    if_short: str | None = Field(sa_column=text_column(null=True))
    priority: int = Field(sa_type=SmallInteger)
    reserve_until: datetime | None = Field(sa_column=moment_column(null=True))


class ItemCost(Row, table=True):
    """What an item's goods cost now: layers (of each warehouse by itself, where `apart`), and their sums."""

    __tablename__ = "item_cost"
    __table_args__ = (
        ForeignKeyConstraint(["company", "sku"], ["item.company", "item.sku"]),
        CheckConstraint("method in ('moving-average', 'fifo')"),
        CheckConstraint("method = 'fifo' or not apart"),
    )
    company: str = Field(sa_column=text_column(key=True))
    sku: str = Field(sa_column=text_column(key=True))
    method: str = Field(sa_column=text_column())
    apart: bool
    state: bytes
    quantity: int = Field(sa_column=micro_column())
    value: int = Field(sa_column=micro_column())
    last_on: date | None
    since: int


class CostCheckpoint(Row, table=True):
    """What an item's goods cost at the end of a day, so that a late move need not read a whole history. A cache."""

    __tablename__ = "cost_checkpoint"
    __table_args__ = (ForeignKeyConstraint(["company", "sku"], ["item_cost.company", "item_cost.sku"]),)
    company: str = Field(sa_column=text_column(key=True))
    sku: str = Field(sa_column=text_column(key=True))
    on_day: date = Field(primary_key=True)
    state: bytes
    valid: bool


class ValueDay(Row, table=True):
    """By how much an item's quantity and value changed on a day."""

    __tablename__ = "value_day"
    __table_args__ = (ForeignKeyConstraint(["company", "sku"], ["item_cost.company", "item_cost.sku"]),)
    company: str = Field(sa_column=text_column(key=True))
    sku: str = Field(sa_column=text_column(key=True))
    posted_on: date = Field(primary_key=True)
    quantity: int = Field(sa_column=micro_column())
    value: int = Field(sa_column=micro_column())


class Revaluation(Row, table=True):
    """What a document that came late changes, posted on the day on which it was found out. Facts."""

    __tablename__ = "revaluation"
    __table_args__ = (
        ForeignKeyConstraint(["company", "sku"], ["item_cost.company", "item_cost.sku"]),
        CheckConstraint("value <> 0"),
    )
    company: str = Field(sa_column=text_column(key=True))
    revaluation: UUID = Field(primary_key=True)
    sku: str = Field(sa_column=text_column(key=True))
    document: UUID
    posted_on: date
    value: int = Field(sa_column=micro_column())
    recorded_at: datetime = Field(sa_column=moment_column())


class LatePosting(Row, table=True):
    """On which day a document stands in the books of which the own day was closed there. Facts."""

    __tablename__ = "late_posting"
    company: str = Field(sa_column=text_column(key=True))
    document: UUID = Field(primary_key=True)
    posted_on: date
    recorded_at: datetime = Field(sa_column=moment_column())


class Transfer(Row, table=True):
    """Goods between two warehouses."""

    __tablename__ = "transfer"
    __table_args__ = (
        UniqueConstraint("company", "reference", name="transfer_reference_once"),
        CheckConstraint("state in ('sent', 'closing', 'closed')"),
        CheckConstraint("source <> target"),
        CheckConstraint("closed_by is null or closed_by <> closing_by", name="closed_by_another"),
        CheckConstraint(
            "closing_by is not null or (state <> 'closing' and closed_by is null)", name="closing_by_somebody"
        ),
    )
    company: str = Field(sa_column=text_column(key=True))
    transfer: UUID = Field(primary_key=True)
    reference: str = Field(sa_column=text_column())
    source: str = Field(sa_column=text_column())
    target: str = Field(sa_column=text_column())
    sent_on: date
    state: str = Field(sa_column=text_column())
    recorded_at: datetime = Field(sa_column=moment_column())
    actor: str = Field(sa_column=text_column())
    closing_by: str | None = Field(default=None, sa_column=text_column(null=True))
    closed_by: str | None = Field(default=None, sa_column=text_column(null=True))


class TransferLine(Row, table=True):
    """What was sent of an item, and what became of it, in micro-units."""

    __tablename__ = "transfer_line"
    __table_args__ = (
        ForeignKeyConstraint(["company", "transfer"], ["transfer.company", "transfer.transfer"]),
        CheckConstraint("arrived + lost <= sent", name="no_more_than_was_sent"),
    )
    company: str = Field(sa_column=text_column(key=True))
    transfer: UUID = Field(primary_key=True)
    line: int = Field(primary_key=True)
    sku: str = Field(sa_column=text_column())
    sent: int = Field(sa_column=micro_column())
    arrived: int = Field(sa_column=micro_column())
    lost: int = Field(sa_column=micro_column())


class StockPolicy(Row, table=True):
    """What a company allows: by how many millionths a count may differ."""

    __tablename__ = "stock_policy"
    __table_args__ = (CheckConstraint("count_tolerance between 0 and 1000000"),)
    company: str = Field(sa_column=text_column(key=True))
    count_tolerance: int = Field(sa_column=micro_column())


class StockCount(Row, table=True):
    """A count, and what was decided about it."""

    __tablename__ = "stock_count"
    __table_args__ = (
        UniqueConstraint("company", "reference", name="count_reference_once"),
        CheckConstraint("state in ('pending', 'adjusted', 'rejected')"),
        CheckConstraint(
            "state = 'pending' or (decided_by is not null and decided_by <> counted_by)", name="decided_by_another"
        ),
    )
    company: str = Field(sa_column=text_column(key=True))
    count: UUID = Field(primary_key=True)
    reference: str = Field(sa_column=text_column())
    warehouse: str = Field(sa_column=text_column())
    counted_on: date
    reason: str = Field(sa_column=text_column())
    state: str = Field(sa_column=text_column())
    counted_by: str = Field(sa_column=text_column())
    decided_by: str | None = Field(sa_column=text_column(null=True))
    recorded_at: datetime = Field(sa_column=moment_column())
    decided_at: datetime | None = Field(sa_column=moment_column(null=True))
    bin: str | None = Field(default=None, sa_column=text_column(null=True))


class CountLine(Row, table=True):
    """What was expected and found of an item, in micro-units. Facts."""

    __tablename__ = "count_line"
    __table_args__ = (ForeignKeyConstraint(["company", "count"], ["stock_count.company", "stock_count.count"]),)
    company: str = Field(sa_column=text_column(key=True))
    count: UUID = Field(primary_key=True)
    line: int = Field(primary_key=True)
    sku: str = Field(sa_column=text_column())
    expected: int = Field(sa_column=micro_column())
    counted: int = Field(sa_column=micro_column())
