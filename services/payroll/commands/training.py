"""What payroll can be asked to do about training."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from chassis.cause import Cause
from chassis.ids import UUID
from services.payroll.commands.people import Asker
from services.payroll.domain.training import Course


@dataclass(frozen=True, slots=True)
class DefineCourse:
    """Something that is taught."""

    cause: Cause
    course: Course


@dataclass(frozen=True, slots=True)
class DefineProgramme:
    """Courses that belong together."""

    cause: Cause
    programme: str
    name: str
    courses: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RequireCourse:
    """A role has to have done a course: those with a job, in a department or below it, or everybody."""

    cause: Cause
    requirement: UUID
    course: str
    job_title: str | None
    department: str | None


@dataclass(frozen=True, slots=True)
class OpenSession:
    """A course is held on a day for so many."""

    cause: Cause
    session: UUID
    course: str
    held_on: date
    place: str | None
    capacity: int
    cost_minor: int


@dataclass(frozen=True, slots=True)
class Enrol:
    """Somebody is to do a course, or all of a programme."""

    cause: Cause
    asker: Asker
    employee: UUID
    course: str | None
    programme: str | None


@dataclass(frozen=True, slots=True)
class TakeSeat:
    """Somebody has a seat in a session, or gives it back."""

    cause: Cause
    asker: Asker
    session: UUID
    employee: UUID
    gives_back: bool


@dataclass(frozen=True, slots=True)
class RecordResults:
    """A session is over: what became of each of its seats."""

    cause: Cause
    session: UUID
    results: tuple[tuple[UUID, str], ...]
    """Employee, and `passed`, `failed` or `absent`."""


@dataclass(frozen=True, slots=True)
class RecordCertificate:
    """Somebody brings a certificate from elsewhere."""

    cause: Cause
    employee: UUID
    course: str
    issued_on: date
    valid_until: date | None
