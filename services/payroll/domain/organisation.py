"""The department tree of a day: who manages, who bears the cost, and that it is a tree."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple
from uuid import UUID


class Department(NamedTuple):
    """A department as it is on a day."""

    code: str
    name: str
    parent: str | None
    manager: UUID | None
    cost_centre: str | None
    closed: bool


class Organisation:
    """The departments of a company on one day."""

    def __init__(self, departments: Mapping[str, Department]) -> None:
        self.departments = departments

    def upwards(self, code: str | None) -> Iterator[Department]:
        """The department and those above it. Ends in a circle after one turn, so that a wrong tree can be looked at."""
        seen: set[str] = set()
        while code is not None and code in self.departments and code not in seen:
            seen.add(code)
            yield self.departments[code]
            code = self.departments[code].parent

    def circle(self) -> str | None:
        """A department that is above itself; None in a tree."""
        sound: set[str] = set()
        for start in sorted(self.departments):
            path: list[str] = []
            code: str | None = start
            while code is not None and code not in sound:
                if code in path:
                    return code
                path.append(code)
                code = self.departments[code].parent if code in self.departments else None
            sound.update(path)
        return None

    def cost_centre(self, code: str | None) -> str | None:
        """Who bears the cost: the department's own cost centre, or that of the nearest one above."""
        return next((d.cost_centre for d in self.upwards(code) if d.cost_centre is not None), None)

    def manager(self, code: str | None, of: UUID) -> UUID | None:
        """Who manages somebody in this department: a manager is managed by the next one above."""
        return next((d.manager for d in self.upwards(code) if d.manager not in (None, of)), None)

    def directors(self) -> set[UUID]:
        """Who manages a department that has none above it."""
        return {d.manager for d in self.departments.values() if d.parent is None and d.manager is not None}

    def below(self, code: str) -> set[str]:
        """The department and all those below it."""
        return {other for other in self.departments if any(d.code == code for d in self.upwards(other))}


class Position(NamedTuple):
    """What a person does where on a day; manager and cost centre are their own, or else the department's."""

    name: str
    language: str
    job_title: str
    department: str
    cost_centre: str | None
    manager: UUID | None


def position(state: Mapping[str, object], employee: UUID, organisation: Organisation) -> Position:
    """A person's position from what is known of them on a day (`effective.on`) and the departments of that day."""
    department = str(state["department"])
    own_cost_centre, own_manager = state.get("cost_centre"), state.get("manager")
    return Position(
        name=str(state["name"]),
        language=str(state["language"]),
        job_title=str(state["job_title"]),
        department=department,
        cost_centre=organisation.cost_centre(department) if own_cost_centre is None else str(own_cost_centre),
        manager=own_manager if isinstance(own_manager, UUID) else organisation.manager(department, employee),
    )


def managed_in_a_circle(managers: Mapping[UUID, UUID | None], start: UUID) -> bool:
    """Whether somebody would be their own manager, over however many steps."""
    seen: set[UUID] = set()
    person = managers.get(start)
    while person is not None and person not in seen:
        if person == start:
            return True
        seen.add(person)
        person = managers.get(person)
    return False


def below(managers: Mapping[UUID, UUID | None], manager: UUID) -> frozenset[UUID]:
    """Everybody whose managers, over however many steps, include this one; not themselves."""
    found: set[UUID] = set()
    for person in managers:
        path: set[UUID] = set()
        at: UUID | None = person
        while at is not None and at not in path:
            path.add(at)
            at = managers.get(at)
            if at == manager and person != manager:
                found.add(person)
                break
    return frozenset(found)
