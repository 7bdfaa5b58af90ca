"""Who is on the register, and what they do where."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, UniqueConstraint
from sqlmodel import Field

from services.payroll.tables.base import Row, count, moment, text, texts


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
    """What `sets` names holds for a person from a day on; a correction replaces a fact. Facts."""

    __tablename__ = "assignment"
    __table_args__ = (
        UniqueConstraint("company", "employee", "replaces"),
        ForeignKeyConstraint(["company", "employee"], ["employee.company", "employee.employee"]),
        ForeignKeyConstraint(["company", "manager"], ["employee.company", "employee.employee"]),
        ForeignKeyConstraint(["company", "department"], ["department.company", "department.department"]),
        ForeignKeyConstraint(["company", "cost_centre"], ["cost_centre.company", "cost_centre.cost_centre"]),
        ForeignKeyConstraint(
            ["company", "employee", "replaces"], ["assignment.company", "assignment.employee", "assignment.revision"]
        ),
    )
    company: str = Field(sa_column=text(key=True))
    employee: UUID = Field(primary_key=True)
    revision: int = Field(sa_column=count(key=True))
    effective_on: date
    sets: list[str] = Field(sa_column=texts())
    name: str | None = Field(sa_column=text(nullable=True))
    language: str | None = Field(sa_column=text(nullable=True))
    job_title: str | None = Field(sa_column=text(nullable=True))
    department: str | None = Field(sa_column=text(nullable=True))
    cost_centre: str | None = Field(sa_column=text(nullable=True))
    manager: UUID | None
    replaces: int | None = Field(sa_column=count(nullable=True))
    recorded_at: datetime = Field(sa_column=moment())
