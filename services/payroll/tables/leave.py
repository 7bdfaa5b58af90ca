"""The ledger of leave, and requests for it."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ForeignKeyConstraint, UniqueConstraint
from sqlmodel import Field

from services.payroll.tables.base import Row, count, moment, sealed, text


class LeaveType(Row, table=True):
    """A kind of leave. Facts."""

    __tablename__ = "leave_type"
    company: str = Field(sa_column=text(key=True))
    leave_type: str = Field(sa_column=text(key=True))
    name: str = Field(sa_column=text())
    paid: bool
    limited: bool
    confidential: bool
    recorded_at: datetime = Field(sa_column=moment())


class LeaveRule(Row, table=True):
    """What a kind of leave gives from a day on, in hundredths of days. Facts."""

    __tablename__ = "leave_rule"
    __table_args__ = (ForeignKeyConstraint(["company", "leave_type"], ["leave_type.company", "leave_type.leave_type"]),)
    company: str = Field(sa_column=text(key=True))
    leave_type: str = Field(sa_column=text(key=True))
    effective_on: date = Field(primary_key=True)
    yearly: int = Field(sa_column=count())
    carried_over_max: int = Field(sa_column=count())
    carried_over_until: int = Field(sa_column=count())
    recorded_at: datetime = Field(sa_column=moment())


class Holiday(Row, table=True):
    """A day on which nobody works. Facts."""

    __tablename__ = "holiday"
    company: str = Field(sa_column=text(key=True))
    day: date = Field(primary_key=True)
    name: str = Field(sa_column=text())
    recorded_at: datetime = Field(sa_column=moment())


class LeaveMonth(Row, table=True):
    """A month that is closed. Facts."""

    __tablename__ = "leave_month"
    company: str = Field(sa_column=text(key=True))
    month: str = Field(sa_column=text(key=True))
    closed_at: datetime = Field(sa_column=moment())


class LeaveRequest(Row, table=True):
    """Somebody asks to be away; the kind in clear, or sealed with whether its days are paid beside it. Facts."""

    __tablename__ = "leave_request"
    __table_args__ = (
        UniqueConstraint("company", "request", "asked_by"),
        ForeignKeyConstraint(["company", "employee"], ["employee.company", "employee.employee"]),
        ForeignKeyConstraint(["company", "leave_type"], ["leave_type.company", "leave_type.leave_type"]),
    )
    company: str = Field(sa_column=text(key=True))
    request: UUID = Field(primary_key=True)
    employee: UUID
    leave_type: str | None = Field(sa_column=text(nullable=True))
    sealed_type: bytes | None = Field(sa_column=sealed(nullable=True))
    paid: bool | None
    first_day: date
    last_day: date
    hundredths: int = Field(sa_column=count())
    asked_by: str = Field(sa_column=text())
    recorded_at: datetime = Field(sa_column=moment())


class LeaveDecision(Row, table=True):
    """What became of a request; the latest revision counts, and nobody approves what they asked. Facts."""

    __tablename__ = "leave_decision"
    __table_args__ = (
        ForeignKeyConstraint(
            ["company", "request", "asked_by"],
            ["leave_request.company", "leave_request.request", "leave_request.asked_by"],
        ),
    )
    company: str = Field(sa_column=text(key=True))
    request: UUID = Field(primary_key=True)
    revision: int = Field(sa_column=count(key=True))
    decision: str = Field(sa_column=text())
    asked_by: str = Field(sa_column=text())
    decided_by: str = Field(sa_column=text())
    recorded_at: datetime = Field(sa_column=moment())


class LeaveEntry(Row, table=True):
    """A line of somebody's ledger of leave, the kind in clear or sealed; a balance is their sum. Facts."""

    __tablename__ = "leave_entry"
    __table_args__ = (
        ForeignKeyConstraint(["company", "employee"], ["employee.company", "employee.employee"]),
        ForeignKeyConstraint(["company", "leave_type"], ["leave_type.company", "leave_type.leave_type"]),
    )
    company: str = Field(sa_column=text(key=True))
    employee: UUID = Field(primary_key=True)
    leave_type: str | None = Field(sa_column=text(nullable=True))
    sealed_type: bytes | None = Field(sa_column=sealed(nullable=True))
    type_key: str = Field(sa_column=text(key=True))
    """Made by the database of the one or the other."""
    kind: str = Field(sa_column=text(key=True))
    period: str = Field(sa_column=text(key=True))
    effective_on: date
    hundredths: int = Field(sa_column=count())
    recorded_at: datetime = Field(sa_column=moment())
