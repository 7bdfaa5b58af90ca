"""Contracts of work, last days, accounts."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ForeignKeyConstraint, UniqueConstraint
from sqlmodel import Field

from services.payroll.tables.base import Row, count, moment, text, texts


class Contract(Row, table=True):
    """A contract of a person; its terms stand in its facts, its pay in payroll's sealed tables. Facts."""

    __tablename__ = "contract"
    __table_args__ = (
        UniqueConstraint("company", "employee", "reference"),
        ForeignKeyConstraint(["company", "employee"], ["employee.company", "employee.employee"]),
        ForeignKeyConstraint(["company", "post"], ["post.company", "post.post"]),
    )
    company: str = Field(sa_column=text(key=True))
    contract: UUID = Field(primary_key=True)
    employee: UUID
    reference: str = Field(sa_column=text())
    post: str | None = Field(sa_column=text(nullable=True))
    starts_on: date
    recorded_at: datetime = Field(sa_column=moment())


class ContractTerm(Row, table=True):
    """What `sets` names holds for a contract from a day on; a correction replaces a fact. Facts."""

    __tablename__ = "contract_term"
    __table_args__ = (
        UniqueConstraint("company", "contract", "replaces"),
        ForeignKeyConstraint(["company", "contract"], ["contract.company", "contract.contract"]),
        ForeignKeyConstraint(
            ["company", "contract", "replaces"],
            ["contract_term.company", "contract_term.contract", "contract_term.revision"],
        ),
    )
    company: str = Field(sa_column=text(key=True))
    contract: UUID = Field(primary_key=True)
    revision: int = Field(sa_column=count(key=True))
    effective_on: date
    sets: list[str] = Field(sa_column=texts())
    kind: str | None = Field(sa_column=text(nullable=True))
    job_title: str | None = Field(sa_column=text(nullable=True))
    weekly_hours_hundredths: int | None = Field(sa_column=count(nullable=True))
    ends_on: date | None
    replaces: int | None = Field(sa_column=count(nullable=True))
    recorded_at: datetime = Field(sa_column=moment())


class Leaving(Row, table=True):
    """The last day of an employment; the latest revision counts, without a day they stay after all. Facts."""

    __tablename__ = "leaving"
    __table_args__ = (ForeignKeyConstraint(["company", "employee"], ["employee.company", "employee.employee"]),)
    company: str = Field(sa_column=text(key=True))
    employee: UUID = Field(primary_key=True)
    revision: int = Field(sa_column=count(key=True))
    left_on: date | None
    reason: str = Field(sa_column=text())
    recorded_at: datetime = Field(sa_column=moment())


class LeavingTold(Row, table=True):
    """That others were told of a leaving, so that it is told once each time it is recorded. Facts."""

    __tablename__ = "leaving_told"
    __table_args__ = (ForeignKeyConstraint(["company", "employee"], ["employee.company", "employee.employee"]),)
    company: str = Field(sa_column=text(key=True))
    employee: UUID = Field(primary_key=True)
    left_on: date = Field(primary_key=True)
    at: datetime = Field(sa_column=moment(key=True))


class AccountLink(Row, table=True):
    """Whose account is whose; the latest revision counts. Facts."""

    __tablename__ = "account_link"
    __table_args__ = (ForeignKeyConstraint(["company", "employee"], ["employee.company", "employee.employee"]),)
    company: str = Field(sa_column=text(key=True))
    actor: str = Field(sa_column=text(key=True))
    revision: int = Field(sa_column=count(key=True))
    employee: UUID | None
    recorded_at: datetime = Field(sa_column=moment())
