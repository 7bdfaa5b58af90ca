"""From orders to invoices and credit notes."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Column, ForeignKeyConstraint, Index, UniqueConstraint
from sqlalchemy import text as sql_text
from sqlmodel import Field

from services.ledger.tables.base import Row, minor, moment, octets, text


class OrderTerms(Row, table=True):
    """What an order agreed, as it came. Facts."""

    __tablename__ = "order_terms"
    company: str = Field(sa_column=text(key=True))
    order_id: UUID = Field(primary_key=True)
    revision: int = Field(default=1, primary_key=True)
    body: bytes = Field(sa_column=octets())
    at: datetime = Field(sa_column=moment())


class OrderToBill(Row, table=True):
    """Where terms and reservation meet; complete once, and billed then. A reservation is kept while it must wait."""

    __tablename__ = "order_to_bill"
    __table_args__ = (
        CheckConstraint("closed in ('reservation-refused', 'released', 'cancelled', 'change-refused')"),
        CheckConstraint("parts > 0"),
        Index(
            "order_to_bill_open",
            "company",
            "order_id",
            "revision",
            postgresql_where=sql_text("has_terms and closed is null and coalesce(unbilled, reserved_at is null)"),
        ),
    )
    company: str = Field(sa_column=text(key=True))
    order_id: UUID = Field(primary_key=True)
    revision: int = Field(default=1, primary_key=True)
    has_terms: bool
    reserved_at: datetime | None = Field(sa_column=moment(null=True))
    reservation: bytes | None = Field(sa_column=octets(null=True))
    closed: str | None = Field(sa_column=text(null=True))
    parts: int = Field(default=1)
    """How many times goods were set aside for it; each part has an invoice."""
    unbilled: bool | None
    """Whether more of it will be invoiced; where nothing is said, what was reserved was invoiced."""


class BillingRefusal(Row, table=True):
    """An order that cannot be invoiced, and why. Facts."""

    __tablename__ = "billing_refusal"
    company: str = Field(sa_column=text(key=True))
    order_id: UUID = Field(primary_key=True)
    revision: int = Field(default=1, primary_key=True)
    code: str = Field(sa_column=text())
    detail: str = Field(sa_column=text())
    pointer: str | None = Field(sa_column=text(null=True))
    at: datetime = Field(sa_column=moment())


class NumberCounter(Row, table=True):
    """The last number of a series in a fiscal year."""

    __tablename__ = "number_counter"
    __table_args__ = (CheckConstraint("last > 0"),)
    company: str = Field(sa_column=text(key=True))
    series: str = Field(sa_column=text(key=True))
    fiscal_year: int = Field(primary_key=True)
    last: int = Field(sa_column=Column(BigInteger, nullable=False))


class Invoice(Row, table=True):
    """An invoice as it was issued; `printed` holds seller, customer, lines and taxes as JSON. Facts."""

    __tablename__ = "invoice"
    __table_args__ = (
        CheckConstraint("serial > 0"),
        CheckConstraint("net >= 0"),
        CheckConstraint("tax >= 0"),
        CheckConstraint("total = net + tax"),
        CheckConstraint("(stated_number is null) = (stated_total is null) and stated_total >= total"),
        Index("invoice_number", "series", "company", "fiscal_year", "serial", unique=True),
        Index(
            "invoice_stated_number",
            "stated_number",
            "company",
            unique=True,
            postgresql_where=sql_text("stated_number is not null"),
        ),
    )
    company: str = Field(sa_column=text(key=True))
    id: UUID = Field(primary_key=True)
    series: str = Field(sa_column=text())
    fiscal_year: int
    serial: int = Field(sa_column=Column(BigInteger, nullable=False))
    order_id: UUID
    order_reference: str = Field(sa_column=text())
    customer_id: str = Field(sa_column=text())
    customer_name: str = Field(sa_column=text())
    issued_on: date
    due_on: date
    currency: str = Field(sa_column=text())
    net: int = Field(sa_column=minor())
    tax: int = Field(sa_column=minor())
    total: int = Field(sa_column=minor())
    printed: bytes = Field(sa_column=octets())
    at: datetime = Field(sa_column=moment())
    revision: int = Field(default=1)
    posted_on: date | None
    """In the books, where its own day was closed by then, or where it was taken over from an earlier system."""
    stated_number: str | None = Field(sa_column=text(null=True))
    """The number that an earlier system gave it, in capital letters."""
    stated_total: int | None = Field(sa_column=minor(null=True))
    """What it was over there; `total` is what was left."""


class OrderShipment(Row, table=True):
    """What has left of an order that is invoiced when its goods leave: a part of its own."""

    __tablename__ = "order_shipment"
    __table_args__ = (
        CheckConstraint("revision > 0"),
        CheckConstraint("part > 0"),
        UniqueConstraint("company", "order_id", "revision", "part"),
    )
    company: str = Field(sa_column=text(key=True))
    order_id: UUID = Field(primary_key=True)
    revision: int = Field(primary_key=True)
    shipment: UUID = Field(primary_key=True)
    part: int
    lines: bytes = Field(sa_column=octets())
    at: datetime = Field(sa_column=moment())


class OpenItem(Row, table=True):
    """What is open of an invoice."""

    __tablename__ = "open_item"
    __table_args__ = (
        CheckConstraint("open between 0 and total"),
        CheckConstraint("not credited or open = 0"),
        CheckConstraint("deducted between 0 and total"),
    )
    company: str = Field(sa_column=text(key=True))
    invoice: UUID = Field(primary_key=True)
    due_on: date
    currency: str = Field(sa_column=text())
    total: int = Field(sa_column=minor())
    open: int = Field(sa_column=minor())
    credited: bool
    customer_id: str = Field(sa_column=text())
    base_total: int | None = Field(sa_column=minor(null=True))
    discount: int | None = Field(sa_column=minor(null=True))
    discount_until: date | None
    settled_on: date | None
    deducted: int = Field(sa_column=minor())


class CreditNote(Row, table=True):
    """A credit note: over a whole invoice, which has one such at most, or, with words of its own, in part. Facts."""

    __tablename__ = "credit_note"
    __table_args__ = (
        ForeignKeyConstraint(["company", "invoice"], ["invoice.company", "invoice.id"]),
        CheckConstraint("serial > 0"),
        CheckConstraint("total = net + tax"),
        Index("credit_note_number", "series", "company", "fiscal_year", "serial", unique=True),
        Index("credit_note_invoice", "invoice", "company", unique=True, postgresql_where=sql_text("printed is null")),
    )
    company: str = Field(sa_column=text(key=True))
    id: UUID = Field(primary_key=True)
    series: str = Field(sa_column=text())
    fiscal_year: int
    serial: int = Field(sa_column=Column(BigInteger, nullable=False))
    invoice: UUID
    order_id: UUID
    issued_on: date
    reason: str = Field(sa_column=text())
    currency: str = Field(sa_column=text())
    net: int = Field(sa_column=minor())
    tax: int = Field(sa_column=minor())
    total: int = Field(sa_column=minor())
    at: datetime = Field(sa_column=moment())
    printed: bytes | None = Field(sa_column=octets(null=True))
    posted_on: date | None
