"""Seats in sessions, and what became of them."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import date

from chassis.cause import Cause
from chassis.database import UnitOfWork
from chassis.errors import Refused
from chassis.ids import UUID, derive
from chassis.requests import Answer, Result
from services.payroll.commands.training import Enrol, RecordResults, TakeSeat
from services.payroll.domain import training as rules
from services.payroll.domain.employment import Staff
from services.payroll.domain.rights import Viewer
from services.payroll.domain.training import OPEN_STEPS, Certificate, Enrolment, Seat, Session
from services.payroll.handlers.days import todays
from services.payroll.handlers.viewing import needs_everybody, viewers
from services.payroll.store import staff as staff_store
from services.payroll.store import training as store
from services.payroll.translate import no_such_employee
from services.payroll.translate import training as translate

SEATED, ABSENT = "seated", "absent"


async def free_seats(leaving: Mapping[tuple[str, UUID], Cause], staff: Mapping[str, Staff], unit: UnitOfWork) -> None:
    """Whose last day is before a session has no seat in it any more; the decision is under the company's lock."""
    if not leaving:
        return
    enrolled = await store.enrolments(unit.raw, unit.companies, [employee for _, employee in leaving])
    taken = {e.session for of in enrolled.values() for e in of if e.step == SEATED and e.session is not None}
    sessions = await store.lock_sessions(unit.raw, unit.companies, taken)
    steps: list[Sequence[object]] = []
    causes: dict[tuple[str, uuid.UUID], Cause] = {(company, who): cause for (company, who), cause in leaving.items()}
    for company, of in enrolled.items():
        known = {session: one for (where, session), one in sessions.items() if where == company}
        left_on = {employee: staff[company].left_on(employee) for where, employee in causes if where == company}
        for seat in rules.freed(of, known, left_on):
            cause, place = causes[company, seat.employee], (company, known[seat.session or seat.enrolment].session)
            steps.append((company, seat.enrolment, seat.revision, seat.step, seat.session, cause.actor))
            sessions[place] = sessions[place]._replace(taken=sessions[place].taken - 1)
            unit.audit(cause, "training-unseated", str(seat.employee), {"session": seat.session})
    await store.add(unit.raw, store.ADD_STEPS, steps, unit.now)
    await store.set_seats(unit.raw, [(company, session) for (company, _), session in sessions.items()])


async def enrol(commands: Sequence[Enrol], unit: UnitOfWork) -> Sequence[Result]:
    """People are to do a course, or each course of a programme that they are not to do already."""
    await staff_store.lock(unit.raw, unit.companies)
    askers, people = [command.asker for command in commands], [command.employee for command in commands]
    everybody = needs_everybody(askers)
    staff = await staff_store.read(unit.raw, unit.companies, None if everybody else people)
    who = await viewers(askers, staff, unit)
    courses = await store.courses(unit.raw, unit.companies)
    programmes = await store.programmes(unit.raw, unit.companies)
    enrolled = await store.enrolments(unit.raw, unit.companies, people)
    doing = {(c, e.employee, e.course) for c, of in enrolled.items() for e in of if e.step in OPEN_STEPS}
    results: list[Result] = []
    added: list[Sequence[object]] = []
    for command, viewer in zip(commands, who, strict=True):
        company, employee = command.cause.company, command.employee
        wanted = [command.course] if command.course is not None else programmes.get((company, str(command.programme)))
        if employee not in staff[company].employments or not _may(viewer, employee):
            results.append(no_such_employee())
        elif wanted is None:
            detail = f"There is no programme {command.programme}."
            results.append(Refused("programme-unknown", detail, "/programme"))
        elif any((company, code) not in courses for code in wanted):
            results.append(Refused("course-unknown", f"There is no course {command.course}.", "/course"))
        else:
            new = [code for code in wanted if (company, employee, code) not in doing]
            for code in new:
                doing.add((company, employee, code))
                enrolment = derive("enrolment", company, employee, code, command.cause.id)
                added.append((company, enrolment, employee, code, False))
                unit.audit(command.cause, "training-enrolled", str(employee), {"course": code})
            results.append(Answer(201, {"employee": employee, "courses": new}))
    await store.add(unit.raw, store.ADD_ENROLMENTS, added, unit.now)
    return results


