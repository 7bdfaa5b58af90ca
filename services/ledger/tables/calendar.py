"""Fiscal years, their months, and which are closed for whom."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKeyConstraint
from sqlmodel import Field

from services.ledger.tables.base import Row, moment, text

_PERIOD = ["company", "fiscal_year", "number"]


class FiscalYear(Row, table=True):
    """A fiscal year by its label; both days belong to it. Facts."""

    __tablename__ = "fiscal_year"
    __table_args__ = (
        ForeignKeyConstraint(["company"], ["legal_entity.company"]),
        CheckConstraint("starts_on < ends_on"),
    )
    company: str = Field(sa_column=text(key=True))
    year: int = Field(primary_key=True)
    starts_on: date
    ends_on: date
    at: datetime = Field(sa_column=moment())


class FiscalPeriod(Row, table=True):
    """A month of a fiscal year. Facts."""

    __tablename__ = "fiscal_period"
    __table_args__ = (
        ForeignKeyConstraint(["company", "fiscal_year"], ["fiscal_year.company", "fiscal_year.year"]),
        CheckConstraint("number between 1 and 18"),
        CheckConstraint("starts_on < ends_on"),
    )
    company: str = Field(sa_column=text(key=True))
    fiscal_year: int = Field(primary_key=True)
    number: int = Field(primary_key=True)
    starts_on: date
    ends_on: date


class PeriodLock(Row, table=True):
    """Whether a period is closed for a sub-ledger now; every change of it is in the audit trail."""

    __tablename__ = "period_lock"
    __table_args__ = (
        ForeignKeyConstraint(_PERIOD, [f"fiscal_period.{column}" for column in _PERIOD]),
        CheckConstraint("subledger in ('ar', 'ap', 'stock', 'payroll', 'gl')"),
    )
    company: str = Field(sa_column=text(key=True))
    fiscal_year: int = Field(primary_key=True)
    number: int = Field(primary_key=True)
    subledger: str = Field(sa_column=text(key=True))
    starts_on: date
    ends_on: date
    closed: bool


class PeriodException(Row, table=True):
    """One user may post into a closed period until a time. Facts."""

    __tablename__ = "period_exception"
    __table_args__ = (
        ForeignKeyConstraint(
            [*_PERIOD, "subledger"], [*(f"period_lock.{column}" for column in _PERIOD), "period_lock.subledger"]
        ),
        CheckConstraint("user_name <> granted_by"),
    )
    company: str = Field(sa_column=text(key=True))
    fiscal_year: int = Field(primary_key=True)
    number: int = Field(primary_key=True)
    subledger: str = Field(sa_column=text(key=True))
    user_name: str = Field(sa_column=text(key=True))
    until: datetime = Field(sa_column=moment(key=True))
    reason: str = Field(sa_column=text())
    granted_by: str = Field(sa_column=text())
    at: datetime = Field(sa_column=moment())
