"""Who is on the register, and what they do where."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, UniqueConstraint
from sqlmodel import Field

from services.payroll.tables.base import Row, count, moment, text


class PersonnelCounter(Row, table=True):
    """The last personnel number that a company has given."""

    __tablename__ = "personnel_counter"
    __table_args__ = (CheckConstraint("last >= 0"),)
    company: str = Field(sa_column=text(key=True))
    last: int = Field(sa_column=count())


class Employee(Row, table=True):
    """A person on the register. Facts."""

    __tablename__ = "employee"
    __table_args__ = (
        UniqueConstraint("company", "serial"),
        UniqueConstraint("company", "number"),
        CheckConstraint("serial > 0"),
        CheckConstraint("language in ('en', 'el', 'he')"),
    )
    company: str = Field(sa_column=text(key=True))
    employee: UUID = Field(primary_key=True)
    serial: int = Field(sa_column=count())
    number: str = Field(sa_column=text())
    reference: str = Field(sa_column=text())
    name: str = Field(sa_column=text())
    language: str = Field(sa_column=text())
    registered_at: datetime = Field(sa_column=moment())


class Assignment(Row, table=True):
    """What a person does where, from a day on, until the next one. Facts: a change is another row."""

    __tablename__ = "assignment"
    __table_args__ = (ForeignKeyConstraint(["company", "employee"], ["employee.company", "employee.employee"]),)
    company: str = Field(sa_column=text(key=True))
    employee: UUID = Field(primary_key=True)
    effective_on: date = Field(primary_key=True)
    department: str = Field(sa_column=text())
    job_title: str = Field(sa_column=text())
    recorded_at: datetime = Field(sa_column=moment())
