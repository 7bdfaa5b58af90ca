"""People's keys. What they seal stands in the tables of its topic."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKeyConstraint
from sqlmodel import Field

from services.payroll.tables.base import Row, moment, sealed, text


class PersonKey(Row, table=True):
    """The key of a person, wrapped by the master key; empty once it was erased, and then for ever."""

    __tablename__ = "person_key"
    __table_args__ = (
        ForeignKeyConstraint(["company", "employee"], ["employee.company", "employee.employee"]),
        CheckConstraint("(wrapped is null) = (erased_at is not null)"),
    )
    company: str = Field(sa_column=text(key=True))
    employee: UUID = Field(primary_key=True)
    wrapped: bytes | None = Field(sa_column=sealed(nullable=True))
    made_at: datetime = Field(sa_column=moment())
    erased_at: datetime | None = Field(sa_column=moment(nullable=True))
