"""Changes of a person's employment: what may be said, and which rule forbids it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

from services.payroll.domain import effective
from services.payroll.domain.effective import Effective
from services.payroll.domain.organisation import Department, Organisation, Position, managed_in_a_circle, position
from services.payroll.domain.pay.totals import POOLED


class Forbidden(NamedTuple):
    """Which rule says no, of which field."""

    code: str
    detail: str
    field: str | None = None
    conflict: bool = False
    """It is the state that forbids it, not the value."""


def refusal_of_cost_centre(code: str, known: Collection[str], booked: Collection[str]) -> Forbidden | None:
    """Why a cost centre cannot be added here: where the books have some, they are added there and known here by
    themselves.
    """
    if code in known:
        return Forbidden("cost-centre-exists", f"There is a cost centre {code}.", "cost_centre", conflict=True)
    if code == POOLED:
        return Forbidden("cost-centre-reserved", f"{POOLED} stands for centres of few people each.", "cost_centre")
    if booked:
        detail = f"The books have cost centres, and {code} is none of them: add it in the ledger."
        return Forbidden("cost-centre-not-in-books", detail, "cost_centre")
    return None


class Leaving(NamedTuple):
    """The last day of somebody's employment as it is known now; none, when they stay after all."""

    revision: int
    left_on: date | None


@dataclass(slots=True)
class Staff:
    """What a company knows of its people and departments; grows while commands are decided."""

    employments: dict[UUID, list[Effective]] = field(default_factory=dict)
    departments: dict[str, list[Effective]] = field(default_factory=dict)
    leavings: dict[UUID, Leaving] = field(default_factory=dict)
    told: set[tuple[UUID, date]] = field(default_factory=set)
    """Leavings that other departments have heard of since they were recorded."""
    cost_centres: set[str] = field(default_factory=set)

    def left_on(self, employee: UUID) -> date | None:
        """The last day of somebody's employment, as far as it is known."""
        leaving = self.leavings.get(employee)
        return None if leaving is None else leaving.left_on

    def employed(self, employee: UUID, day: date) -> bool:
        """Whether this is a day of somebody's employment."""
        first = effective.begins(self.employments.get(employee, ()))
        last = self.left_on(employee)
        return first is not None and first <= day and (last is None or day <= last)

    def organisation(self, day: date, at: datetime | None = None) -> Organisation:
        """The departments of a day. A manager who has left by then manages nothing."""
        found: dict[str, Department] = {}
        for code, facts in self.departments.items():
            state = effective.on(facts, day, at)
            if state:
                found[code] = _department(code, state, self._at_work(state.get("manager"), day))
        return Organisation(found)

    def position(self, employee: UUID, day: date, organisation: Organisation, at: datetime | None = None) -> Position:
        """What somebody does where on a day, or on their first one when it lies ahead."""
        facts = self.employments[employee]
        state = effective.on(facts, day, at) or effective.on(facts, effective.begins(facts, at) or day, at)
        return position(state | {"manager": self._at_work(state.get("manager"), day)}, employee, organisation)

    def cost_centres_of(
        self, employee: UUID, until: date, organisations: dict[date, Organisation]
    ) -> list[tuple[date, str]]:
        """Which cost centre bears somebody's cost from which day on, up to a day; empty where none does.

        `organisations` keeps the departments of days, for all who are asked about.
        """
        facts = self.employments.get(employee, [])
        first = effective.begins(facts)
        if first is None:
            return []
        days = set(effective.days_of_change(facts, first))
        for of_department in self.departments.values():
            days.update(effective.days_of_change(of_department, first))
        found: list[tuple[date, str]] = []
        for day in sorted(day for day in days if day <= until):
            if day not in organisations:
                organisations[day] = self.organisation(day)
            centre = self.position(employee, day, organisations[day]).cost_centre or ""
            if not found or found[-1][1] != centre:
                found.append((day, centre))
        return found

    def managers(self, day: date) -> dict[UUID, UUID | None]:
        """Everybody's manager on a day."""
        organisation = self.organisation(day)
        return {employee: self.position(employee, day, organisation).manager for employee in self.employments}

    def _at_work(self, manager: object, day: date) -> UUID | None:
        """The manager, unless they have left by then: so nobody is managed by somebody who is gone."""
        last = self.left_on(manager) if isinstance(manager, UUID) else None
        return manager if isinstance(manager, UUID) and (last is None or day <= last) else None


