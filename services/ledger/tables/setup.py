"""Companies, charts of accounts, tax codes: facts."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index
from sqlmodel import Field

from services.ledger.tables.base import Row, moment, octets, text


class LegalEntity(Row, table=True):
    """A company whose books are kept here."""

    __tablename__ = "legal_entity"
    __table_args__ = (CheckConstraint("currency ~ '^[A-Z]{3}$'"),)
    company: str = Field(sa_column=text(key=True))
    name: str = Field(sa_column=text())
    currency: str = Field(sa_column=text())
    country: str = Field(sa_column=text())
    time_zone: str = Field(sa_column=text())
    line1: str = Field(sa_column=text())
    line2: str | None = Field(sa_column=text(null=True))
    city: str = Field(sa_column=text())
    postcode: str = Field(sa_column=text())
    address_country: str = Field(sa_column=text())
    vat_number: str | None = Field(sa_column=text(null=True))
    iban: str | None = Field(sa_column=text(null=True))
    at: datetime = Field(sa_column=moment())


class CompanyChange(Row, table=True):
    """What of a company's name, seat and numbers is different from a day on, as JSON. Facts."""

    __tablename__ = "company_change"
    __table_args__ = (ForeignKeyConstraint(["company"], ["legal_entity.company"]), CheckConstraint("number > 0"))
    company: str = Field(sa_column=text(key=True))
    number: int = Field(primary_key=True)
    valid_from: date
    changed: bytes = Field(sa_column=octets())
    recorded_by: str = Field(sa_column=text())
    at: datetime = Field(sa_column=moment())


class Account(Row, table=True):
    """An account of a company's chart; a role is played by one account."""

    __tablename__ = "account"
    __table_args__ = (
        ForeignKeyConstraint(["company"], ["legal_entity.company"]),
        CheckConstraint("kind in ('asset', 'liability', 'equity', 'income', 'expense')"),
        Index("account_role", "role", "company", unique=True),
    )
    company: str = Field(sa_column=text(key=True))
    code: str = Field(sa_column=text(key=True))
    name: str = Field(sa_column=text())
    kind: str = Field(sa_column=text())
    role: str | None = Field(sa_column=text(null=True))
    at: datetime = Field(sa_column=moment())


class TaxCode(Row, table=True):
    """A tax code; `rate` is a decimal fraction as text."""

    __tablename__ = "tax_code"
    __table_args__ = (ForeignKeyConstraint(["company", "account"], ["account.company", "account.code"]),)
    company: str = Field(sa_column=text(key=True))
    code: str = Field(sa_column=text(key=True))
    name: str = Field(sa_column=text())
    rate: str = Field(sa_column=text())
    account: str = Field(sa_column=text())
    at: datetime = Field(sa_column=moment())


class TaxRate(Row, table=True):
    """What a tax code's rate is from a day on, where it is another one than at first."""

    __tablename__ = "tax_rate"
    __table_args__ = (ForeignKeyConstraint(["company", "code"], ["tax_code.company", "tax_code.code"]),)
    company: str = Field(sa_column=text(key=True))
    code: str = Field(sa_column=text(key=True))
    valid_from: date = Field(primary_key=True)
    rate: str = Field(sa_column=text())
    at: datetime = Field(sa_column=moment())
