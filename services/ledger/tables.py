"""The tables of the ledger as SQLModel sees them; a test compares them with what the migrations make."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import (
    SMALLINT,
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    MetaData,
    Numeric,
    Text,
)
from sqlmodel import Field, SQLModel

EXEMPT: dict[str, str] = {}
"""The ledger has no table without company data."""


def _text(*, key: bool = False, null: bool = False) -> Column[str]:
    return Column(Text, primary_key=key, nullable=null)


def _bytes(*, null: bool = False) -> Column[bytes]:
    return Column(LargeBinary, nullable=null)


def _moment(*, null: bool = False) -> Column[datetime]:
    return Column(DateTime(timezone=True), nullable=null)


def _minor() -> Column[int]:
    """An amount in minor units of the currency beside it."""
    return Column(BigInteger, nullable=False)


class _Row(SQLModel):
    """Names of tables are the ledger's own; another department's `payment` would be another table."""

    metadata = MetaData()


# -- set-up: facts ----------------------------------------------------------------------------------------------------


class LegalEntity(_Row, table=True):
    """A company whose books are kept here."""

    __tablename__ = "legal_entity"
    __table_args__ = (CheckConstraint("currency ~ '^[A-Z]{3}$'"),)
    company: str = Field(sa_column=_text(key=True))
    name: str = Field(sa_column=_text())
    currency: str = Field(sa_column=_text())
    country: str = Field(sa_column=_text())
    time_zone: str = Field(sa_column=_text())
    line1: str = Field(sa_column=_text())
    line2: str | None = Field(sa_column=_text(null=True))
    city: str = Field(sa_column=_text())
    postcode: str = Field(sa_column=_text())
    address_country: str = Field(sa_column=_text())
    vat_number: str | None = Field(sa_column=_text(null=True))
    iban: str | None = Field(sa_column=_text(null=True))
    at: datetime = Field(sa_column=_moment())


class Account(_Row, table=True):
    """An account of a company's chart; a role is played by one account."""

    __tablename__ = "account"
    __table_args__ = (
        ForeignKeyConstraint(["company"], ["legal_entity.company"]),
        CheckConstraint("kind in ('asset', 'liability', 'equity', 'income', 'expense')"),
        Index("account_role", "role", "company", unique=True),
    )
    company: str = Field(sa_column=_text(key=True))
    code: str = Field(sa_column=_text(key=True))
    name: str = Field(sa_column=_text())
    kind: str = Field(sa_column=_text())
    role: str | None = Field(sa_column=_text(null=True))
    at: datetime = Field(sa_column=_moment())


class TaxCode(_Row, table=True):
    """A tax code; `rate` is a decimal fraction as text."""

    __tablename__ = "tax_code"
    __table_args__ = (ForeignKeyConstraint(["company", "account"], ["account.company", "account.code"]),)
    company: str = Field(sa_column=_text(key=True))
    code: str = Field(sa_column=_text(key=True))
    name: str = Field(sa_column=_text())
    rate: str = Field(sa_column=_text())
    account: str = Field(sa_column=_text())
    at: datetime = Field(sa_column=_moment())


# -- from orders to invoices ------------------------------------------------------------------------------------------


class OrderTerms(_Row, table=True):
    """What an order agreed, as it came. Facts."""

    __tablename__ = "order_terms"
    company: str = Field(sa_column=_text(key=True))
    order_id: UUID = Field(primary_key=True)
    body: bytes = Field(sa_column=_bytes())
    at: datetime = Field(sa_column=_moment())


class OrderToBill(_Row, table=True):
    """Where terms and reservation meet; complete once, and billed then. A reservation is kept while it must wait."""

    __tablename__ = "order_to_bill"
    __table_args__ = (CheckConstraint("closed in ('reservation-refused', 'released')"),)
    company: str = Field(sa_column=_text(key=True))
    order_id: UUID = Field(primary_key=True)
    has_terms: bool
    reserved_at: datetime | None = Field(sa_column=_moment(null=True))
    reservation: bytes | None = Field(sa_column=_bytes(null=True))
    closed: str | None = Field(sa_column=_text(null=True))


