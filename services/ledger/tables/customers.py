"""Customers: what was agreed with them, and since when."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import BigInteger, CheckConstraint, Column, ForeignKeyConstraint
from sqlmodel import Field

from services.ledger.tables.base import Row, moment, octets, text


class Customer(Row, table=True):
    """A customer by the front office's own code; `changes` numbers what is noted about it."""

    __tablename__ = "customer"
    __table_args__ = (
        ForeignKeyConstraint(["company"], ["legal_entity.company"]),
        CheckConstraint("changes > 0"),
    )
    company: str = Field(sa_column=text(key=True))
    code: str = Field(sa_column=text(key=True))
    changes: int
    at: datetime = Field(sa_column=moment())


class CustomerChange(Row, table=True):
    """What is different about a customer from a day on; null is what stays, an empty VAT number is none. Facts."""

    __tablename__ = "customer_change"
    __table_args__ = (
        ForeignKeyConstraint(["company", "customer"], ["customer.company", "customer.code"]),
        CheckConstraint("net_days between 0 and 366"),
        CheckConstraint("discount_days between 0 and net_days"),
        CheckConstraint("(discount is null) = (discount_days is null)"),
    )
    company: str = Field(sa_column=text(key=True))
    customer: str = Field(sa_column=text(key=True))
    number: int = Field(primary_key=True)
    valid_from: date
    name: str | None = Field(sa_column=text(null=True))
    language: str | None = Field(sa_column=text(null=True))
    address: bytes | None = Field(sa_column=octets(null=True))
    vat_number: str | None = Field(sa_column=text(null=True))
    net_days: int | None
    discount: str | None = Field(sa_column=text(null=True))
    discount_days: int | None
    at: datetime = Field(sa_column=moment())
    price_list: str | None = Field(sa_column=text(null=True))


class CreditLimit(Row, table=True):
    """How much a customer may owe in a currency from a day on; null is no limit. Facts."""

    __tablename__ = "credit_limit"
    __table_args__ = (
        ForeignKeyConstraint(["company", "customer"], ["customer.company", "customer.code"]),
        CheckConstraint("amount >= 0"),
    )
    company: str = Field(sa_column=text(key=True))
    customer: str = Field(sa_column=text(key=True))
    currency: str = Field(sa_column=text(key=True))
    number: int = Field(primary_key=True)
    valid_from: date
    amount: int | None = Field(sa_column=Column(BigInteger, nullable=True))
    at: datetime = Field(sa_column=moment())
