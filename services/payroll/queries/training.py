"""Questions about training: sessions and free seats, what somebody has to do and has done, who complies."""

from __future__ import annotations

from datetime import date
from uuid import UUID
from zoneinfo import ZoneInfo

import asyncpg
from pydantic import BaseModel

from services.payroll.domain import training as rules
from services.payroll.domain.rights import Viewer
from services.payroll.domain.training import State
from services.payroll.queries.days import today
from services.payroll.queries.people import seen_by
from services.payroll.store import staff as staff_store
from services.payroll.store import training as store


class SessionLine(BaseModel):
    """A session and its seats."""

    session: UUID
    course: str
    held_on: date
    capacity: int
    free: int
    over: bool


class SessionsAnswer(BaseModel):
    """Sessions, the earliest first."""

    sessions: list[SessionLine]


class EnrolmentLine(BaseModel):
    """Somebody is to do a course, or has."""

    course: str
    required: bool
    state: str
    session: UUID | None


class CertificateLine(BaseModel):
    """A certificate; without a last day it holds for ever."""

    certificate: UUID
    course: str
    issued_on: date
    valid_until: date | None
    state: State


class TrainingAnswer(BaseModel):
    """Somebody's training as of a day."""

    on: date
    enrolments: list[EnrolmentLine]
    certificates: list[CertificateLine]


class NoticeLine(BaseModel):
    """What was told of somebody's certificate: that it runs out in so many days, or 0 that it has expired."""

    employee: UUID
    name: str
    certificate: UUID
    course: str
    valid_until: date
    days: int
    told_on: date


class NoticesAnswer(BaseModel):
    """Notices of certificates that nobody has renewed yet, the newest first."""

    notices: list[NoticeLine]


class MatrixLine(BaseModel):
    """How one person of the department stands with one course that their role requires."""

    employee: UUID
    name: str
    course: str
    state: State
    valid_until: date | None


class DepartmentCompliance(BaseModel):
    """A department's share of required courses that are done, in per cent; of those below it not counted here."""

    department: str
    required: int
    done: int
    percent: str


class MatrixAnswer(BaseModel):
    """Role by course, per department, as of a day."""

    on: date
    departments: list[DepartmentCompliance]
    lines: list[MatrixLine]


async def sessions(connection: asyncpg.Connection, company: str, course: str | None) -> SessionsAnswer:
    """The sessions of a company, or of one course."""
    found = (await store.sessions(connection, [company]))[company]
    return SessionsAnswer(
        sessions=[
            SessionLine(
                session=one.session, course=one.course, held_on=one.held_on, capacity=one.capacity,
                free=one.capacity - one.taken, over=one.closed,
            )
            for one in found if course in (None, one.course)
        ]
    )  # fmt: skip


async def of_employee(
    connection: asyncpg.Connection, company: str, viewer: Viewer, employee: UUID, on: date | None
) -> TrainingAnswer | None:
    """What somebody is to do and has done; None when they are not there to be seen."""
    known = await connection.fetchval(
        "select true from employee where company = $1 and employee = $2", company, employee
    )
    if known is None or not viewer.sees(employee):
        return None
    day = on or await today(connection, company)
    enrolled = (await store.enrolments(connection, [company], [employee]))[company]
    held = (await store.certificates(connection, [company], [employee]))[company]
    return TrainingAnswer(
        on=day,
        enrolments=[
            EnrolmentLine(course=e.course, required=e.required, state=e.step, session=e.session) for e in enrolled
        ],
        certificates=[
            CertificateLine(
                certificate=c.certificate, course=c.course, issued_on=c.issued_on, valid_until=c.valid_until,
                state=rules.state_on(c.course, employee, {(employee, c.course): c}, day),
            )
            for c in held
        ],
    )  # fmt: skip


async def notices(connection: asyncpg.Connection, company: str, viewer: Viewer, limit: int) -> NoticesAnswer:
    """What was told of one's own certificates and of one's people's."""
    rows = await store.told(connection, company, seen_by(viewer), limit)
    day = await today(connection, company)
    staff = (await staff_store.read(connection, [company], [row["employee"] for row in rows]))[company]
    zone = ZoneInfo((await staff_store.time_zones(connection, [company])).get(company, "UTC"))
    organisation = staff.organisation(day)
    return NoticesAnswer(
        notices=[
            NoticeLine(
                employee=row["employee"],
                name=staff.position(row["employee"], day, organisation).name,
                certificate=row["certificate"],
                course=row["course"],
                valid_until=row["valid_until"],
                days=row["days"],
                told_on=row["at"].astimezone(zone).date(),
            )
            for row in rows
        ]
    )


async def matrix(
    connection: asyncpg.Connection, company: str, viewer: Viewer, department: str | None, on: date | None
) -> MatrixAnswer:
    """Who of a department, or of all of them, has done what their role requires."""
    day = on or await today(connection, company)
    staff = (await staff_store.read(connection, [company]))[company]
    requirements = (await store.requirements(connection, [company]))[company]
    held = rules.held_on((await store.certificates(connection, [company]))[company], day)
    organisation = staff.organisation(day)
    inside = set(organisation.departments) if department is None else organisation.below(department)
    lines: list[MatrixLine] = []
    counts: dict[str, list[int]] = {}
    for employee in staff.employments:
        if not staff.employed(employee, day):
            continue
        position = staff.position(employee, day, organisation)
        if position.department not in inside or not (viewer.sees(employee) or viewer.sees_totals()):
            continue
        above = {position.department, *(d.code for d in organisation.upwards(position.department))}
        for course in rules.required(requirements, position.job_title, above):
            state = rules.state_on(course, employee, held, day)
            count = counts.setdefault(position.department, [0, 0])
            count[0] += 1
            count[1] += state in ("valid", "expiring")
            if viewer.sees(employee):
                certificate = held.get((employee, course))
                until = None if certificate is None else certificate.valid_until
                lines.append(
                    MatrixLine(employee=employee, name=position.name, course=course, state=state, valid_until=until)
                )
    return MatrixAnswer(
        on=day,
        departments=[
            DepartmentCompliance(department=code, required=all_, done=done, percent=rules.percent(done, all_))
            for code, (all_, done) in sorted(counts.items())
        ],
        lines=sorted(lines, key=lambda line: (line.name, line.course)),
    )
