"""Training: seats and results, certificates and when they run out, what a role requires, who bears the cost."""

from __future__ import annotations

import calendar
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import Literal, NamedTuple
from uuid import UUID

REMINDERS = (90, 30, 7)
"""Days before a certificate runs out on which somebody is reminded."""
EXPIRED = 0
Outcome = Literal["passed", "failed", "absent"]


class Course(NamedTuple):
    """What is taught. What it certifies holds for so many months, or for ever."""

    code: str
    name: str
    valid_months: int | None


class Requirement(NamedTuple):
    """A course that a role has to have done: everybody, or those with a job or in a department."""

    course: str
    job_title: str | None
    department: str | None

    def fits(self, job_title: str, departments: Collection[str]) -> bool:
        """Whether it is required of somebody with this job in these departments (their own and those above it)."""
        return (self.job_title is None or self.job_title == job_title) and (
            self.department is None or self.department in departments
        )


class Certificate(NamedTuple):
    """That somebody has done a course."""

    certificate: UUID
    employee: UUID
    course: str
    issued_on: date
    valid_until: date | None


class Seat(NamedTuple):
    """Somebody in a session, with the cost centre that bears their part."""

    employee: UUID
    department: str
    cost_centre: str | None


class Share(NamedTuple):
    """What a department bears of a session."""

    department: str
    cost_centre: str | None
    participants: int
    minor: int


class Session(NamedTuple):
    """A session with its seats."""

    session: UUID
    course: str
    held_on: date
    cost_minor: int
    currency: str
    capacity: int
    taken: int
    closed: bool


class Enrolment(NamedTuple):
    """Somebody is to do a course; `step` is the last thing that happened."""

    enrolment: UUID
    employee: UUID
    course: str
    required: bool
    step: str
    session: UUID | None
    revision: int


def freed(
    seats: Iterable[Enrolment], sessions: Mapping[UUID, Session], left_on: Mapping[UUID, date | None]
) -> list[Enrolment]:
    """The seats of those who have left before the session is held: somebody else may have them."""
    return [
        seat._replace(step="unseated", revision=seat.revision + 1)
        for seat in seats
        if seat.step == "seated"
        and seat.session is not None
        and (session := sessions.get(seat.session)) is not None
        and not session.closed
        and (last := left_on.get(seat.employee)) is not None
        and last < session.held_on
    ]


OPEN_STEPS = ("enrolled", "seated", "unseated", "failed", "absent")
"""After these the course is still to be done."""


def valid_until(issued_on: date, months: int | None) -> date | None:
    """The last day of a certificate: so many months on, the day before the same day; the month's last if it has none.

    31 January plus one month is 27 February in most years: the certificate ends with the day before 28 February.
    """
    if months is None:
        return None
    month = issued_on.month - 1 + months
    year, month = issued_on.year + month // 12, month % 12 + 1
    day = min(issued_on.day, calendar.monthrange(year, month)[1])
    return date(year, month, day) - timedelta(1)


def by_person(certificates: Iterable[Certificate]) -> dict[UUID, list[Certificate]]:
    """Each person's certificates."""
    found: dict[UUID, list[Certificate]] = {}
    for one in certificates:
        found.setdefault(one.employee, []).append(one)
    return found


def held_on(certificates: Iterable[Certificate], day: date) -> dict[tuple[UUID, str], Certificate]:
    """Of those that were issued by a day the one that holds longest: a renewal to come takes nothing from it."""
    return latest(one for one in certificates if one.issued_on <= day)


def latest(certificates: Iterable[Certificate]) -> dict[tuple[UUID, str], Certificate]:
    """Of each person and course the certificate that holds longest: an older one is nobody's concern any more."""
    found: dict[tuple[UUID, str], Certificate] = {}
    for one in sorted(certificates, key=lambda c: (c.valid_until or date.max, c.issued_on)):
        found[one.employee, one.course] = one
    return found


def due_notices(certificate: Certificate, told: Collection[int], today: date) -> list[int]:
    """What has to be told of a certificate now: the nearest reminder that is due, or that it has expired; each once.

    A reminder whose time a nearer one has overtaken is not told any more: nobody wants three letters in a row.
    """
    if certificate.valid_until is None:
        return []
    left = (certificate.valid_until - today).days
    if left < 0:
        return [] if EXPIRED in told else [EXPIRED]
    due = [days for days in REMINDERS if left <= days]
    return [] if not due or min(due) in told else [min(due)]


def shares(total: int, seats: Sequence[Seat]) -> list[Share]:
    """A session's cost over the departments of those who had a seat, to the cent; the rest goes to the first ones."""
    if not seats:
        return []
    each, rest = divmod(total, len(seats))
    parts: dict[tuple[str, str | None], list[int]] = {}
    for place, seat in enumerate(sorted(seats, key=lambda s: str(s.employee))):
        parts.setdefault((seat.department, seat.cost_centre), []).append(each + (1 if place < rest else 0))
    return [
        Share(department, cost_centre, len(minor), sum(minor))
        for (department, cost_centre), minor in sorted(parts.items(), key=lambda part: (part[0][0], part[0][1] or ""))
    ]


def required(requirements: Iterable[Requirement], job_title: str, departments: Collection[str]) -> list[str]:
    """The courses that a role has to have done, each once."""
    return sorted({one.course for one in requirements if one.fits(job_title, departments)})


State = Literal["valid", "expiring", "expired", "missing"]


def state_on(course: str, employee: UUID, certificates: Mapping[tuple[UUID, str], Certificate], day: date) -> State:
    """How somebody stands with a course on a day."""
    held = certificates.get((employee, course))
    if held is None or held.issued_on > day:
        return "missing"
    if held.valid_until is None or (held.valid_until - day).days > REMINDERS[0]:
        return "valid"
    return "expired" if held.valid_until < day else "expiring"


class Lack(NamedTuple):
    """That somebody has no valid certificate of a course: it ran out after its last day, or there is none."""

    course: str
    state: Literal["expired", "missing"]
    valid_until: date | None
    """The last day of the one that held longest; None where there was none."""


def lack(course: str, certificates: Iterable[Certificate], day: date) -> Lack | None:
    """What somebody with these certificates lacks on a day; None when one that was issued by then still holds."""
    held = [one for one in certificates if one.course == course and one.issued_on <= day]
    ends = [one.valid_until for one in held if one.valid_until is not None]
    if len(ends) < len(held) or any(day <= end for end in ends):
        return None
    return Lack(course, "expired", max(ends)) if ends else Lack(course, "missing", None)


def percent(part: int, whole: int) -> str:
    """A share in per cent with one decimal, halves up; nothing required is all done."""
    if whole == 0:
        return "100.0"
    tenths = (part * 2000 + whole) // (2 * whole)
    return f"{tenths // 10}.{tenths % 10}"