async def take_seats(commands: Sequence[TakeSeat], unit: UnitOfWork) -> Sequence[Result]:
    """Seats are taken as long as there are any, or given back; the last one has one taker."""
    await staff_store.lock(unit.raw, unit.companies)
    askers, people = [command.asker for command in commands], [command.employee for command in commands]
    staff = await staff_store.read(unit.raw, unit.companies, None if needs_everybody(askers) else people)
    who = await viewers(askers, staff, unit)
    sessions = await store.lock_sessions(unit.raw, unit.companies, [command.session for command in commands])
    enrolled = await store.enrolments(unit.raw, unit.companies, people)
    results: list[Result] = []
    enrolments: list[Sequence[object]] = []
    steps: list[Sequence[object]] = []
    touched: dict[tuple[str, uuid.UUID], Session] = {}
    for command, viewer in zip(commands, who, strict=True):
        company, employee = command.cause.company, command.employee
        place = (company, command.session)
        session = sessions.get(place)
        if session is None:
            results.append(Refused("session-not-found", "There is no such session.", status=404))
            continue
        if employee not in staff[company].employments or not _may(viewer, employee):
            results.append(no_such_employee())
            continue
        theirs = [e for e in enrolled[company] if e.employee == employee and e.course == session.course]
        seated = next((e for e in theirs if e.step == SEATED and e.session == command.session), None)
        wrong = _no_seat(command, session, seated, theirs, staff[company])
        if wrong is not None:
            results.append(wrong)
            continue
        current = seated or next((e for e in theirs if e.step in OPEN_STEPS), None)
        if current is None:
            current = _new(command.cause, employee, session)
            enrolments.append((company, current.enrolment, employee, session.course, False))
            enrolled[company].append(current)
        step = "unseated" if command.gives_back else SEATED
        after = current._replace(step=step, session=command.session, revision=current.revision + 1)
        enrolled[company][enrolled[company].index(current)] = after
        steps.append((company, after.enrolment, after.revision, step, after.session, command.asker.actor))
        sessions[place] = session._replace(taken=session.taken + (-1 if command.gives_back else 1))
        touched[place] = sessions[place]
        unit.audit(command.cause, f"training-{step}", str(employee), {"session": command.session})
        results.append(Answer(201, {"session": command.session, "free": session.capacity - sessions[place].taken}))
    await store.add(unit.raw, store.ADD_ENROLMENTS, enrolments, unit.now)
    await store.add(unit.raw, store.ADD_STEPS, steps, unit.now)
    await store.set_seats(unit.raw, [(company, session) for (company, _), session in touched.items()])
    return results


def _may(viewer: Viewer, employee: uuid.UUID) -> bool:
    return viewer.asks_for(employee) or viewer.decides_for(employee)


def _new(cause: Cause, employee: UUID, session: Session) -> Enrolment:
    enrolment = derive("enrolment", cause.company, employee, session.course, cause.id)
    return Enrolment(enrolment, employee, session.course, False, "enrolled", None, 0)


def _no_seat(
    command: TakeSeat, session: Session, seated: Enrolment | None, theirs: Sequence[Enrolment], staff: Staff
) -> Refused | None:
    """Why this seat cannot be taken or given back."""
    if session.closed:
        return Refused("session-over", "Its results are recorded.", "/session", 409)
    if command.gives_back:
        return None if seated is not None else Refused("not-seated", "They have no seat in it.", "/employee", 409)
    if seated is not None or any(e.step == SEATED for e in theirs):
        return Refused("seated-already", "They have a seat in a session of this course.", "/employee", 409)
    if not staff.employed(command.employee, session.held_on):
        return Refused("not-employed", f"They are not employed on {session.held_on}.", "/employee")
    if session.taken >= session.capacity:
        return Refused("session-full", f"All {session.capacity} seats are taken.", "/session", 409)
    return None