def _department(code: str, state: Mapping[str, object], manager: UUID | None) -> Department:
    parent, cost_centre = state.get("parent"), state.get("cost_centre")
    return Department(
        code=code,
        name=str(state["name"]),
        parent=None if parent is None else str(parent),
        manager=manager,
        cost_centre=None if cost_centre is None else str(cost_centre),
        closed=bool(state.get("closed")),
    )


class Said(NamedTuple):
    """What is to hold from a day on; with `replaces` in the place of a wrong fact, whose other fields it keeps."""

    effective_on: date | None
    """May be left out of a correction, which then keeps the day."""
    says: Mapping[str, object]
    replaces: int | None = None
    withdraw: bool = False
    """Only take the wrong fact back."""


def fact_of(facts: Sequence[Effective], said: Said, now: datetime) -> Effective | Forbidden:
    """The fact that is to be recorded of something, or why it cannot be one."""
    revision = effective.next_revision(facts)
    if said.replaces is None:
        if said.effective_on is None:
            return Forbidden("effective-day-missing", "Say from which day on it holds.", "effective_on")
        if not said.says:
            return Forbidden("change-without-content", "The change says nothing.")
        return Effective(revision, said.effective_on, said.says, None, now)
    if not effective.is_right(facts, said.replaces):
        detail = f"There is no fact {said.replaces}, or another one has taken its place."
        return Forbidden("fact-not-found", detail, "replaces")
    wrong = next(fact for fact in facts if fact.revision == said.replaces)
    if said.withdraw:
        return Effective(revision, wrong.effective_on, {}, said.replaces, now)
    on = said.effective_on or wrong.effective_on
    return Effective(revision, on, {**wrong.says, **said.says}, said.replaces, now)


NEEDED = ("name", "language", "job_title", "department")


def change(staff: Staff, employee: UUID, said: Said, now: datetime) -> Effective | Forbidden:
    """The fact of a change of employment, or why there cannot be one."""
    facts = staff.employments[employee]
    made = fact_of(facts, said, now)
    if isinstance(made, Forbidden):
        return made
    on, after = made.effective_on, [*facts, made]
    hired = _first(after)
    if any(hired.says.get(needed) is None for needed in NEEDED):
        detail = "The hire itself can be corrected and not taken back."
        return Forbidden("hire-cannot-be-withdrawn", detail, "withdraw", conflict=True)
    if any(fact.effective_on < hired.effective_on for fact in effective.known(after)):
        detail = f"The first day of work is {hired.effective_on}."
        return Forbidden("change-before-hire", detail, "effective_on")
    last = staff.left_on(employee)
    if last is not None and on > last:
        return Forbidden("change-after-leaving", f"The last day of work is {last}.", "effective_on")
    if empty := next((needed for needed in NEEDED if made.says.get(needed, made) is None), None):
        return Forbidden("field-needed", "Name, language, job and department are never without a value.", empty)
    return _sound(staff, on, made.says) or _no_circle(staff, employee, on, made.says, after) or made


def _first(facts: Sequence[Effective]) -> Effective:
    """The fact of the beginning: the first one, or the one that has taken its place, however often."""
    first = facts[0]
    for fact in facts:
        if fact.replaces == first.revision:
            first = fact
    return first


def _sound(staff: Staff, on: date, says: Mapping[str, object]) -> Forbidden | None:
    department, cost_centre, manager = says.get("department"), says.get("cost_centre"), says.get("manager")
    if department is not None:
        wrong = open_department(staff, str(department), on, "department")
        if wrong is not None:
            return wrong
    if cost_centre is not None and cost_centre not in staff.cost_centres:
        return Forbidden("cost-centre-unknown", f"There is no cost centre {cost_centre}.", "cost_centre")
    if isinstance(manager, UUID):
        return manager_at_work(staff, manager, on)
    return None


def open_department(staff: Staff, code: str, on: date, named: str) -> Forbidden | None:
    """Why nobody can be in this department on a day."""
    found = staff.organisation(on).departments.get(code)
    if code not in staff.departments or found is None:
        return Forbidden("department-unknown", f"There is no department {code} on {on}.", named)
    return Forbidden("department-closed", f"Department {code} is closed on {on}.", named) if found.closed else None


def manager_at_work(staff: Staff, manager: UUID, on: date) -> Forbidden | None:
    """Why this person cannot manage anything on a day."""
    if manager not in staff.employments:
        return Forbidden("manager-unknown", f"There is no employee {manager}.", "manager")
    if not staff.employed(manager, on):
        return Forbidden("manager-not-employed", f"Employee {manager} is not employed on {on}.", "manager")
    return None


