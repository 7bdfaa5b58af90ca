"""Checklists: templates, tasks for those who come and go, and doing them."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from chassis.database import UnitOfWork
from chassis.errors import Refused
from chassis.requests import Answer, Result
from services.payroll.commands.checklists import EndTask, SetTaskTemplate
from services.payroll.domain.checklists import Occasion, TaskTemplate, blocked_by, in_charge, tasks_for
from services.payroll.domain.training import Lack, by_person
from services.payroll.handlers.days import todays
from services.payroll.handlers.viewing import needs_everybody, viewers
from services.payroll.store import checklists as store
from services.payroll.store import staff as staff_store
from services.payroll.store import training as training_store


async def set_task_templates(commands: Sequence[SetTaskTemplate], unit: UnitOfWork) -> Sequence[Result]:
    """What each person makes necessary from now on; tasks that people have stay as they are."""
    await staff_store.lock(unit.raw, unit.companies)
    staff = await staff_store.read(unit.raw, unit.companies, [])
    known = await store.templates(unit.raw, unit.companies)
    courses = await training_store.courses(unit.raw, unit.companies)
    results: list[Result] = []
    added: list[tuple[str, TaskTemplate, bool, int]] = []
    for command in commands:
        company, template = command.cause.company, command.template
        if template.department not in staff[company].departments:
            detail = f"There is no department {template.department}."
            results.append(Refused("department-unknown", detail, "/department"))
            continue
        if template.requires is not None and (company, template.requires) not in courses:
            results.append(Refused("course-unknown", f"There is no course {template.requires}.", "/requires"))
            continue
        place = (company, template.occasion, template.task)
        revision = known[place][2] + 1 if place in known else 1
        known[place] = (template, command.dropped, revision)
        added.append((company, template, command.dropped, revision))
        unit.audit(command.cause, "task-template-set", template.task, {"occasion": template.occasion})
        results.append(Answer(201, {"task": template.task, "occasion": template.occasion, "revision": revision}))
    await store.add_templates(unit.raw, added, unit.now)
    return results


async def make_tasks(people: Sequence[tuple[str, uuid.UUID]], occasion: Occasion, unit: UnitOfWork) -> None:
    """The tasks of the occasion for these people, who come or go."""
    templates = await store.templates(unit.raw, unit.companies)
    rows = [
        (company, task)
        for company, employee in people
        for task in tasks_for(employee, occasion, store.in_use(templates, company))
    ]
    await store.add_tasks(unit.raw, rows, unit.now)


async def end_tasks(commands: Sequence[EndTask], unit: UnitOfWork) -> Sequence[Result]:
    """Tasks are ended by the department whose they are, or by the personnel office, once.

    One that needs a certificate is done by nobody while the person's is expired or missing; it can still be waived.
    """
    await staff_store.lock(unit.raw, unit.companies)
    askers = [command.asker for command in commands]
    staff = await staff_store.read(unit.raw, unit.companies)
    who = await viewers(askers, staff if needs_everybody(askers) else {}, unit)
    people = [command.employee for command in commands]
    tasks = await store.tasks(unit.raw, unit.companies, people)
    certificates = await training_store.certificates(unit.raw, unit.companies, people)
    held = {company: by_person(of) for company, of in certificates.items()}
    today = await todays(unit)
    open_ = {(company, *task[:3]): task for company, of in tasks.items() for task in of}
    results: list[Result] = []
    ended: list[tuple[str, uuid.UUID, str, str, str, str]] = []
    for command, viewer in zip(commands, who, strict=True):
        company = command.cause.company
        place = (company, command.employee, command.occasion, command.task)
        task = open_.get(place)
        if task is None:
            results.append(Refused("task-not-found", "There is no such task.", status=404))
            continue
        of, theirs = staff[company], held[company].get(command.employee, ())
        if not in_charge(viewer, task.department, of, today[company]):
            detail = f"It is a task of {task.department}."
            results.append(Refused("task-of-another-department", detail, status=403))
        elif task.outcome is not None:
            results.append(Refused("task-ended", f"It is {task.outcome} already.", status=409))
        elif command.outcome == "done" and (lacking := blocked_by(task, theirs, today[company])) is not None:
            results.append(blocked(lacking))
        else:
            open_[place] = task._replace(outcome=command.outcome)
            ended.append((*place, command.outcome, command.asker.actor))
            unit.audit(command.cause, f"task-{command.outcome}", str(command.employee), {"task": command.task})
            results.append(Answer(201, {"task": command.task, "outcome": command.outcome}))
    await store.add_outcomes(unit.raw, ended, unit.now)
    return results


def blocked(lacking: Lack) -> Refused:
    """Why a task cannot be done: which certificate is missing, or since when."""
    course, state, until = lacking
    extra = {"blocked_by": {"course": course, "state": state, "valid_until": until}}
    if until is None:
        return Refused("certificate-missing", f"It needs a certificate of {course}.", status=409, extra=extra)
    return Refused("certificate-expired", f"The certificate of {course} ran out on {until}.", status=409, extra=extra)
