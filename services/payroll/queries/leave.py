"""Questions about leave: balances with the entries that they are the sum of, requests, days without pay."""

from __future__ import annotations

from datetime import date
from typing import Literal
from uuid import UUID

import asyncpg
from pydantic import BaseModel

from services.payroll.domain.leave import Kind, Request, balance, days_written
from services.payroll.domain.rights import Viewer
from services.payroll.queries.days import today
from services.payroll.store import leave as store

RequestState = Literal["asked", "approved", "rejected", "cancelled"]


class BalanceLine(BaseModel):
    """What is left of a kind of leave on a day: the sum of the entries until then."""

    leave_type: str
    days: str


class EntryLine(BaseModel):
    """A line of the ledger of leave."""

    leave_type: str
    kind: Kind
    effective_on: date
    days: str
    period: str


class RequestLine(BaseModel):
    """A request and what became of it."""

    request: UUID
    employee: UUID
    leave_type: str
    first: date
    last: date
    days: str
    state: RequestState


class LeaveAnswer(BaseModel):
    """Somebody's leave as of a day."""

    on: date
    balances: list[BalanceLine]
    entries: list[EntryLine]
    requests: list[RequestLine]


class RequestsAnswer(BaseModel):
    """Requests, the earliest leave first."""

    requests: list[RequestLine]


class UnpaidLine(BaseModel):
    """Days of leave without pay, both ends included."""

    employee: UUID
    first: date
    last: date


class UnpaidAnswer(BaseModel):
    """Approved leave without pay within a period."""

    unpaid: list[UnpaidLine]


async def of_employee(
    connection: asyncpg.Connection, company: str, viewer: Viewer, employee: UUID, on: date | None
) -> LeaveAnswer | None:
    """The balances of a day with their entries; None when the person is not there to be seen."""
    known = await connection.fetchval(
        "select true from employee where company = $1 and employee = $2", company, employee
    )
    if known is None or not viewer.sees(employee):
        return None
    day = on or await today(connection, company)
    ledger = (await store.read(connection, [company], [employee]))[company]
    entries = ledger.entries.get(employee, [])
    limited = sorted(code for code, one in ledger.types.items() if one.limited)
    return LeaveAnswer(
        on=day,
        balances=[
            BalanceLine(leave_type=code, days=days_written(balance(entries, code, day))) for code in limited
        ],
        entries=[
            EntryLine(
                leave_type=e.leave_type, kind=e.kind, effective_on=e.effective_on, days=days_written(e.hundredths),
                period=e.period,
            )
            for e in entries
        ],
        requests=[_line(request) for request in ledger.requests.values()],
    )  # fmt: skip


async def requests(
    connection: asyncpg.Connection, company: str, viewer: Viewer, state: RequestState | None
) -> RequestsAnswer:
    """The requests of everybody whom somebody may see."""
    ledger = (await store.read(connection, [company], None))[company]
    return RequestsAnswer(
        requests=[
            _line(request)
            for request in ledger.requests.values()
            if viewer.sees(request.employee) and state in (None, request.state)
        ]
    )


async def unpaid(connection: asyncpg.Connection, company: str, viewer: Viewer, first: date, last: date) -> UnpaidAnswer:
    """The days without pay of everybody whom somebody may see."""
    found = await store.unpaid(connection, company, first, last)
    return UnpaidAnswer(
        unpaid=[
            UnpaidLine(employee=employee, first=begin, last=end)
            for employee, spans in found.items()
            if viewer.sees(employee)
            for begin, end in spans
        ]
    )


def _line(request: Request) -> RequestLine:
    return RequestLine(
        request=request.request, employee=request.employee, leave_type=request.leave_type, first=request.first,
        last=request.last, days=days_written(request.hundredths), state=request.state,
    )  # fmt: skip