def _no_circle(
    staff: Staff, employee: UUID, on: date, says: Mapping[str, object], after: list[Effective]
) -> Forbidden | None:
    if says.get("manager") is None:
        return None
    before = staff.employments[employee]
    staff.employments[employee] = after
    try:
        days = sorted({on, *(d for facts in staff.employments.values() for d in effective.days_of_change(facts, on))})
        for day in days:
            if managed_in_a_circle(staff.managers(day), employee):
                return Forbidden("manager-circle", f"On {day} they would manage themselves.", "manager")
    finally:
        staff.employments[employee] = before
    return None


def leave(staff: Staff, employee: UUID, left_on: date | None, *, corrects: bool = False) -> Leaving | Forbidden:
    """The record of a last day, or why there cannot be one. One that others know is moved or taken back by who says
    that it was wrong (`corrects`), and by nobody by mistake.
    """
    before = staff.leavings.get(employee)
    known = staff.left_on(employee)
    if known is not None and (employee, known) in staff.told and (not corrects or left_on == known):
        detail = f"They left on {known}, and others know: say with `correction` what was wrong about it."
        return Forbidden("already-left", detail, "left_on", conflict=True)
    if left_on is None:
        if known is None:
            return Forbidden("not-leaving", "Nobody has said that they leave.", "left_on", conflict=True)
    else:
        first = effective.begins(staff.employments[employee])
        if first is not None and left_on < first:
            return Forbidden("leaving-before-hire", f"The first day of work is {first}.", "left_on")
    return Leaving(1 if before is None else before.revision + 1, left_on)


def change_department(staff: Staff, code: str, said: Said, now: datetime) -> Effective | Forbidden:
    """The fact of a change of a department, or of a new one, or why there cannot be one."""
    facts = staff.departments.get(code, [])
    made = fact_of(facts, said, now)
    if isinstance(made, Forbidden):
        return made
    on, says, after = made.effective_on, made.says, [*facts, made]
    opened = _first(after)
    if opened.says.get("name") is None or ("name" in says and says["name"] is None):
        detail = "A department has a name, and its opening can be corrected and not taken back."
        return Forbidden("department-cannot-be-withdrawn", detail, "withdraw", conflict=True)
    if any(fact.effective_on < opened.effective_on for fact in effective.known(after)):
        detail = f"The department exists from {opened.effective_on} on."
        return Forbidden("change-before-opening", detail, "effective_on")
    parent, cost_centre, manager = says.get("parent"), says.get("cost_centre"), says.get("manager")
    if parent is not None:
        wrong = open_department(staff, str(parent), on, "parent")
        if wrong is not None:
            return wrong
    if cost_centre is not None and cost_centre not in staff.cost_centres:
        return Forbidden("cost-centre-unknown", f"There is no cost centre {cost_centre}.", "cost_centre")
    if isinstance(manager, UUID) and (unfit := manager_at_work(staff, manager, on)) is not None:
        return unfit
    return _still_a_tree(staff, code, on, after) or _empty_when_closed(staff, code, on, says) or made


def _still_a_tree(staff: Staff, code: str, on: date, after: list[Effective]) -> Forbidden | None:
    before = staff.departments.get(code)
    staff.departments[code] = after
    try:
        days = sorted({d for facts in staff.departments.values() for d in effective.days_of_change(facts, on)})
        for day in days:
            if (found := staff.organisation(day).circle()) is not None:
                return Forbidden("department-circle", f"On {day} department {found} would be above itself.", "parent")
    finally:
        if before is None:
            del staff.departments[code]
        else:
            staff.departments[code] = before
    return None


def _empty_when_closed(staff: Staff, code: str, on: date, says: Mapping[str, object]) -> Forbidden | None:
    if not says.get("closed"):
        return None
    organisation = staff.organisation(on)
    if organisation.below(code) - {code} - _closed(organisation):
        return Forbidden("department-not-empty", "There are departments below it.", "closed", conflict=True)
    inside = [
        employee for employee in staff.employments
        if staff.employed(employee, on) and staff.position(employee, on, organisation).department == code
    ]  # fmt: skip
    if inside:
        return Forbidden("department-not-empty", f"{len(inside)} people are in it on {on}.", "closed", conflict=True)
    return None


def _closed(organisation: Organisation) -> set[str]:
    return {department.code for department in organisation.departments.values() if department.closed}
