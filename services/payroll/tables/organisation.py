"""Departments, posts and cost centres."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ForeignKeyConstraint, UniqueConstraint
from sqlmodel import Field

from services.payroll.tables.base import Row, count, moment, text, texts


class CompanyProfile(Row, table=True):
    """Where a company's days begin, in which country it is, in which currency it counts. Facts."""

    __tablename__ = "company_profile"
    company: str = Field(sa_column=text(key=True))
    time_zone: str = Field(sa_column=text())
    country: str = Field(sa_column=text())
    currency: str = Field(sa_column=text())


class CostCentre(Row, table=True):
    """Who bears costs. Facts."""

    __tablename__ = "cost_centre"
    company: str = Field(sa_column=text(key=True))
    cost_centre: str = Field(sa_column=text(key=True))
    name: str = Field(sa_column=text())
    recorded_at: datetime = Field(sa_column=moment())


class BookedCostCentre(Row, table=True):
    """A cost centre that the ledger has. Facts."""

    __tablename__ = "booked_cost_centre"
    __table_args__ = (
        ForeignKeyConstraint(["company", "cost_centre"], ["cost_centre.company", "cost_centre.cost_centre"]),
    )
    company: str = Field(sa_column=text(key=True))
    cost_centre: str = Field(sa_column=text(key=True))
    recorded_at: datetime = Field(sa_column=moment())


class Department(Row, table=True):
    """A department by its code; what it is on a day say its facts. Facts."""

    __tablename__ = "department"
    company: str = Field(sa_column=text(key=True))
    department: str = Field(sa_column=text(key=True))
    by_hire: bool
    recorded_at: datetime = Field(sa_column=moment())


class DepartmentFact(Row, table=True):
    """What `sets` names holds for a department from a day on; a correction replaces a fact. Facts."""

    __tablename__ = "department_fact"
    __table_args__ = (
        UniqueConstraint("company", "department", "replaces"),
        ForeignKeyConstraint(["company", "department"], ["department.company", "department.department"]),
        ForeignKeyConstraint(["company", "parent"], ["department.company", "department.department"]),
        ForeignKeyConstraint(["company", "manager"], ["employee.company", "employee.employee"]),
        ForeignKeyConstraint(["company", "cost_centre"], ["cost_centre.company", "cost_centre.cost_centre"]),
        ForeignKeyConstraint(
            ["company", "department", "replaces"],
            ["department_fact.company", "department_fact.department", "department_fact.revision"],
        ),
    )
    company: str = Field(sa_column=text(key=True))
    department: str = Field(sa_column=text(key=True))
    revision: int = Field(sa_column=count(key=True))
    effective_on: date
    sets: list[str] = Field(sa_column=texts())
    name: str | None = Field(sa_column=text(nullable=True))
    parent: str | None = Field(sa_column=text(nullable=True))
    manager: UUID | None
    cost_centre: str | None = Field(sa_column=text(nullable=True))
    closed: bool | None
    replaces: int | None = Field(sa_column=count(nullable=True))
    recorded_at: datetime = Field(sa_column=moment())


class Post(Row, table=True):
    """A place for one person. Facts."""

    __tablename__ = "post"
    __table_args__ = (ForeignKeyConstraint(["company", "department"], ["department.company", "department.department"]),)
    company: str = Field(sa_column=text(key=True))
    post: str = Field(sa_column=text(key=True))
    department: str = Field(sa_column=text())
    title: str = Field(sa_column=text())
    opens_on: date
    recorded_at: datetime = Field(sa_column=moment())


class PostClosing(Row, table=True):
    """After which day a post is given up. Facts."""

    __tablename__ = "post_closing"
    __table_args__ = (ForeignKeyConstraint(["company", "post"], ["post.company", "post.post"]),)
    company: str = Field(sa_column=text(key=True))
    post: str = Field(sa_column=text(key=True))
    last_day: date
    recorded_at: datetime = Field(sa_column=moment())
