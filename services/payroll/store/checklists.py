"""Checklists: templates, tasks of people, and what became of them."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from datetime import datetime

import asyncpg

from services.payroll.domain.checklists import Task, TaskTemplate

TEMPLATES = """
select distinct on (company, occasion, task) company, occasion, task, department, title, due_days, requires, dropped,
    revision
from checklist_template where company = any($1::text[]) order by company, occasion, task, revision desc
"""
TASKS = """
select t.company, t.employee, t.occasion, t.task, t.department, t.title, t.due_days, t.requires, o.outcome
from checklist_task t left join checklist_outcome o on o.company = t.company and o.employee = t.employee
    and o.occasion = t.occasion and o.task = t.task
where t.company = any($1::text[]) and ($2::uuid[] is null or t.employee = any($2::uuid[]))
order by t.company, t.employee, t.occasion, t.due_days, t.task
"""
ADD_TEMPLATES = """
insert into checklist_template (company, occasion, task, department, title, due_days, requires, dropped, revision,
    recorded_at)
select x.*, $10 from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::bigint[], $7::text[],
    $8::boolean[], $9::bigint[])
    as x(company, occasion, task, department, title, due_days, requires, dropped, revision)
"""
ADD_TASKS = """
insert into checklist_task (company, employee, occasion, task, department, title, due_days, requires, recorded_at)
select x.*, $9 from unnest($1::text[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[], $7::bigint[],
    $8::text[]) as x(company, employee, occasion, task, department, title, due_days, requires)
order by x.company, x.employee, x.occasion, x.task on conflict do nothing
"""
ADD_OUTCOMES = """
insert into checklist_outcome (company, employee, occasion, task, outcome, by_actor, recorded_at)
select x.*, $7 from unnest($1::text[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[])
    as x(company, employee, occasion, task, outcome, by_actor)
"""

Templates = dict[tuple[str, str, str], tuple[TaskTemplate, bool, int]]
"""By company, occasion and task: the template, whether it was dropped, its revision."""


async def templates(connection: asyncpg.Connection, companies: Collection[str]) -> Templates:
    """The latest word on every task of companies."""
    found: Templates = {}
    for company, *template, dropped, revision in await connection.fetch(TEMPLATES, list(companies)):
        one = TaskTemplate(*template)
        found[company, one.occasion, one.task] = (one, dropped, revision)
    return found


def in_use(found: Templates, company: str) -> list[TaskTemplate]:
    """A company's templates that were not dropped."""
    return [template for (of, _, _), (template, dropped, _) in found.items() if of == company and not dropped]


async def tasks(
    connection: asyncpg.Connection, companies: Collection[str], people: Collection[uuid.UUID] | None = None
) -> dict[str, list[Task]]:
    """The tasks of some people of companies, or of all."""
    found: dict[str, list[Task]] = {company: [] for company in companies}
    whom = None if people is None else list(people)
    for company, *task in await connection.fetch(TASKS, list(companies), whom):
        found[company].append(Task(*task))
    return found


async def add_templates(
    connection: asyncpg.Connection, rows: Sequence[tuple[str, TaskTemplate, bool, int]], now: datetime
) -> None:
    """Write templates of companies: whether dropped, which revision."""
    if rows:
        columns = [(company, *template, dropped, revision) for company, template, dropped, revision in rows]
        await connection.execute(ADD_TEMPLATES, *map(list, zip(*columns, strict=True)), now)


async def add_tasks(connection: asyncpg.Connection, rows: Sequence[tuple[str, Task]], now: datetime) -> None:
    """Write tasks of people; what somebody has already stays."""
    if rows:
        columns = [(company, *task[:-1]) for company, task in rows]
        await connection.execute(ADD_TASKS, *map(list, zip(*columns, strict=True)), now)


async def add_outcomes(
    connection: asyncpg.Connection, rows: Sequence[tuple[str, uuid.UUID, str, str, str, str]], now: datetime
) -> None:
    """Write what became of tasks: company, employee, occasion, task, outcome, by whom."""
    if rows:
        await connection.execute(ADD_OUTCOMES, *map(list, zip(*rows, strict=True)), now)