class BillingRefusal(_Row, table=True):
    """An order that cannot be invoiced, and why. Facts."""

    __tablename__ = "billing_refusal"
    company: str = Field(sa_column=_text(key=True))
    order_id: UUID = Field(primary_key=True)
    code: str = Field(sa_column=_text())
    detail: str = Field(sa_column=_text())
    pointer: str | None = Field(sa_column=_text(null=True))
    at: datetime = Field(sa_column=_moment())


class NumberCounter(_Row, table=True):
    """The last number of a series in a fiscal year."""

    __tablename__ = "number_counter"
    __table_args__ = (CheckConstraint("last > 0"),)
    company: str = Field(sa_column=_text(key=True))
    series: str = Field(sa_column=_text(key=True))
    fiscal_year: int = Field(primary_key=True)
    last: int = Field(sa_column=Column(BigInteger, nullable=False))


class Invoice(_Row, table=True):
    """An invoice as it was issued; `printed` holds seller, customer, lines and taxes as JSON. Facts."""

    __tablename__ = "invoice"
    __table_args__ = (
        CheckConstraint("serial > 0"),
        CheckConstraint("net >= 0"),
        CheckConstraint("tax >= 0"),
        CheckConstraint("total = net + tax"),
        Index("invoice_number", "series", "company", "fiscal_year", "serial", unique=True),
    )
    company: str = Field(sa_column=_text(key=True))
    id: UUID = Field(primary_key=True)
    series: str = Field(sa_column=_text())
    fiscal_year: int
    serial: int = Field(sa_column=Column(BigInteger, nullable=False))
    order_id: UUID
    order_reference: str = Field(sa_column=_text())
    customer_id: str = Field(sa_column=_text())
    customer_name: str = Field(sa_column=_text())
    issued_on: date
    due_on: date
    currency: str = Field(sa_column=_text())
    net: int = Field(sa_column=_minor())
    tax: int = Field(sa_column=_minor())
    total: int = Field(sa_column=_minor())
    printed: bytes = Field(sa_column=_bytes())
    at: datetime = Field(sa_column=_moment())


class OpenItem(_Row, table=True):
    """What is open of an invoice."""

    __tablename__ = "open_item"
    __table_args__ = (
        CheckConstraint("open between 0 and total"),
        CheckConstraint("not credited or open = 0"),
    )
    company: str = Field(sa_column=_text(key=True))
    invoice: UUID = Field(primary_key=True)
    due_on: date
    currency: str = Field(sa_column=_text())
    total: int = Field(sa_column=_minor())
    open: int = Field(sa_column=_minor())
    credited: bool


class CreditNote(_Row, table=True):
    """A credit note over a whole invoice; an invoice has one at most. Facts."""

    __tablename__ = "credit_note"
    __table_args__ = (
        ForeignKeyConstraint(["company", "invoice"], ["invoice.company", "invoice.id"]),
        CheckConstraint("serial > 0"),
        CheckConstraint("total = net + tax"),
        Index("credit_note_number", "series", "company", "fiscal_year", "serial", unique=True),
        Index("credit_note_invoice", "invoice", "company", unique=True),
    )
    company: str = Field(sa_column=_text(key=True))
    id: UUID = Field(primary_key=True)
    series: str = Field(sa_column=_text())
    fiscal_year: int
    serial: int = Field(sa_column=Column(BigInteger, nullable=False))
    invoice: UUID
    order_id: UUID
    issued_on: date
    reason: str = Field(sa_column=_text())
    currency: str = Field(sa_column=_text())
    net: int = Field(sa_column=_minor())
    tax: int = Field(sa_column=_minor())
    total: int = Field(sa_column=_minor())
    at: datetime = Field(sa_column=_moment())


# -- money ------------------------------------------------------------------------------------------------------------


