"""Questions about tasks: whose they are, by when, what is late or blocked."""

from __future__ import annotations

from datetime import date
from typing import Literal
from uuid import UUID

import asyncpg
from pydantic import BaseModel

from services.payroll.domain import effective
from services.payroll.domain.checklists import blocked_by, due_on, in_charge, is_overdue
from services.payroll.domain.rights import Viewer
from services.payroll.domain.training import by_person
from services.payroll.queries.days import today
from services.payroll.store import checklists as store
from services.payroll.store import staff as staff_store
from services.payroll.store import training as training_store

TaskState = Literal["open", "overdue", "done", "waived"]


class Blocker(BaseModel):
    """The certificate without which a task cannot be done: expired after a day, or not there at all."""

    course: str
    state: Literal["expired", "missing"]
    valid_until: date | None


class TaskLine(BaseModel):
    """A task for one person."""

    employee: UUID
    occasion: str
    task: str
    department: str
    title: str
    due_on: date
    state: TaskState
    requires: str | None
    blocked_by: Blocker | None


class TasksAnswer(BaseModel):
    """Tasks by the day on which they are due."""

    on: date
    tasks: list[TaskLine]


class TemplateLine(BaseModel):
    """What each person makes necessary."""

    occasion: str
    task: str
    department: str
    title: str
    due_days: int
    requires: str | None


class TemplatesAnswer(BaseModel):
    """The checklists of a company."""

    templates: list[TemplateLine]


async def tasks(
    connection: asyncpg.Connection,
    company: str,
    department: str | None,
    employee: UUID | None,
    state: TaskState | None,
    on: date | None,
    viewer: Viewer,
) -> TasksAnswer:
    """The tasks that fit everything that is named, of people whom the viewer sees or of the viewer's department."""
    now = await today(connection, company)
    day = on or now
    whom = None if employee is None else [employee]
    found = (await store.tasks(connection, [company], whom))[company]
    whose = {task.employee for task in found} | ({viewer.employee} if viewer.employee is not None else set())
    staff = (await staff_store.read(connection, [company], whose))[company]
    in_need = {task.employee for task in found if task.requires is not None}
    held = by_person((await training_store.certificates(connection, [company], in_need))[company])
    theirs = {d: in_charge(viewer, d, staff, now) for d in {task.department for task in found}}
    lines: list[TaskLine] = []
    for task in found:
        due = due_on(task, effective.begins(staff.employments[task.employee]), staff.left_on(task.employee))
        if due is None or department not in (None, task.department):
            continue
        if not (viewer.sees(task.employee) or theirs[task.department]):
            continue
        how = task.outcome or ("overdue" if is_overdue(task, due, day) else "open")
        if state is None or state == how:
            lacking = blocked_by(task, held.get(task.employee, ()), day)
            blocker = None if lacking is None else lacking._asdict()
            told = task._asdict() | {"due_on": due, "state": how, "blocked_by": blocker}
            lines.append(TaskLine.model_validate(told, from_attributes=False))
    return TasksAnswer(on=day, tasks=sorted(lines, key=lambda line: (line.due_on, line.task, str(line.employee))))


async def templates(connection: asyncpg.Connection, company: str) -> TemplatesAnswer:
    """The checklists of a company as they are now."""
    found = store.in_use(await store.templates(connection, [company]), company)
    return TemplatesAnswer(templates=[TemplateLine(**template._asdict()) for template in found])
