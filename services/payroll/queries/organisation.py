"""Questions about departments, posts and cost centres."""

from __future__ import annotations

from datetime import date
from uuid import UUID

import asyncpg
from pydantic import BaseModel

from services.payroll.domain.contracts import in_force
from services.payroll.queries.days import today
from services.payroll.store import contracts as contract_store
from services.payroll.store import staff as staff_store

COST_CENTRES = "select cost_centre, name from cost_centre where company = $1 and cost_centre = any($2) order by 1"


class PostLine(BaseModel):
    """A post of a day; vacant when no contract is in force on it."""

    post: str
    title: str
    department: str
    vacant: bool
    employee: UUID | None


class DepartmentLine(BaseModel):
    """A department of a day. Manager and cost centre are its own, or else those of the nearest one above."""

    department: str
    name: str
    parent: str | None
    manager: UUID | None
    own_manager: UUID | None
    cost_centre: str | None
    own_cost_centre: str | None
    people: int
    closed: bool


class OrganisationAnswer(BaseModel):
    """The tree of a day with its posts. What is incomplete is named, so that somebody completes it."""

    on: date
    directors: list[UUID]
    departments: list[DepartmentLine]
    posts: list[PostLine]
    without_manager: list[str]
    without_cost_centre: list[str]


class CostCentreLine(BaseModel):
    """Who bears costs."""

    cost_centre: str
    name: str


class CostCentresAnswer(BaseModel):
    """All cost centres by code."""

    cost_centres: list[CostCentreLine]


async def organisation(connection: asyncpg.Connection, company: str, on: date | None) -> OrganisationAnswer:
    """The departments and posts of a company as of a day."""
    day = on or await today(connection, company)
    staff = (await staff_store.read(connection, [company]))[company]
    posts = (await contract_store.posts(connection, [company]))[company]
    contracts = (await contract_store.contracts(connection, [company]))[company]
    tree = staff.organisation(day)
    people: dict[str, int] = {}
    for person in staff.employments:
        if staff.employed(person, day):
            inside = staff.position(person, day, tree).department
            people[inside] = people.get(inside, 0) + 1
    holders = {c.post: c.employee for c in contracts if c.post and in_force(c, day, staff.left_on(c.employee))}
    departments = [
        DepartmentLine(
            department=code,
            name=one.name,
            parent=one.parent,
            manager=next((d.manager for d in tree.upwards(code) if d.manager is not None), None),
            own_manager=one.manager,
            cost_centre=tree.cost_centre(code),
            own_cost_centre=one.cost_centre,
            people=people.get(code, 0),
            closed=one.closed,
        )
        for code, one in sorted(tree.departments.items())
    ]
    open_ones = [line for line in departments if not line.closed]
    return OrganisationAnswer(
        on=day,
        directors=sorted(tree.directors()),
        departments=departments,
        posts=[
            PostLine(
                post=post.code, title=post.title, department=post.department,
                vacant=post.code not in holders, employee=holders.get(post.code),
            )
            for post in posts.values() if post.open_on(day)
        ],
        without_manager=[line.department for line in open_ones if line.manager is None],
        without_cost_centre=[line.department for line in open_ones if line.cost_centre is None],
    )  # fmt: skip


async def cost_centres(connection: asyncpg.Connection, company: str) -> CostCentresAnswer:
    """The cost centres that pay may be borne by: those of the books, where they have any."""
    usable = (await staff_store.cost_centres(connection, [company]))[company].usable
    rows = await connection.fetch(COST_CENTRES, company, list(usable))
    return CostCentresAnswer(cost_centres=[CostCentreLine.model_validate(dict(row)) for row in rows])
