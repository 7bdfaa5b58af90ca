"""The tables of payroll as SQLModel sees them; a test compares them with what the migrations make."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKeyConstraint,
    MetaData,
    Text,
    UniqueConstraint,
)
from sqlmodel import Field, SQLModel

EXEMPT: dict[str, str] = {}
"""Payroll has no table without company data."""


def _text(*, key: bool = False) -> Column[str]:
    return Column(Text, primary_key=key, nullable=False)


def _moment() -> Column[datetime]:
    return Column(DateTime(timezone=True), nullable=False)


def _count() -> Column[int]:
    return Column(BigInteger, nullable=False)


class _Row(SQLModel):
    """Names of tables are payroll's own; another department's `employee` would be another table."""

    metadata = MetaData()


class PersonnelCounter(_Row, table=True):
    """The last personnel number that a company has given."""

    __tablename__ = "personnel_counter"
    __table_args__ = (CheckConstraint("last >= 0"),)
    company: str = Field(sa_column=_text(key=True))
    last: int = Field(sa_column=_count())


class Employee(_Row, table=True):
    """A person on the register. Facts."""

    __tablename__ = "employee"
    __table_args__ = (
        UniqueConstraint("company", "serial"),
        UniqueConstraint("company", "number"),
        CheckConstraint("serial > 0"),
        CheckConstraint("language in ('en', 'el', 'he')"),
    )
    company: str = Field(sa_column=_text(key=True))
    employee: UUID = Field(primary_key=True)
    serial: int = Field(sa_column=_count())
    number: str = Field(sa_column=_text())
    reference: str = Field(sa_column=_text())
    name: str = Field(sa_column=_text())
    language: str = Field(sa_column=_text())
    registered_at: datetime = Field(sa_column=_moment())


class Assignment(_Row, table=True):
    """What a person does where, from a day on, until the next one. Facts: a change is another row."""

    __tablename__ = "assignment"
    __table_args__ = (ForeignKeyConstraint(["company", "employee"], ["employee.company", "employee.employee"]),)
    company: str = Field(sa_column=_text(key=True))
    employee: UUID = Field(primary_key=True)
    effective_on: date = Field(primary_key=True)
    department: str = Field(sa_column=_text())
    job_title: str = Field(sa_column=_text())
    recorded_at: datetime = Field(sa_column=_moment())
