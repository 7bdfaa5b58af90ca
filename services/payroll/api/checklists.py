"""Checklists for who comes and who goes."""

from __future__ import annotations

import uuid
from typing import Annotated, Literal

from fastapi import Depends, Query
from pydantic import Field
from starlette.responses import Response

from chassis.http import Call, Router, write
from chassis.ids import UUID
from contracts.base import Reference, Text
from services.payroll.api.inputs import Body, MaybeDay, Read, Write, asker
from services.payroll.commands.checklists import EndTask, SetTaskTemplate
from services.payroll.domain.checklists import TaskTemplate
from services.payroll.domain.rights import BY_NAME, OFFICER, SELF, TEAM, WRITE
from services.payroll.handlers import checklists as handlers
from services.payroll.queries import checklists as queries
from services.payroll.queries.viewing import viewer

router = Router(prefix="/v1/companies/{company}", tags=["payroll"])
Does = Annotated[Call, Depends(write(OFFICER, WRITE, SELF, TEAM, by_name=BY_NAME))]
Occasion = Literal["onboarding", "leaving"]


class TaskTemplateBody(Body):
    """A task that everybody who comes or goes makes necessary; the last word on a task counts."""

    occasion: Occasion
    task: Reference
    department: Text
    title: Text
    due_days: Annotated[int, Field(ge=-366, le=3660, description="Days from the first or last day; before it below 0.")]
    requires: Annotated[
        Reference | None,
        Field(description="A course: nobody does the task while the person's certificate is not valid."),
    ] = None
    dropped: bool = False


class TaskOutcomeBody(Body):
    """What became of a task."""

    employee: uuid.UUID
    occasion: Occasion
    task: Reference
    outcome: Literal["done", "waived"] = "done"


@router.get("/checklists/templates")
async def list_task_templates(company: str, reading: Read) -> queries.TemplatesAnswer:
    """What is done for everybody who comes or goes."""
    async with reading.connection(company) as connection:
        return await queries.templates(connection, company)


@router.post("/checklists/templates", status_code=201)
async def set_task_template(company: str, body: TaskTemplateBody, call: Write) -> Response:
    """Set or drop a task of a checklist; people who have it keep it."""
    template = TaskTemplate(body.occasion, body.task, body.department, body.title, body.due_days, body.requires)
    return await call.run(handlers.set_task_templates, SetTaskTemplate(call.cause(company), template, body.dropped))


@router.get("/checklists/tasks")
async def list_tasks(
    company: str,
    reading: Read,
    department: Annotated[str | None, Query(max_length=200)] = None,
    employee: uuid.UUID | None = None,
    state: queries.TaskState | None = None,
    on: Annotated[
        MaybeDay, Query(description="What is late or blocked as of this day; today when it is left out.")
    ] = None,
) -> queries.TasksAnswer:
    """Tasks by their day, and what blocks them: of the people whom one sees, and of one's own department."""
    async with reading.connection(company) as connection:
        who = await viewer(connection, company, reading.caller)
        return await queries.tasks(connection, company, department, employee, state, on, who)


@router.post("/checklists/tasks/outcomes", status_code=201)
async def end_task(company: str, body: TaskOutcomeBody, call: Does) -> Response:
    """Say that a task is done or need not be: whoever works in its department or manages it, or the office."""
    command = EndTask(
        call.cause(company), asker(call, company), UUID(body.employee.hex), body.occasion, body.task, body.outcome
    )
    return await call.run(handlers.end_tasks, command)
