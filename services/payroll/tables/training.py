"""Training and certificates."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import ForeignKeyConstraint
from sqlmodel import Field

from services.payroll.tables.base import Row, count, moment, text, texts


class CourseTaught(Row, table=True):
    """Something that is taught. Facts."""

    __tablename__ = "course"
    company: str = Field(sa_column=text(key=True))
    course: str = Field(sa_column=text(key=True))
    name: str = Field(sa_column=text())
    valid_months: int | None = Field(sa_column=count(nullable=True))
    recorded_at: datetime = Field(sa_column=moment())


class Programme(Row, table=True):
    """Courses that belong together. Facts."""

    __tablename__ = "programme"
    company: str = Field(sa_column=text(key=True))
    programme: str = Field(sa_column=text(key=True))
    name: str = Field(sa_column=text())
    courses: list[str] = Field(sa_column=texts())
    recorded_at: datetime = Field(sa_column=moment())


class CourseRequirement(Row, table=True):
    """A course that a role has to have done. Facts."""

    __tablename__ = "course_requirement"
    __table_args__ = (
        ForeignKeyConstraint(["company", "course"], ["course.company", "course.course"]),
        ForeignKeyConstraint(["company", "department"], ["department.company", "department.department"]),
    )
    company: str = Field(sa_column=text(key=True))
    requirement: UUID = Field(primary_key=True)
    course: str = Field(sa_column=text())
    job_title: str | None = Field(sa_column=text(nullable=True))
    department: str | None = Field(sa_column=text(nullable=True))
    recorded_at: datetime = Field(sa_column=moment())


class TrainingSession(Row, table=True):
    """A course held on a day. Facts."""

    __tablename__ = "training_session"
    __table_args__ = (ForeignKeyConstraint(["company", "course"], ["course.company", "course.course"]),)
    company: str = Field(sa_column=text(key=True))
    session: UUID = Field(primary_key=True)
    course: str = Field(sa_column=text())
    held_on: date
    place: str | None = Field(sa_column=text(nullable=True))
    cost_minor: int = Field(sa_column=count())
    currency: str = Field(sa_column=text())
    recorded_at: datetime = Field(sa_column=moment())


class TrainingSeats(Row, table=True):
    """How many seats of a session are taken: never more than there are."""

    __tablename__ = "training_seats"
    __table_args__ = (
        ForeignKeyConstraint(["company", "session"], ["training_session.company", "training_session.session"]),
    )
    company: str = Field(sa_column=text(key=True))
    session: UUID = Field(primary_key=True)
    capacity: int = Field(sa_column=count())
    taken: int = Field(sa_column=count())
    closed: bool


class EnrolmentMade(Row, table=True):
    """Somebody is to do a course. Facts."""

    __tablename__ = "enrolment"
    __table_args__ = (
        ForeignKeyConstraint(["company", "employee"], ["employee.company", "employee.employee"]),
        ForeignKeyConstraint(["company", "course"], ["course.company", "course.course"]),
    )
    company: str = Field(sa_column=text(key=True))
    enrolment: UUID = Field(primary_key=True)
    employee: UUID
    course: str = Field(sa_column=text())
    required: bool
    recorded_at: datetime = Field(sa_column=moment())


class EnrolmentStep(Row, table=True):
    """What happened to an enrolment; the latest revision counts. Facts."""

    __tablename__ = "enrolment_step"
    __table_args__ = (
        ForeignKeyConstraint(["company", "enrolment"], ["enrolment.company", "enrolment.enrolment"]),
        ForeignKeyConstraint(["company", "session"], ["training_session.company", "training_session.session"]),
    )
    company: str = Field(sa_column=text(key=True))
    enrolment: UUID = Field(primary_key=True)
    revision: int = Field(sa_column=count(key=True))
    step: str = Field(sa_column=text())
    session: UUID | None
    by_actor: str = Field(sa_column=text())
    recorded_at: datetime = Field(sa_column=moment())


class CertificateHeld(Row, table=True):
    """That somebody has done a course. Facts."""

    __tablename__ = "certificate"
    __table_args__ = (
        ForeignKeyConstraint(["company", "employee"], ["employee.company", "employee.employee"]),
        ForeignKeyConstraint(["company", "course"], ["course.company", "course.course"]),
    )
    company: str = Field(sa_column=text(key=True))
    certificate: UUID = Field(primary_key=True)
    employee: UUID
    course: str = Field(sa_column=text())
    issued_on: date
    valid_until: date | None
    recorded_at: datetime = Field(sa_column=moment())


class CertificateNotice(Row, table=True):
    """What was told of a certificate: a reminder, or 0 that it has expired. Facts."""

    __tablename__ = "certificate_notice"
    __table_args__ = (
        ForeignKeyConstraint(["company", "certificate"], ["certificate.company", "certificate.certificate"]),
    )
    company: str = Field(sa_column=text(key=True))
    certificate: UUID = Field(primary_key=True)
    days: int = Field(sa_column=count(key=True))
    at: datetime = Field(sa_column=moment())
