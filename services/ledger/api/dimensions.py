"""Departments, cost centres, allocation rules and the company's own decisions."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal, Self

from fastapi import Query
from pydantic import Field, model_validator
from starlette.responses import Response

from chassis.http import Router
from contracts.base import CODE_PATTERN, Name, UnsignedAmount
from contracts.money import to_micro
from services.ledger import handlers
from services.ledger.api.inputs import Admin, Body, Day, Read, Write, changing
from services.ledger.commands import (
    ChangePolicy,
    DefineAllocationRule,
    DefineDimensionValues,
    NewDimensionValue,
)
from services.ledger.domain.policy import PolicyChange
from services.ledger.domain.shares import Share
from services.ledger.queries import dimensions

router = Router(prefix="/v1/companies/{company}", tags=["ledger"])

DIMENSION_CHARS_MAX = 32
DAYS_MAX = 366
DimensionCode = Annotated[str, Field(pattern=CODE_PATTERN, max_length=DIMENSION_CHARS_MAX)]


class DimensionValueBody(Body):
    """A department or cost centre."""

    dimension: Literal["department", "cost_centre"]
    code: DimensionCode
    name: Name


class DimensionValuesBody(Body):
    """Departments and cost centres to define together: all of them or none."""

    values: Annotated[list[DimensionValueBody], Field(min_length=1, max_length=500)]


class ShareBody(Body):
    """What one department and cost centre get: a fraction, 0.25 is a quarter."""

    department: DimensionCode | None = None
    cost_centre: DimensionCode | None = None
    share: Annotated[str, Field(pattern=r"^(?:0\.[0-9]{1,6}|1(?:\.0{1,6})?)$")]


class AllocationRuleBody(Body):
    """Fixed shares that make up the whole; a line that names the rule is split by them, to the last cent."""

    code: DimensionCode
    name: Name
    shares: Annotated[list[ShareBody], Field(min_length=1, max_length=100)]


class PolicyBody(Body):
    """What is decided differently from a day on; what is absent stays. The limit is in the company's own currency."""

    valid_from: Day
    invoicing: Literal["on_order", "on_dispatch"] | None = None
    net_days: Annotated[int, Field(ge=0, le=DAYS_MAX)] | None = None
    approval_limit: UnsignedAmount | None = None
    dimensions_required: bool | None = None
    default_department: DimensionCode | None = None
    default_cost_centre: DimensionCode | None = None
    credit_check: bool | None = None

    @model_validator(mode="after")
    def something_is_decided(self) -> Self:
        """A change changes something."""
        return changing(self)


@router.post("/dimensions", status_code=201)
async def define_dimension_values(company: str, body: DimensionValuesBody, call: Write) -> Response:
    """Add departments and cost centres."""
    values = [NewDimensionValue(v.dimension, v.code, v.name, f"/values/{n}") for n, v in enumerate(body.values)]
    return await call.run(handlers.define_dimension_values, DefineDimensionValues(company, values, call.cause(company)))


@router.post("/allocation-rules", status_code=201)
async def define_allocation_rule(company: str, body: AllocationRuleBody, call: Write) -> Response:
    """Fix the shares by which lines are split over departments and cost centres."""
    shares = [Share(s.department, s.cost_centre, to_micro(s.share)) for s in body.shares]
    command = DefineAllocationRule(company, body.code, body.name, shares, call.cause(company))
    return await call.run(handlers.define_allocation_rules, command)


@router.post("/policies", status_code=201)
async def change_policy(company: str, body: PolicyBody, call: Admin) -> Response:
    """Decide something differently from a day on. Not for who is bound by it: the limit of two persons is among it."""
    change = PolicyChange(
        body.valid_from,
        body.invoicing,
        body.net_days,
        None,
        body.dimensions_required,
        body.default_department,
        body.default_cost_centre,
        body.credit_check,
    )
    return await call.run(
        handlers.change_policies, ChangePolicy(company, change, body.approval_limit, call.cause(company))
    )


@router.get("/dimensions")
async def list_dimensions(company: str, reading: Read) -> dimensions.DimensionsAnswer:
    """Departments, cost centres and allocation rules."""
    async with reading.connection(company) as connection:
        return await dimensions.dimensions(connection, company)


@router.get("/policies")
async def list_policies(company: str, reading: Read) -> dimensions.PoliciesAnswer:
    """Everything that was decided, in the order of recording."""
    async with reading.connection(company) as connection:
        return await dimensions.policies(connection, company)


@router.get("/dimension-balances")
async def show_dimension_balances(
    company: str,
    reading: Read,
    as_of: Annotated[date | None, Query(description="With effect up to this day.")] = None,
    department: Annotated[str | None, Query(max_length=DIMENSION_CHARS_MAX)] = None,
    cost_centre: Annotated[str | None, Query(max_length=DIMENSION_CHARS_MAX)] = None,
) -> dimensions.DimensionBalancesAnswer:
    """Both sides of every account per department and cost centre."""
    async with reading.connection(company) as connection:
        return await dimensions.balances(
            connection, company, as_of=as_of, department=department, cost_centre=cost_centre
        )
