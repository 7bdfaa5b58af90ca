"""What is beside invoices and payments: deductions, refunds, what the bank took back, rates, the ageing."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Column, ForeignKeyConstraint, Index
from sqlalchemy import text as sql_text
from sqlmodel import Field

from services.ledger.tables.base import Row, minor, moment, text, total


class Deduction(Row, table=True):
    """What an invoice is less by a discount or a credit note in part, or, below zero, is not any more. Facts."""

    __tablename__ = "deduction"
    __table_args__ = (
        ForeignKeyConstraint(["company", "invoice"], ["invoice.company", "invoice.id"]),
        CheckConstraint("kind in ('discount', 'credit-note')"),
        CheckConstraint("amount <> 0"),
    )
    company: str = Field(sa_column=text(key=True))
    id: UUID = Field(primary_key=True)
    invoice: UUID
    kind: str = Field(sa_column=text())
    document: UUID
    amount: int = Field(sa_column=minor())
    effective_on: date
    entry: UUID
    at: datetime = Field(sa_column=moment())


class Refund(Row, table=True):
    """Unapplied money that shall go back; a second person decides."""

    __tablename__ = "refund"
    __table_args__ = (
        ForeignKeyConstraint(["company", "payment"], ["payment.company", "payment.id"]),
        CheckConstraint("amount > 0"),
        CheckConstraint("state in ('requested', 'approved', 'rejected')"),
        CheckConstraint("decided_by <> requested_by"),
        Index("refund_listed", "company", "at", "id"),
        Index("refund_waiting", "company", "at", "id", postgresql_where=sql_text("state = 'requested'")),
    )
    company: str = Field(sa_column=text(key=True))
    id: UUID = Field(primary_key=True)
    payment: UUID
    currency: str = Field(sa_column=text())
    amount: int = Field(sa_column=minor())
    reason: str = Field(sa_column=text())
    refund_on: date
    state: str = Field(sa_column=text())
    requested_by: str = Field(sa_column=text())
    decided_by: str | None = Field(sa_column=text(null=True))
    entry: UUID | None
    at: datetime = Field(sa_column=moment())
    decided_at: datetime | None = Field(sa_column=moment(null=True))


class Bounce(Row, table=True):
    """A payment that the bank took back. Facts."""

    __tablename__ = "bounce"
    __table_args__ = (ForeignKeyConstraint(["company", "payment"], ["payment.company", "payment.id"]),)
    company: str = Field(sa_column=text(key=True))
    payment: UUID = Field(primary_key=True)
    bounced_on: date
    reason: str = Field(sa_column=text())
    fee: int = Field(sa_column=minor())
    entry: UUID
    at: datetime = Field(sa_column=moment())


class ExchangeRate(Row, table=True):
    """What a unit of a currency is worth in the company's own from a day on, in 10^-10. Facts."""

    __tablename__ = "exchange_rate"
    __table_args__ = (
        ForeignKeyConstraint(["company"], ["legal_entity.company"]),
        CheckConstraint("scaled > 0"),
    )
    company: str = Field(sa_column=text(key=True))
    currency: str = Field(sa_column=text(key=True))
    valid_on: date = Field(primary_key=True)
    scaled: int = Field(sa_column=Column(BigInteger, nullable=False))
    source: str = Field(sa_column=text())
    recorded_by: str = Field(sa_column=text())
    at: datetime = Field(sa_column=moment())


class ReceivableDay(Row, table=True):
    """What customers owe by day due and day of effect, in its currency and in the company's own: the ageing."""

    __tablename__ = "receivable_day"
    __table_args__ = (ForeignKeyConstraint(["company"], ["legal_entity.company"]),)
    company: str = Field(sa_column=text(key=True))
    currency: str = Field(sa_column=text(key=True))
    due_on: date = Field(primary_key=True)
    effective_on: date = Field(primary_key=True)
    amount: int = Field(sa_column=total())
    base: int = Field(sa_column=total())
