"""Training: courses, programmes, requirements, sessions with seats, results, certificates, who complies."""

from __future__ import annotations

import uuid
from typing import Annotated, Literal

from fastapi import Depends, Query
from pydantic import Field
from starlette.responses import Response

from chassis.errors import Fault, Problem
from chassis.http import Call, Reading, Router, read, write
from chassis.ids import UUID, derive
from contracts.base import Name, Reference, Text
from services.payroll.api.inputs import Body, Day, MaybeDay, Read, Write, asker
from services.payroll.commands.training import (
    DefineCourse,
    DefineProgramme,
    Enrol,
    OpenSession,
    RecordCertificate,
    RecordResults,
    RequireCourse,
    TakeSeat,
)
from services.payroll.domain.rights import BY_NAME, DIRECTOR, OFFICER, READS_PEOPLE, SELF, TEAM, WRITE
from services.payroll.domain.training import Course
from services.payroll.handlers import seats as seat_handlers
from services.payroll.handlers import training as handlers
from services.payroll.queries import training as queries
from services.payroll.queries.viewing import viewer

router = Router(prefix="/v1/companies/{company}", tags=["payroll"])
Enrols = Annotated[Call, Depends(write(OFFICER, WRITE, TEAM, SELF, by_name=BY_NAME))]
ReadTotals = Annotated[Reading, Depends(read(*READS_PEOPLE, DIRECTOR, by_name=BY_NAME))]


class CourseBody(Body):
    """Something that is taught; what it certifies holds for so many months, or for ever."""

    course: Reference
    name: Name
    valid_months: Annotated[int | None, Field(ge=1, le=600)] = None


class ProgrammeBody(Body):
    """Courses that belong together."""

    programme: Reference
    name: Name
    courses: Annotated[list[Reference], Field(min_length=1, max_length=50)]


class RequirementBody(Body):
    """Who has to have done a course: those with a job, in a department or below it; without either everybody."""

    course: Reference
    job_title: Text | None = None
    department: Text | None = None


class SessionBody(Body):
    """A course held on a day; its cost is shared by the departments of those who have a seat."""

    course: Reference
    held_on: Day
    capacity: Annotated[int, Field(ge=1, le=100_000)]
    cost_minor: Annotated[int, Field(ge=0, le=10**12, description="In the company's currency, as cents.")] = 0
    place: Text | None = None


class EnrolmentBody(Body):
    """A course, or a programme."""

    course: Reference | None = None
    programme: Reference | None = None


class SeatBody(Body):
    """Whose seat; `gives_back` frees it."""

    employee: uuid.UUID
    gives_back: bool = False


class ResultBody(Body):
    """What became of a seat."""

    employee: uuid.UUID
    result: Literal["passed", "failed", "absent"]


class ResultsBody(Body):
    """What became of every seat of a session."""

    results: Annotated[list[ResultBody], Field(max_length=10_000)]


class CertificateBody(Body):
    """A certificate from elsewhere."""

    course: Reference
    issued_on: Day
    valid_until: MaybeDay = None


@router.post("/training/courses", status_code=201)
async def define_course(company: str, body: CourseBody, call: Write) -> Response:
    """Define a course."""
    command = DefineCourse(call.cause(company), Course(body.course, body.name, body.valid_months))
    return await call.run(handlers.define_courses, command)


@router.post("/training/programmes", status_code=201)
async def define_programme(company: str, body: ProgrammeBody, call: Write) -> Response:
    """Define which courses belong together."""
    command = DefineProgramme(call.cause(company), body.programme, body.name, tuple(dict.fromkeys(body.courses)))
    return await call.run(handlers.define_programmes, command)


@router.post("/training/requirements", status_code=201)
async def require_course(company: str, body: RequirementBody, call: Write) -> Response:
    """Require a course of a role; whoever has it is enrolled now, and others when they get it."""
    cause = call.cause(company)
    requirement = derive("course requirement", cause.id)
    command = RequireCourse(cause, requirement, body.course, body.job_title, body.department)
    return await call.run(handlers.require_courses, command)


