"""The organisation: departments and who manages them, posts, cost centres."""

from __future__ import annotations

import uuid
from typing import Annotated

from fastapi import Query
from starlette.responses import Response

from chassis.http import Router
from contracts.base import Name, Reference, Text
from contracts.ledger_parts import DimensionCode
from services.payroll.api.inputs import Body, Correctable, Day, MaybeDay, Read, Write
from services.payroll.commands.organisation import AddCostCentre, ChangeDepartment, ClosePost, OpenDepartment, OpenPost
from services.payroll.domain.employment import Said
from services.payroll.handlers import organisation as handlers
from services.payroll.queries import organisation as queries

router = Router(prefix="/v1/companies/{company}", tags=["payroll"])


class CostCentreBody(Body):
    """Who bears costs, of a company whose books have no cost centres."""

    cost_centre: DimensionCode
    name: Name


class DepartmentBody(Body):
    """A new department; without a manager or cost centre it has those of the one above."""

    department: Reference
    name: Name
    opens_on: Day
    parent: Text | None = None
    manager: uuid.UUID | None = None
    cost_centre: Reference | None = None


class DepartmentChangeBody(Correctable):
    """What is otherwise for a department from a day on."""

    department: Text
    name: Name | None = None
    parent: Text | None = None
    manager: uuid.UUID | None = None
    cost_centre: Reference | None = None
    closed: bool | None = None


class PostBody(Body):
    """A place for one person."""

    post: Reference
    department: Text
    title: Text
    opens_on: Day


class PostClosingBody(Body):
    """After which day a post is given up."""

    post: Reference
    last_day: Day


@router.get("/organisation")
async def show_organisation(
    company: str,
    reading: Read,
    on: Annotated[MaybeDay, Query(description="As of this day; today when it is left out.")] = None,
) -> queries.OrganisationAnswer:
    """The department tree with managers, directors and vacant posts."""
    async with reading.connection(company) as connection:
        return await queries.organisation(connection, company, on)


@router.get("/cost-centres")
async def list_cost_centres(company: str, reading: Read) -> queries.CostCentresAnswer:
    """Who may bear costs."""
    async with reading.connection(company) as connection:
        return await queries.cost_centres(connection, company)


@router.post("/cost-centres", status_code=201)
async def add_cost_centre(company: str, body: CostCentreBody, call: Write) -> Response:
    """Let costs be borne by another centre."""
    command = AddCostCentre(call.cause(company), body.cost_centre, body.name)
    return await call.run(handlers.add_cost_centres, command)


@router.post("/departments", status_code=201)
async def open_department(company: str, body: DepartmentBody, call: Write) -> Response:
    """Open a department."""
    says = body.model_dump(exclude={"department", "opens_on"}) | {"closed": False}
    command = OpenDepartment(call.cause(company), body.department, Said(body.opens_on, says))
    return await call.run(handlers.open_departments, command)


@router.post("/departments/changes", status_code=201)
async def change_department(company: str, body: DepartmentChangeBody, call: Write) -> Response:
    """Give a department another place, name, manager or cost centre from a day on, or close it; or correct a fact."""
    command = ChangeDepartment(call.cause(company), body.department, body.said("department"))
    return await call.run(handlers.change_departments, command)


@router.post("/posts", status_code=201)
async def open_post(company: str, body: PostBody, call: Write) -> Response:
    """Open a post; it is vacant until a contract fills it."""
    command = OpenPost(call.cause(company), body.post, body.department, body.title, body.opens_on)
    return await call.run(handlers.open_posts, command)


@router.post("/posts/closing", status_code=201)
async def close_post(company: str, body: PostClosingBody, call: Write) -> Response:
    """Give a post up after a day."""
    return await call.run(handlers.close_posts, ClosePost(call.cause(company), body.post, body.last_day))
