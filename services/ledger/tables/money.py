"""Payments and what they pay."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index
from sqlalchemy import text as sql_text
from sqlmodel import Field

from services.ledger.tables.base import Row, minor, moment, text


class Payment(Row, table=True):
    """Money that came in. Facts."""

    __tablename__ = "payment"
    __table_args__ = (
        CheckConstraint("amount > 0"),
        Index(
            "payment_stated", "reference", "company", unique=True, postgresql_where=sql_text("stated_on is not null")
        ),
    )
    company: str = Field(sa_column=text(key=True))
    id: UUID = Field(primary_key=True)
    reference: str = Field(sa_column=text())
    received_on: date
    currency: str = Field(sa_column=text())
    amount: int = Field(sa_column=minor())
    payer_name: str = Field(sa_column=text())
    order_id: UUID | None
    order_reference: str | None = Field(sa_column=text(null=True))
    invoice_number: str | None = Field(sa_column=text(null=True))
    at: datetime = Field(sa_column=moment())
    stated_on: date | None
    """The date of the credit note of an earlier system that this is what was left of; such was never received here."""


class UnappliedCash(Row, table=True):
    """What is left of a payment. `order_id` is the order whose invoice it waits for: none once it found its invoice."""

    __tablename__ = "unapplied_cash"
    __table_args__ = (CheckConstraint("unapplied between 0 and amount"),)
    company: str = Field(sa_column=text(key=True))
    payment: UUID = Field(primary_key=True)
    order_id: UUID | None
    currency: str = Field(sa_column=text())
    amount: int = Field(sa_column=minor())
    unapplied: int = Field(sa_column=minor())
    customer_id: str | None = Field(sa_column=text(null=True))
    base_amount: int | None = Field(sa_column=minor(null=True))
    returned: int = Field(sa_column=minor())
    bounced: bool


class Allocation(Row, table=True):
    """What a payment pays of an invoice, or, below zero, does not pay any more; posted by `entry`. Facts."""

    __tablename__ = "allocation"
    __table_args__ = (
        ForeignKeyConstraint(["company", "payment"], ["payment.company", "payment.id"]),
        ForeignKeyConstraint(["company", "invoice"], ["invoice.company", "invoice.id"]),
        CheckConstraint("amount <> 0"),
    )
    company: str = Field(sa_column=text(key=True))
    payment: UUID = Field(primary_key=True)
    invoice: UUID = Field(primary_key=True)
    entry: UUID = Field(primary_key=True)
    amount: int = Field(sa_column=minor())
    effective_on: date
    at: datetime = Field(sa_column=moment())
    invoice_amount: int | None = Field(sa_column=minor(null=True))
