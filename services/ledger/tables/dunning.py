"""Dunning: policies, stops, runs and the levels that invoices reached."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint
from sqlmodel import Field

from services.ledger.tables.base import Row, minor, moment, text


class DunningLevel(Row, table=True):
    """A level of a version of a company's policy. Facts: the newest version counts."""

    __tablename__ = "dunning_level"
    __table_args__ = (
        ForeignKeyConstraint(["company"], ["legal_entity.company"]),
        CheckConstraint("level between 1 and 9"),
        CheckConstraint("fee >= 0"),
    )
    company: str = Field(sa_column=text(key=True))
    version: int = Field(primary_key=True)
    level: int = Field(primary_key=True)
    days_overdue: int
    fee: int = Field(sa_column=minor())
    interest_rate: str = Field(sa_column=text())
    books_charges: bool
    at: datetime = Field(sa_column=moment())


class DunningStop(Row, table=True):
    """Why an invoice is not dunned, and until when; a stop in the past stops nothing."""

    __tablename__ = "dunning_stop"
    __table_args__ = (
        ForeignKeyConstraint(["company", "invoice"], ["invoice.company", "invoice.id"]),
        CheckConstraint("kind in ('dispute', 'promise')"),
    )
    company: str = Field(sa_column=text(key=True))
    invoice: UUID = Field(primary_key=True)
    kind: str = Field(sa_column=text())
    until: date | None
    reason: str = Field(sa_column=text())
    set_by: str = Field(sa_column=text())
    at: datetime = Field(sa_column=moment())


class DunningRun(Row, table=True):
    """A company is dunned once a day. Facts."""

    __tablename__ = "dunning_run"
    __table_args__ = (ForeignKeyConstraint(["company"], ["legal_entity.company"]),)
    company: str = Field(sa_column=text(key=True))
    day: date = Field(primary_key=True)
    letters: int
    at: datetime = Field(sa_column=moment())


class DunningStep(Row, table=True):
    """An invoice reached a level; 0 is when it was first seen overdue. Facts."""

    __tablename__ = "dunning_step"
    __table_args__ = (
        ForeignKeyConstraint(["company", "invoice"], ["invoice.company", "invoice.id"]),
        CheckConstraint("level between 0 and 9"),
        CheckConstraint("interest >= 0"),
    )
    company: str = Field(sa_column=text(key=True))
    invoice: UUID = Field(primary_key=True)
    level: int = Field(primary_key=True)
    day: date
    letter: UUID | None
    interest: int = Field(sa_column=minor())
    interest_until: date
    at: datetime = Field(sa_column=moment())
