"""Training: courses, programmes, requirements, sessions with seats, enrolments with their steps, certificates."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from datetime import date, datetime

import asyncpg

from services.payroll.domain.training import Certificate, Course, Enrolment, Requirement, Session

COURSES = "select company, course, name, valid_months from course where company = any($1::text[])"
PROGRAMMES = "select company, programme, courses from programme where company = any($1::text[])"
REQUIREMENTS = "select company, course, job_title, department from course_requirement where company = any($1::text[])"
LOCK_SESSIONS = """
select s.company, s.session, t.course, t.held_on, t.cost_minor, t.currency, s.capacity, s.taken, s.closed
from training_seats s join training_session t on t.company = s.company and t.session = s.session
where s.company = any($1::text[]) and s.session = any($2::uuid[]) order by s.company, s.session for update of s
"""
SESSIONS = """
select s.company, s.session, t.course, t.held_on, t.cost_minor, t.currency, s.capacity, s.taken, s.closed
from training_seats s join training_session t on t.company = s.company and t.session = s.session
where s.company = any($1::text[]) order by s.company, t.held_on, s.session
"""
ENROLMENTS = """
select e.company, e.enrolment, e.employee, e.course, e.required, coalesce(l.step, 'enrolled') as step, l.session,
    coalesce(l.revision, 0) as revision
from enrolment e left join lateral (select step, session, revision from enrolment_step l
    where l.company = e.company and l.enrolment = e.enrolment order by revision desc limit 1) l on true
where e.company = any($1::text[]) and ($2::uuid[] is null or e.employee = any($2::uuid[]))
    and ($3::uuid[] is null or l.session = any($3::uuid[]))
order by e.company, e.employee, e.recorded_at, e.enrolment
"""
CERTIFICATES = """
select company, certificate, employee, course, issued_on, valid_until from certificate
where company = any($1::text[]) and ($2::uuid[] is null or employee = any($2::uuid[]))
    and ($3::date is null or valid_until <= $3) order by company, employee, course, issued_on
"""
NOTICES = """
select n.company, n.certificate, n.days from certificate_notice n
where n.company = any($1::text[]) and n.certificate = any($2::uuid[])
"""
# Of the certificate that holds longest: what was told of an older one is nobody's concern any more.
TOLD = """
select n.days, n.at, c.certificate, c.employee, c.course, c.valid_until from certificate_notice n
join certificate c on c.company = n.company and c.certificate = n.certificate
where n.company = $1 and ($2::uuid[] is null or c.employee = any($2))
    and not exists (select from certificate l where l.company = c.company and l.employee = c.employee
        and l.course = c.course and (l.valid_until is null or l.valid_until > c.valid_until))
order by n.at desc, c.employee, c.course, n.days limit $3
"""
SET_SEATS = """
update training_seats s set taken = x.taken, closed = x.closed
from unnest($1::text[], $2::uuid[], $3::bigint[], $4::boolean[]) as x(company, session, taken, closed)
where s.company = x.company and s.session = x.session
"""
ADD_COURSES = """
insert into course (company, course, name, valid_months, recorded_at)
select x.*, $5 from unnest($1::text[], $2::text[], $3::text[], $4::bigint[]) as x(company, course, name, valid_months)
"""
ADD_PROGRAMMES = """
insert into programme (company, programme, name, courses, recorded_at)
select x.company, x.programme, x.name, string_to_array(x.courses, chr(31)), $5
from unnest($1::text[], $2::text[], $3::text[], $4::text[]) as x(company, programme, name, courses)
"""
ADD_REQUIREMENTS = """
insert into course_requirement (company, requirement, course, job_title, department, recorded_at)
select x.*, $6 from unnest($1::text[], $2::uuid[], $3::text[], $4::text[], $5::text[])
    as x(company, requirement, course, job_title, department)
"""
ADD_SESSIONS = """
with added as (insert into training_session (company, session, course, held_on, place, cost_minor, currency,
        recorded_at)
    select x.company, x.session, x.course, x.held_on, x.place, x.cost, x.currency, $9
    from unnest($1::text[], $2::uuid[], $3::text[], $4::date[], $5::text[], $6::bigint[], $7::text[])
        as x(company, session, course, held_on, place, cost, currency))
insert into training_seats (company, session, capacity, taken, closed)
select x.company, x.session, x.capacity, 0, false
from unnest($1::text[], $2::uuid[], $8::bigint[]) as x(company, session, capacity)
"""
ADD_ENROLMENTS = """
insert into enrolment (company, enrolment, employee, course, required, recorded_at)
select x.*, $6 from unnest($1::text[], $2::uuid[], $3::uuid[], $4::text[], $5::boolean[])
    as x(company, enrolment, employee, course, required)
"""
ADD_STEPS = """
insert into enrolment_step (company, enrolment, revision, step, session, by_actor, recorded_at)
select x.*, $7 from unnest($1::text[], $2::uuid[], $3::bigint[], $4::text[], $5::uuid[], $6::text[])
    as x(company, enrolment, revision, step, session, by_actor)