@router.post("/training/sessions", status_code=201)
async def open_session(company: str, body: SessionBody, call: Write) -> Response:
    """Hold a course on a day for so many people."""
    cause = call.cause(company)
    command = OpenSession(
        cause, derive("training session", cause.id), body.course, body.held_on, body.place, body.capacity,
        body.cost_minor,
    )  # fmt: skip
    return await call.run(handlers.open_sessions, command)


@router.get("/training/sessions")
async def list_sessions(
    company: str, reading: Read, course: Annotated[str | None, Query(max_length=64)] = None
) -> queries.SessionsAnswer:
    """Sessions with their free seats."""
    async with reading.connection(company) as connection:
        return await queries.sessions(connection, company, course)


@router.post("/employees/{employee}/enrolments", status_code=201)
async def enrol(company: str, employee: uuid.UUID, body: EnrolmentBody, call: Enrols) -> Response:
    """Let somebody do a course or a programme."""
    if (body.course is None) == (body.programme is None):
        detail = "Name a course or a programme."
        raise Problem(422, "course-or-programme", detail, [Fault("/course", "course-or-programme", detail)])
    who = asker(call, company)
    command = Enrol(call.cause(company), who, UUID(employee.hex), body.course, body.programme)
    return await call.run(seat_handlers.enrol, command)


@router.post("/training/sessions/{session}/seats", status_code=201)
async def take_seat(company: str, session: uuid.UUID, body: SeatBody, call: Enrols) -> Response:
    """Take a seat, or give it back: for oneself, one's own people, or from the office for anybody."""
    who = asker(call, company)
    command = TakeSeat(call.cause(company), who, UUID(session.hex), UUID(body.employee.hex), body.gives_back)
    return await call.run(seat_handlers.take_seats, command)


@router.post("/training/sessions/{session}/results", status_code=201)
async def record_results(company: str, session: uuid.UUID, body: ResultsBody, call: Write) -> Response:
    """Say what became of every seat: certificates are issued, and the cost goes to the departments."""
    results = tuple((UUID(one.employee.hex), str(one.result)) for one in body.results)
    return await call.run(seat_handlers.record_results, RecordResults(call.cause(company), UUID(session.hex), results))


@router.post("/employees/{employee}/certificates", status_code=201)
async def record_certificate(company: str, employee: uuid.UUID, body: CertificateBody, call: Write) -> Response:
    """Keep a certificate that somebody brings from elsewhere."""
    command = RecordCertificate(call.cause(company), UUID(employee.hex), body.course, body.issued_on, body.valid_until)
    return await call.run(handlers.record_certificates, command)


@router.get("/employees/{employee}/training")
async def show_training(
    company: str,
    employee: uuid.UUID,
    reading: Read,
    on: Annotated[MaybeDay, Query(description="As of this day; today when it is left out.")] = None,
) -> queries.TrainingAnswer:
    """What somebody is to do, and their certificates."""
    async with reading.connection(company) as connection:
        who = await viewer(connection, company, reading.caller)
        found = await queries.of_employee(connection, company, who, employee, on)
    if found is None:
        raise Problem(404, "employee-not-found", "There is no such employee.")
    return found


@router.get("/training/notices")
async def list_notices(
    company: str, reading: Read, limit: Annotated[int, Query(ge=1, le=500)] = 200
) -> queries.NoticesAnswer:
    """What was told of certificates that run out or have expired: one's own, and of one's people."""
    async with reading.connection(company) as connection:
        who = await viewer(connection, company, reading.caller)
        return await queries.notices(connection, company, who, limit)


@router.get("/training/matrix")
async def show_matrix(
    company: str,
    reading: ReadTotals,
    department: Annotated[str | None, Query(max_length=200, description="It and those below it.")] = None,
    on: Annotated[MaybeDay, Query(description="As of this day; today when it is left out.")] = None,
) -> queries.MatrixAnswer:
    """Who has done what their role requires; a director sees the shares and nobody's name."""
    async with reading.connection(company) as connection:
        who = await viewer(connection, company, reading.caller)
        return await queries.matrix(connection, company, who, department, on)
