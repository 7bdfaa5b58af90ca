"""Parcels, as SQLModel sees them."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, UniqueConstraint
from sqlmodel import Field

from services.inventory.tables.stock import Row, micro_column, text_column


class Parcel(Row, table=True):
    """A parcel of a shipment. Facts."""

    __tablename__ = "parcel"
    __table_args__ = (
        ForeignKeyConstraint(["company", "shipment"], ["shipment.company", "shipment.shipment"]),
        UniqueConstraint("sscc", "company", name="sscc_once"),
        CheckConstraint("parcel > 0"),
        CheckConstraint("sscc ~ '^[0-9]{18}$'"),
    )
    company: str = Field(sa_column=text_column(key=True))
    shipment: UUID = Field(primary_key=True)
    parcel: int = Field(primary_key=True)
    sscc: str | None = Field(sa_column=text_column(null=True))
    weight: str | None = Field(sa_column=text_column(null=True))


class ParcelLine(Row, table=True):
    """What lies in a parcel of one line of its shipment, in micro-units. Facts."""

    __tablename__ = "parcel_line"
    __table_args__ = (
        ForeignKeyConstraint(["company", "shipment", "parcel"], ["parcel.company", "parcel.shipment", "parcel.parcel"]),
        ForeignKeyConstraint(
            ["company", "shipment", "line"], ["shipment_line.company", "shipment_line.shipment", "shipment_line.line"]
        ),
        CheckConstraint("quantity > 0"),
    )
    company: str = Field(sa_column=text_column(key=True))
    shipment: UUID = Field(primary_key=True)
    parcel: int = Field(primary_key=True)
    line: int = Field(primary_key=True)
    quantity: int = Field(sa_column=micro_column())


class SsccSeries(Row, table=True):
    """The last number that a company gave to a parcel under a prefix of its own, one of which is in use."""

    __tablename__ = "sscc_series"
    __table_args__ = (CheckConstraint("prefix ~ '^[0-9]{7,10}$'"), CheckConstraint("last >= 0"))
    company: str = Field(sa_column=text_column(key=True))
    prefix: str = Field(sa_column=text_column(key=True))
    last: int = Field(sa_column=micro_column())
    active: bool
