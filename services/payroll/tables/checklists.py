"""Checklists for who comes and goes."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKeyConstraint
from sqlmodel import Field

from services.payroll.tables.base import Row, count, moment, text


class ChecklistTemplate(Row, table=True):
    """A task that each person makes necessary; the latest revision counts. Facts."""

    __tablename__ = "checklist_template"
    __table_args__ = (
        ForeignKeyConstraint(["company", "department"], ["department.company", "department.department"]),
        ForeignKeyConstraint(["company", "requires"], ["course.company", "course.course"]),
    )
    company: str = Field(sa_column=text(key=True))
    occasion: str = Field(sa_column=text(key=True))
    task: str = Field(sa_column=text(key=True))
    revision: int = Field(sa_column=count(key=True))
    department: str = Field(sa_column=text())
    title: str = Field(sa_column=text())
    due_days: int = Field(sa_column=count())
    dropped: bool
    recorded_at: datetime = Field(sa_column=moment())
    requires: str | None = Field(sa_column=text(nullable=True))


class ChecklistTask(Row, table=True):
    """A task for one person. Facts."""

    __tablename__ = "checklist_task"
    __table_args__ = (
        ForeignKeyConstraint(["company", "employee"], ["employee.company", "employee.employee"]),
        ForeignKeyConstraint(["company", "department"], ["department.company", "department.department"]),
        ForeignKeyConstraint(["company", "requires"], ["course.company", "course.course"]),
    )
    company: str = Field(sa_column=text(key=True))
    employee: UUID = Field(primary_key=True)
    occasion: str = Field(sa_column=text(key=True))
    task: str = Field(sa_column=text(key=True))
    department: str = Field(sa_column=text())
    title: str = Field(sa_column=text())
    due_days: int = Field(sa_column=count())
    recorded_at: datetime = Field(sa_column=moment())
    requires: str | None = Field(sa_column=text(nullable=True))


class ChecklistOutcome(Row, table=True):
    """What became of a task. Facts."""

    __tablename__ = "checklist_outcome"
    __table_args__ = (
        ForeignKeyConstraint(
            ["company", "employee", "occasion", "task"],
            ["checklist_task.company", "checklist_task.employee", "checklist_task.occasion", "checklist_task.task"],
        ),
    )
    company: str = Field(sa_column=text(key=True))
    employee: UUID = Field(primary_key=True)
    occasion: str = Field(sa_column=text(key=True))
    task: str = Field(sa_column=text(key=True))
    outcome: str = Field(sa_column=text())
    by_actor: str = Field(sa_column=text())
    recorded_at: datetime = Field(sa_column=moment())
