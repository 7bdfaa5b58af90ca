"""`GET /v1/error-rates`: how much of what came for a company was refused or is held, in every department."""

from __future__ import annotations

import asyncio
from datetime import date
from typing import Annotated
from urllib.parse import urlencode

from fastapi import Depends, Query
from pydantic import BaseModel, Field

from chassis.database import COMPANY
from chassis.error_rates import DoorRate, ErrorRates, Rate, days_of, error_rates, together
from chassis.errors import Fault, Problem
from chassis.http import Router
from services.gateway.api.audit import Absent
from services.gateway.api.departments import DEPARTMENTS
from services.gateway.api.entry import Asked, ask

router = Router(prefix="/v1", tags=["operations"])

HERE = "gateway"


class DepartmentRate(BaseModel):
    """One department's part."""

    department: str
    total: Rate
    doors: list[DoorRate] = Field(description="The one with most errors first.")


class HouseRates(BaseModel):
    """Of all departments for one company, both days included."""

    since: date = Field(serialization_alias="from")
    until: date
    total: Rate = Field(description="Of the departments below; one event counts once in each that takes it.")
    departments: list[DepartmentRate]
    absent: list[Absent] = Field(description="Whoever could not be asked.")


@router.get("/error-rates")
async def get_house_rates(
    asked: Annotated[Asked, Depends(ask("operations:read"))],
    company: Annotated[str, Query(min_length=1, max_length=32)],
    since: Annotated[
        date | None, Query(alias="from", description="The first day; by default the last 30 days.")
    ] = None,
    until: Annotated[date | None, Query(description="The last day, in UTC; by default today.")] = None,
) -> HouseRates:
    """How much of what came for this company was refused or is held, by department, door and rule."""
    if not COMPANY.fullmatch(company):
        fault = Fault("?company", "pattern", "A company code is 1 to 32 of a-z, 0-9, _ and -.")
        raise Problem(422, "invalid-query", fault.detail, [fault])
    await asked.companies(company)
    first, last = days_of(since, until, asked.gateway.clock.now().date())
    names = (HERE, *DEPARTMENTS)
    answers = await asyncio.gather(*(_rates(asked, name, company, first, last) for name in names))
    told = [
        DepartmentRate(department=name, total=answer.total, doors=answer.doors)
        for name, answer in zip(names, answers, strict=True)
        if not isinstance(answer, Problem)
    ]
    absent = [
        Absent.of(name, answer) for name, answer in zip(names, answers, strict=True) if isinstance(answer, Problem)
    ]
    total = together(part.total for part in told)
    return HouseRates(since=first, until=last, total=total, departments=told, absent=absent)


async def _rates(asked: Asked, name: str, company: str, first: date, last: date) -> ErrorRates | Problem:
    if name == HERE:
        await asked.gateway.tally.write()
        async with asked.gateway.database.read([company]) as unit:
            return await error_rates(unit.raw, company, first, last)
    path = f"/v1/companies/{company}/error-rates?{urlencode({'from': first, 'until': last})}"
    try:
        told = await asked.gateway.departments.ask(name, "GET", path, asked.key.caller)
    except Problem as problem:
        return problem
    return ErrorRates.model_validate(told)
