"""Departments, cost centres, the rules that split lines over them, and what a company has decided."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKeyConstraint
from sqlmodel import Field

from services.ledger.tables.base import Row, minor, moment, text, total


class DimensionValue(Row, table=True):
    """A department or cost centre. Facts."""

    __tablename__ = "dimension_value"
    __table_args__ = (
        ForeignKeyConstraint(["company"], ["legal_entity.company"]),
        CheckConstraint("dimension in ('department', 'cost_centre')"),
    )
    company: str = Field(sa_column=text(key=True))
    dimension: str = Field(sa_column=text(key=True))
    code: str = Field(sa_column=text(key=True))
    name: str = Field(sa_column=text())
    at: datetime = Field(sa_column=moment())


class AllocationRule(Row, table=True):
    """Fixed shares by which lines are split. Facts."""

    __tablename__ = "allocation_rule"
    __table_args__ = (ForeignKeyConstraint(["company"], ["legal_entity.company"]),)
    company: str = Field(sa_column=text(key=True))
    code: str = Field(sa_column=text(key=True))
    name: str = Field(sa_column=text())
    at: datetime = Field(sa_column=moment())


class AllocationShare(Row, table=True):
    """What one department and cost centre get. Facts."""

    __tablename__ = "allocation_share"
    __table_args__ = (
        ForeignKeyConstraint(["company", "rule"], ["allocation_rule.company", "allocation_rule.code"]),
        CheckConstraint("millionths between 1 and 1000000"),
    )
    company: str = Field(sa_column=text(key=True))
    rule: str = Field(sa_column=text(key=True))
    place: int = Field(primary_key=True)
    department: str | None = Field(sa_column=text(null=True))
    cost_centre: str | None = Field(sa_column=text(null=True))
    millionths: int


class CompanyPolicy(Row, table=True):
    """What a company decides differently from a day on; null is what stays. Facts."""

    __tablename__ = "company_policy"
    __table_args__ = (
        ForeignKeyConstraint(["company"], ["legal_entity.company"]),
        CheckConstraint("invoicing in ('on_order', 'on_dispatch')"),
        CheckConstraint("net_days between 0 and 366"),
        CheckConstraint("approval_limit >= 0"),
    )
    company: str = Field(sa_column=text(key=True))
    number: int = Field(primary_key=True)
    valid_from: date
    invoicing: str | None = Field(sa_column=text(null=True))
    net_days: int | None
    approval_limit: int | None = Field(sa_column=minor(null=True))
    dimensions_required: bool | None
    default_department: str | None = Field(sa_column=text(null=True))
    default_cost_centre: str | None = Field(sa_column=text(null=True))
    decided_by: str = Field(sa_column=text())
    at: datetime = Field(sa_column=moment())
    credit_check: bool | None


class DimensionDay(Row, table=True):
    """Sums per department and cost centre, of lines that name one; an empty one is none."""

    __tablename__ = "dimension_day"
    __table_args__ = (
        ForeignKeyConstraint(["company", "account"], ["account.company", "account.code"]),
        CheckConstraint("debit >= 0"),
        CheckConstraint("credit >= 0"),
        CheckConstraint("base_debit >= 0"),
        CheckConstraint("base_credit >= 0"),
    )
    company: str = Field(sa_column=text(key=True))
    account: str = Field(sa_column=text(key=True))
    currency: str = Field(sa_column=text(key=True))
    department: str = Field(sa_column=text(key=True))
    cost_centre: str = Field(sa_column=text(key=True))
    effective_on: date = Field(primary_key=True)
    recorded_on: date = Field(primary_key=True)
    debit: int = Field(sa_column=total())
    credit: int = Field(sa_column=total())
    base_debit: int = Field(sa_column=total())
    base_credit: int = Field(sa_column=total())