"""
ADD_CERTIFICATES = """
insert into certificate (company, certificate, employee, course, issued_on, valid_until, recorded_at)
select x.*, $7 from unnest($1::text[], $2::uuid[], $3::uuid[], $4::text[], $5::date[], $6::date[])
    as x(company, certificate, employee, course, issued_on, valid_until)
"""
ADD_NOTICES = """
insert into certificate_notice (company, certificate, days, at)
select x.company, x.certificate, x.days, $4 from unnest($1::text[], $2::uuid[], $3::bigint[])
    as x(company, certificate, days) order by x.company, x.certificate, x.days
"""


async def courses(connection: asyncpg.Connection, companies: Collection[str]) -> dict[tuple[str, str], Course]:
    """All courses of companies."""
    rows = await connection.fetch(COURSES, list(companies))
    return {(company, course[0]): Course(*course) for company, *course in rows}


async def programmes(connection: asyncpg.Connection, companies: Collection[str]) -> dict[tuple[str, str], list[str]]:
    """The courses of all programmes of companies."""
    return {(company, code): list(of) for company, code, of in await connection.fetch(PROGRAMMES, list(companies))}


async def requirements(connection: asyncpg.Connection, companies: Collection[str]) -> dict[str, list[Requirement]]:
    """What roles require in companies."""
    found: dict[str, list[Requirement]] = {company: [] for company in companies}
    for company, *requirement in await connection.fetch(REQUIREMENTS, list(companies)):
        found[company].append(Requirement(*requirement))
    return found


async def lock_sessions(
    connection: asyncpg.Connection, companies: Collection[str], sessions: Collection[uuid.UUID]
) -> dict[tuple[str, uuid.UUID], Session]:
    """These sessions, whose seats nobody else takes until the commit."""
    rows = await connection.fetch(LOCK_SESSIONS, list(companies), list(sessions))
    return {(company, session[0]): Session(*session) for company, *session in rows}


async def sessions(connection: asyncpg.Connection, companies: Collection[str]) -> dict[str, list[Session]]:
    """All sessions of companies, the earliest first."""
    found: dict[str, list[Session]] = {company: [] for company in companies}
    for company, *session in await connection.fetch(SESSIONS, list(companies)):
        found[company].append(Session(*session))
    return found


async def enrolments(
    connection: asyncpg.Connection,
    companies: Collection[str],
    people: Collection[uuid.UUID] | None = None,
    in_sessions: Collection[uuid.UUID] | None = None,
) -> dict[str, list[Enrolment]]:
    """The enrolments of some people or in some sessions of companies, or all."""
    found: dict[str, list[Enrolment]] = {company: [] for company in companies}
    whom = None if people is None else list(people)
    where = None if in_sessions is None else list(in_sessions)
    for company, *enrolment in await connection.fetch(ENROLMENTS, list(companies), whom, where):
        found[company].append(Enrolment(*enrolment))
    return found


async def certificates(
    connection: asyncpg.Connection,
    companies: Collection[str],
    people: Collection[uuid.UUID] | None = None,
    until: date | None = None,
) -> dict[str, list[Certificate]]:
    """The certificates of some people of companies, or of all; with `until` those that run out by then."""
    found: dict[str, list[Certificate]] = {company: [] for company in companies}
    whom = None if people is None else list(people)
    for company, *certificate in await connection.fetch(CERTIFICATES, list(companies), whom, until):
        found[company].append(Certificate(*certificate))
    return found


async def notices(
    connection: asyncpg.Connection, companies: Collection[str], of: Collection[uuid.UUID]
) -> dict[tuple[str, uuid.UUID], set[int]]:
    """What was told of these certificates."""
    found: dict[tuple[str, uuid.UUID], set[int]] = {}
    for company, certificate, days in await connection.fetch(NOTICES, list(companies), list(of)):
        found.setdefault((company, certificate), set()).add(days)
    return found


async def told(
    connection: asyncpg.Connection, company: str, people: Collection[uuid.UUID] | None, limit: int
) -> list[asyncpg.Record]:
    """What was told of the certificates of some people, or of all, the newest first."""
    return await connection.fetch(TOLD, company, None if people is None else list(people), limit)


async def set_seats(connection: asyncpg.Connection, rows: Sequence[tuple[str, Session]]) -> None:
    """Write how many seats are taken, and which sessions are over. The rows are under lock."""
    if rows:
        columns = [(company, one.session, one.taken, one.closed) for company, one in rows]
        await connection.execute(SET_SEATS, *map(list, zip(*columns, strict=True)))


async def add(connection: asyncpg.Connection, statement: str, rows: Sequence[Sequence[object]], now: datetime) -> None:
    """Write rows by one of the statements above."""
    if rows:
        await connection.execute(statement, *map(list, zip(*rows, strict=True)), now)
