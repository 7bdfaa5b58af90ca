"""What has to be done when somebody comes or goes: a task per department, due so many days from that day."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Literal, NamedTuple
from uuid import UUID

from services.payroll.domain.employment import Staff
from services.payroll.domain.rights import CHANGES_PEOPLE, Viewer
from services.payroll.domain.training import Certificate, Lack, lack

Occasion = Literal["onboarding", "leaving"]


class TaskTemplate(NamedTuple):
    """A task that each person of a company makes necessary."""

    occasion: str
    task: str
    department: str
    """Who does it."""
    title: str
    due_days: int
    """Days from the first or last day of work; below zero before it."""
    requires: str | None = None
    """The course without whose valid certificate of the person it cannot be done."""


class Task(NamedTuple):
    """A task for one person. Its day follows the first or last day of work, also when that is moved."""

    employee: UUID
    occasion: str
    task: str
    department: str
    title: str
    due_days: int
    requires: str | None
    outcome: str | None
    """`done` or `waived`; None while it is open."""


def due_on(task: Task, hired_on: date | None, left_on: date | None) -> date | None:
    """By when it has to be done; None when its occasion is not to come after all."""
    anchor = hired_on if task.occasion == "onboarding" else left_on
    return None if anchor is None else anchor + timedelta(task.due_days)


def blocked_by(task: Task, certificates: Iterable[Certificate], on: date) -> Lack | None:
    """What keeps a task from being done on a day: its person, with these certificates, lacks the one that it needs.

    A task that is ended is blocked by nothing, whatever runs out later.
    """
    if task.requires is None or task.outcome is not None:
        return None
    return lack(task.requires, certificates, on)


def is_overdue(task: Task, due: date | None, on: date) -> bool:
    """Whether it should have been done by a day and is not."""
    return task.outcome is None and due is not None and due < on


def tasks_for(employee: UUID, occasion: Occasion, templates: Iterable[TaskTemplate]) -> list[Task]:
    """The tasks that a person makes necessary, none done."""
    return [
        Task(employee, occasion, one.task, one.department, one.title, one.due_days, one.requires, None)
        for one in templates
        if one.occasion == occasion
    ]


def in_charge(viewer: Viewer, department: str, staff: Staff, day: date) -> bool:
    """Whether a department's tasks are somebody's: they are in it, or above it, or in the personnel office."""
    if viewer.rights & set(CHANGES_PEOPLE):
        return True
    if viewer.employee is None or not staff.employed(viewer.employee, day):
        return False
    organisation = staff.organisation(day)
    inside = staff.position(viewer.employee, day, organisation).department == department
    return inside or any(d.manager == viewer.employee for d in organisation.upwards(department))
