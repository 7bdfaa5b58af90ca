"""Bins within a warehouse, as SQLModel sees them."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Column, ForeignKeyConstraint, Identity, UniqueConstraint
from sqlmodel import Field

from services.inventory.tables.stock import Row, micro_column, moment_column, text_column


class Bin(Row, table=True):
    """A place within a warehouse. Facts."""

    __tablename__ = "bin"
    company: str = Field(sa_column=text_column(key=True))
    warehouse: str = Field(sa_column=text_column(key=True))
    bin: str = Field(sa_column=text_column(key=True))
    name: str = Field(sa_column=text_column())
    defined_at: datetime = Field(sa_column=moment_column())


class BinLevel(Row, table=True):
    """What lies in a bin of an item (the sum of its moves), in micro-units."""

    __tablename__ = "bin_level"
    __table_args__ = (
        ForeignKeyConstraint(
            ["company", "warehouse", "sku"], ["stock_level.company", "stock_level.warehouse", "stock_level.sku"]
        ),
        ForeignKeyConstraint(["company", "warehouse", "bin"], ["bin.company", "bin.warehouse", "bin.bin"]),
        CheckConstraint("on_hand >= 0", name="bin_not_negative"),
    )
    company: str = Field(sa_column=text_column(key=True))
    warehouse: str = Field(sa_column=text_column(key=True))
    sku: str = Field(sa_column=text_column(key=True))
    bin: str = Field(sa_column=text_column(key=True))
    on_hand: int = Field(sa_column=micro_column())


class BinMove(Row, table=True):
    """Every change of what lies in a bin, in micro-units. Facts."""

    __tablename__ = "bin_move"
    __table_args__ = (
        UniqueConstraint("document", "company", "kind", "line", "bin", name="bin_move_of_document_once"),
        ForeignKeyConstraint(
            ["company", "warehouse", "sku", "bin"],
            ["bin_level.company", "bin_level.warehouse", "bin_level.sku", "bin_level.bin"],
        ),
        CheckConstraint("quantity <> 0"),
        CheckConstraint(
            "kind in ('receipt', 'opening', 'move', 'pick', 'withdrawal', 'count', 'transfer-out', 'transfer-in')"
        ),
        CheckConstraint("line > 0"),
    )
    company: str = Field(sa_column=text_column(key=True))
    move: int = Field(sa_column=Column(BigInteger, Identity(always=True), primary_key=True))
    warehouse: str = Field(sa_column=text_column())
    sku: str = Field(sa_column=text_column())
    bin: str = Field(sa_column=text_column())
    quantity: int = Field(sa_column=micro_column())
    kind: str = Field(sa_column=text_column())
    document: UUID
    line: int
    effective_on: date
    recorded_at: datetime = Field(sa_column=moment_column())


class BinPolicy(Row, table=True):
    """In which order a company picks from its bins."""

    __tablename__ = "bin_policy"
    __table_args__ = (CheckConstraint("pick_from in ('by-code', 'emptiest-first', 'fullest-first')"),)
    company: str = Field(sa_column=text_column(key=True))
    pick_from: str = Field(sa_column=text_column())


class ShipmentBin(Row, table=True):
    """From which bins a line of a shipment was taken, in micro-units. Facts."""

    __tablename__ = "shipment_bin"
    __table_args__ = (
        ForeignKeyConstraint(
            ["company", "shipment", "line"], ["shipment_line.company", "shipment_line.shipment", "shipment_line.line"]
        ),
        CheckConstraint("quantity > 0"),
    )
    company: str = Field(sa_column=text_column(key=True))
    shipment: UUID = Field(primary_key=True)
    line: int = Field(primary_key=True)
    bin: str = Field(sa_column=text_column(key=True))
    quantity: int = Field(sa_column=micro_column())