async def record_results(commands: Sequence[RecordResults], unit: UnitOfWork) -> Sequence[Result]:
    """Sessions are over: what became of every seat, who has a certificate now, and who bears the cost."""
    await staff_store.lock(unit.raw, unit.companies)
    sessions = await store.lock_sessions(unit.raw, unit.companies, [command.session for command in commands])
    courses = await store.courses(unit.raw, unit.companies)
    enrolled = await store.enrolments(unit.raw, unit.companies, None, [command.session for command in commands])
    people = [e.employee for of in enrolled.values() for e in of]
    staff = await staff_store.read(unit.raw, unit.companies, people)
    today = await todays(unit)
    results: list[Result] = []
    steps: list[Sequence[object]] = []
    certificates: list[Sequence[object]] = []
    over: list[tuple[str, Session]] = []
    for command in commands:
        company = command.cause.company
        session = sessions.get((company, command.session))
        if session is None:
            results.append(Refused("session-not-found", "There is no such session.", status=404))
            continue
        seated = {e.employee: e for e in enrolled[company] if e.session == session.session and e.step == SEATED}
        wrong = _no_results(command, session, seated, staff[company], today[company])
        if wrong is not None:
            results.append(wrong)
            continue
        sessions[company, command.session] = session._replace(closed=True)
        over.append((company, sessions[company, command.session]))
        course = courses[company, session.course]
        for employee, outcome in command.results:
            enrolment = seated[employee]
            steps.append(
                (company, enrolment.enrolment, enrolment.revision + 1, outcome, session.session, command.cause.actor)
            )
            if outcome == "passed":
                until = rules.valid_until(session.held_on, course.valid_months)
                one = Certificate(
                    derive("certificate", command.cause.id, employee), employee, course.code, session.held_on, until
                )
                certificates.append((company, *one))
                unit.emit(*translate.training_completed(one, session.session), command.cause)
        _book_cost(session, list(seated), staff[company], command.cause, unit)
        unit.audit(command.cause, "training-results-recorded", str(session.session))
        results.append(Answer(201, {"session": session.session, "results": len(command.results)}))
    await store.add(unit.raw, store.ADD_STEPS, steps, unit.now)
    await store.add(unit.raw, store.ADD_CERTIFICATES, certificates, unit.now)
    await store.set_seats(unit.raw, over)
    return results


def _no_results(
    command: RecordResults, session: Session, seated: dict[uuid.UUID, Enrolment], staff: Staff, today: date
) -> Refused | None:
    if session.closed:
        return Refused("session-over", "Its results are recorded.", None, 409)
    if session.held_on > today:
        return Refused("session-not-held", f"It is held on {session.held_on}.", None, 409)
    named = [employee for employee, _ in command.results]
    for place, employee in enumerate(named):
        if employee not in seated or employee in named[:place]:
            detail = "They have no seat in it, or stand here twice."
            return Refused("not-seated", detail, f"/results/{place}/employee")
        if command.results[place][1] != ABSENT and not staff.employed(employee, session.held_on):
            detail = f"They are not employed on {session.held_on}, and can only have been absent."
            return Refused("not-employed", detail, f"/results/{place}/employee")
    if missing := len(seated) - len(named):
        return Refused("result-missing", f"{missing} seats have no result.", "/results")
    return None


def _book_cost(session: Session, people: Sequence[uuid.UUID], staff: Staff, cause: Cause, unit: UnitOfWork) -> None:
    """The session's cost over the departments of those who had a seat: nobody is named."""
    if session.cost_minor == 0 or not people:
        return
    organisation = staff.organisation(session.held_on)
    seats = []
    for employee in people:
        position = staff.position(employee, session.held_on, organisation)
        seats.append(Seat(employee, position.department, position.cost_centre))
    shares = rules.shares(session.cost_minor, seats)
    unit.emit(*translate.training_cost_incurred(session, shares), cause)