class Payment(_Row, table=True):
    """Money that came in. Facts."""

    __tablename__ = "payment"
    __table_args__ = (CheckConstraint("amount > 0"),)
    company: str = Field(sa_column=_text(key=True))
    id: UUID = Field(primary_key=True)
    reference: str = Field(sa_column=_text())
    received_on: date
    currency: str = Field(sa_column=_text())
    amount: int = Field(sa_column=_minor())
    payer_name: str = Field(sa_column=_text())
    order_id: UUID | None
    order_reference: str | None = Field(sa_column=_text(null=True))
    invoice_number: str | None = Field(sa_column=_text(null=True))
    at: datetime = Field(sa_column=_moment())


class UnappliedCash(_Row, table=True):
    """What is left of a payment. `order_id` is the order whose invoice it waits for: none once it found its invoice."""

    __tablename__ = "unapplied_cash"
    __table_args__ = (CheckConstraint("unapplied between 0 and amount"),)
    company: str = Field(sa_column=_text(key=True))
    payment: UUID = Field(primary_key=True)
    order_id: UUID | None
    currency: str = Field(sa_column=_text())
    amount: int = Field(sa_column=_minor())
    unapplied: int = Field(sa_column=_minor())


class Allocation(_Row, table=True):
    """What a payment pays of an invoice, or, below zero, does not pay any more; posted by `entry`. Facts."""

    __tablename__ = "allocation"
    __table_args__ = (
        ForeignKeyConstraint(["company", "payment"], ["payment.company", "payment.id"]),
        ForeignKeyConstraint(["company", "invoice"], ["invoice.company", "invoice.id"]),
        CheckConstraint("amount <> 0"),
    )
    company: str = Field(sa_column=_text(key=True))
    payment: UUID = Field(primary_key=True)
    invoice: UUID = Field(primary_key=True)
    entry: UUID = Field(primary_key=True)
    amount: int = Field(sa_column=_minor())
    effective_on: date
    at: datetime = Field(sa_column=_moment())


# -- the books --------------------------------------------------------------------------------------------------------


class JournalEntry(_Row, table=True):
    """An entry; `reverses` names the one that it takes back. Facts."""

    __tablename__ = "journal_entry"
    __table_args__ = (
        CheckConstraint("journal in ('sales', 'cash')"),
        Index("journal_entry_reverses", "reverses", "company", unique=True),
    )
    company: str = Field(sa_column=_text(key=True))
    id: UUID = Field(primary_key=True)
    journal: str = Field(sa_column=_text())
    posted_on: date
    document: UUID
    order_id: UUID | None
    reverses: UUID | None
    cause: UUID
    at: datetime = Field(sa_column=_moment())


class JournalLine(_Row, table=True):
    """One side of an entry. A trigger refuses lines that do not balance per entry and currency. Facts."""

    __tablename__ = "journal_line"
    __table_args__ = (
        CheckConstraint("debit >= 0"),
        CheckConstraint("credit >= 0"),
        CheckConstraint("(debit = 0) <> (credit = 0)"),
    )
    company: str = Field(sa_column=_text(key=True))
    entry: UUID = Field(primary_key=True)
    line: int = Field(sa_column=Column(SMALLINT, primary_key=True, autoincrement=False))
    account: str = Field(sa_column=_text())
    currency: str = Field(sa_column=_text())
    debit: int = Field(sa_column=_minor())
    credit: int = Field(sa_column=_minor())


class AccountDay(_Row, table=True):
    """Sums of an account in a currency with effect on a day, as far as recorded on a day (UTC)."""

    __tablename__ = "account_day"
    __table_args__ = (
        ForeignKeyConstraint(["company", "account"], ["account.company", "account.code"]),
        CheckConstraint("debit >= 0"),
        CheckConstraint("credit >= 0"),
    )
    company: str = Field(sa_column=_text(key=True))
    account: str = Field(sa_column=_text(key=True))
    currency: str = Field(sa_column=_text(key=True))
    effective_on: date = Field(primary_key=True)
    recorded_on: date = Field(primary_key=True)
    debit: int = Field(sa_column=Column(Numeric(38, 0), nullable=False))
    credit: int = Field(sa_column=Column(Numeric(38, 0), nullable=False))
