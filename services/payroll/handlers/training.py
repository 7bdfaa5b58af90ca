"""Training: courses and what roles require, sessions with seats, results, certificates and what is told of them."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from chassis.cause import Cause
from chassis.database import UnitOfWork
from chassis.errors import Refused
from chassis.ids import UUID, derive
from chassis.requests import Answer, Result
from services.payroll.commands.training import (
    DefineCourse,
    DefineProgramme,
    OpenSession,
    RecordCertificate,
    RequireCourse,
)
from services.payroll.domain import training as rules
from services.payroll.domain.employment import Staff
from services.payroll.domain.training import OPEN_STEPS, Certificate
from services.payroll.handlers.days import DAILY, todays
from services.payroll.store import staff as staff_store
from services.payroll.store import training as store
from services.payroll.translate import no_such_employee
from services.payroll.translate import training as translate


async def define_courses(commands: Sequence[DefineCourse], unit: UnitOfWork) -> Sequence[Result]:
    """Courses. A code is given once."""
    await staff_store.lock(unit.raw, unit.companies)
    known = await store.courses(unit.raw, unit.companies)
    results: list[Result] = []
    added: list[Sequence[object]] = []
    for command in commands:
        place = (command.cause.company, command.course.code)
        if place in known:
            results.append(Refused("course-exists", f"There is a course {place[1]}.", "/course", 409))
            continue
        known[place] = command.course
        added.append((place[0], *command.course))
        unit.audit(command.cause, "course-defined", command.course.code)
        results.append(Answer(201, {"course": command.course.code}))
    await store.add(unit.raw, store.ADD_COURSES, added, unit.now)
    return results


async def define_programmes(commands: Sequence[DefineProgramme], unit: UnitOfWork) -> Sequence[Result]:
    """Courses that belong together."""
    await staff_store.lock(unit.raw, unit.companies)
    courses = await store.courses(unit.raw, unit.companies)
    known = await store.programmes(unit.raw, unit.companies)
    results: list[Result] = []
    added: list[Sequence[object]] = []
    for command in commands:
        company = command.cause.company
        unknown = [code for code in command.courses if (company, code) not in courses]
        if (company, command.programme) in known:
            detail = f"There is a programme {command.programme}."
            results.append(Refused("programme-exists", detail, "/programme", 409))
            continue
        if unknown:
            pointer = f"/courses/{command.courses.index(unknown[0])}"
            results.append(Refused("course-unknown", f"There is no course {unknown[0]}.", pointer))
            continue
        known[company, command.programme] = list(command.courses)
        added.append((company, command.programme, command.name, "\x1f".join(command.courses)))
        unit.audit(command.cause, "programme-defined", command.programme)
        results.append(Answer(201, {"programme": command.programme}))
    await store.add(unit.raw, store.ADD_PROGRAMMES, added, unit.now)
    return results


async def require_courses(commands: Sequence[RequireCourse], unit: UnitOfWork) -> Sequence[Result]:
    """What roles have to have done; whoever has such a role and no certificate is enrolled at once."""
    await staff_store.lock(unit.raw, unit.companies)
    courses = await store.courses(unit.raw, unit.companies)
    staff = await staff_store.read(unit.raw, unit.companies)
    results: list[Result] = []
    added: list[Sequence[object]] = []
    for command in commands:
        company = command.cause.company
        if (company, command.course) not in courses:
            results.append(Refused("course-unknown", f"There is no course {command.course}.", "/course"))
            continue
        if command.department is not None and command.department not in staff[company].departments:
            detail = f"There is no department {command.department}."
            results.append(Refused("department-unknown", detail, "/department"))
            continue
        added.append((company, command.requirement, command.course, command.job_title, command.department))
        unit.audit(command.cause, "course-required", command.course)
        results.append(Answer(201, {"requirement": command.requirement}))
    await store.add(unit.raw, store.ADD_REQUIREMENTS, added, unit.now)
    if added:
        today = await todays(unit)
        causes = {command.cause.company: command.cause for command in commands}
        people = [
            (causes[company], UUID(employee.hex), today[company])
            for company, of in staff.items()
            for employee in of.employments
            if company in causes and of.left_on(employee) is None
        ]
        await enrol_required(people, unit, staff)
    return results


async def enrol_required(
    people: Iterable[tuple[Cause, UUID, date]], unit: UnitOfWork, staff: Mapping[str, Staff] | None = None
) -> None:
    """Enrol people in what their role of a day requires, unless they have done it or are to do it already."""
    requirements = await store.requirements(unit.raw, unit.companies)
    whom = [(cause, employee, day) for cause, employee, day in people if requirements[cause.company]]
    if not whom:
        return
    ids = [employee for _, employee, _ in whom]
    known = staff or await staff_store.read(unit.raw, unit.companies, ids)
    enrolled = await store.enrolments(unit.raw, unit.companies, ids)
    held = await store.certificates(unit.raw, unit.companies, ids)
    doing = {(c, e.employee, e.course) for c, of in enrolled.items() for e in of if e.step in OPEN_STEPS}
    added: list[Sequence[object]] = []
    days = {(cause.company, day) for cause, _, day in whom}
    trees = {(company, day): known[company].organisation(day) for company, day in days}
    valid = {(company, day): rules.held_on(held[company], day) for company, day in days}
    for cause, employee, day in whom:
        of, organisation = known[cause.company], trees[cause.company, day]
        position = of.position(employee, day, organisation)
        departments = {position.department, *(d.code for d in organisation.upwards(position.department))}
        for course in rules.required(requirements[cause.company], position.job_title, departments):
            state = rules.state_on(course, employee, valid[cause.company, day], day)
            if (cause.company, employee, course) in doing or state in ("valid", "expiring"):
                continue
            doing.add((cause.company, employee, course))
            enrolment = derive("enrolment", cause.company, employee, course, cause.id)
            added.append((cause.company, enrolment, employee, course, True))
            unit.audit(cause, "training-required", str(employee), {"course": course})
    await store.add(unit.raw, store.ADD_ENROLMENTS, added, unit.now)


async def open_sessions(commands: Sequence[OpenSession], unit: UnitOfWork) -> Sequence[Result]:
    """Courses are held, each for so many people."""
    await staff_store.lock(unit.raw, unit.companies)
    courses = await store.courses(unit.raw, unit.companies)
    currencies = await staff_store.currencies(unit.raw, unit.companies)
    results: list[Result] = []
    added: list[Sequence[object]] = []
    for command in commands:
        company = command.cause.company
        if (company, command.course) not in courses:
            results.append(Refused("course-unknown", f"There is no course {command.course}.", "/course"))
            continue
        added.append((
            company, command.session, command.course, command.held_on, command.place, command.cost_minor,
            currencies.get(company, "EUR"), command.capacity,
        ))  # fmt: skip
        unit.audit(command.cause, "training-session-opened", str(command.session))
        results.append(Answer(201, {"session": command.session}))
    await store.add(unit.raw, store.ADD_SESSIONS, added, unit.now)
    return results


async def record_certificates(commands: Sequence[RecordCertificate], unit: UnitOfWork) -> Sequence[Result]:
    """Certificates from elsewhere; without a last day they hold as long as the course's own.

    One that runs out soon is told of today and not after midnight.
    """
    await staff_store.lock(unit.raw, unit.companies)
    courses = await store.courses(unit.raw, unit.companies)
    staff = await staff_store.read(unit.raw, unit.companies, [command.employee for command in commands])
    results: list[Result] = []
    added: list[Sequence[object]] = []
    for command in commands:
        company = command.cause.company
        course = courses.get((company, command.course))
        if command.employee not in staff[company].employments:
            results.append(no_such_employee())
        elif course is None:
            results.append(Refused("course-unknown", f"There is no course {command.course}.", "/course"))
        elif command.valid_until is not None and command.valid_until < command.issued_on:
            detail = f"It was issued on {command.issued_on}."
            results.append(Refused("certificate-ends-before-start", detail, "/valid_until"))
        else:
            until = command.valid_until or rules.valid_until(command.issued_on, course.valid_months)
            certificate = derive("certificate", command.cause.id, command.employee, command.course)
            added.append((company, certificate, command.employee, command.course, command.issued_on, until))
            unit.audit(command.cause, "certificate-recorded", str(command.employee), {"course": command.course})
            results.append(Answer(201, {"certificate": certificate, "valid_until": until}))
            if until is not None:
                unit.enqueue(DAILY, company, {}, key=DAILY)
    await store.add(unit.raw, store.ADD_CERTIFICATES, added, unit.now)
    return results


async def tell_of_certificates(causes: Sequence[Cause], staff: Mapping[str, Staff], unit: UnitOfWork) -> None:
    """Remind of certificates that run out in 90, 30 and 7 days, and tell which have expired; each once. What was issued
    by today counts: one that begins later silences nothing.

    Who lost one that their role requires is enrolled again.
    """
    today = await todays(unit)
    held = await store.certificates(unit.raw, unit.companies)
    latest = {company: rules.held_on(of, today[company]) for company, of in held.items()}
    ids = [one.certificate for of in latest.values() for one in of.values() if one.valid_until is not None]
    told = await store.notices(unit.raw, unit.companies, ids)
    added: list[Sequence[object]] = []
    again: list[tuple[Cause, UUID, date]] = []
    for cause in causes:
        company, day = cause.company, today[cause.company]
        of, tree = staff[company], staff[company].organisation(day)
        for one in sorted(latest[company].values(), key=lambda c: str(c.certificate)):
            if not of.employed(one.employee, day):
                continue
            for days in rules.due_notices(one, told.get((company, one.certificate), ()), day):
                _tell(one, days, of.position(one.employee, day, tree).manager, cause, unit)
                added.append((company, one.certificate, days))
                if days == rules.EXPIRED:
                    again.append((cause, UUID(one.employee.hex), day))
    await store.add(unit.raw, store.ADD_NOTICES, added, unit.now)
    await enrol_required(again, unit, staff)


def _tell(one: Certificate, days: int, manager: uuid.UUID | None, cause: Cause, unit: UnitOfWork) -> None:
    why = cause._replace(id=derive("certificate notice", one.certificate, days))
    if days == rules.EXPIRED:
        unit.emit(*translate.certificate_expired(one, manager), why)
    else:
        unit.emit(*translate.certificate_expiring(one, manager, days), why)
    unit.audit(cause, "certificate-told", str(one.employee), {"course": one.course, "days": days})
