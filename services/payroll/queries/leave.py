"""Questions about leave: balances with the entries that they are the sum of, requests, days without pay."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from typing import Generic, Literal, NamedTuple, TypeVar
from uuid import UUID

import asyncpg
from pydantic import BaseModel

from services.payroll.domain.leave import SEALED, Kind, Request, balance, days_written
from services.payroll.domain.rights import Viewer
from services.payroll.queries.days import today
from services.payroll.store import leave as store
from services.payroll.store.leave import Ledger
from services.payroll.store.vault import Vault

AnswerT = TypeVar("AnswerT")
RequestState = Literal["asked", "approved", "rejected", "cancelled"]


class BalanceLine(BaseModel):
    """What is left of a kind of leave on a day: the sum of the entries until then."""

    leave_type: str
    days: str


class EntryLine(BaseModel):
    """A line of the ledger of leave."""

    leave_type: str | None
    """Null when it was sealed under a key that is gone."""
    kind: Kind
    effective_on: date
    days: str
    period: str


class RequestLine(BaseModel):
    """A request and what became of it."""

    request: UUID
    employee: UUID
    leave_type: str | None
    """Null for what is confidential, unless it is one's own or for the officer."""
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


class Told(NamedTuple, Generic[AnswerT]):
    """An answer, and of whom it tells something about confidential leave: that is written down before it is given."""

    answer: AnswerT
    of: Collection[UUID]


async def of_employee(
    connection: asyncpg.Connection,
    company: str,
    viewer: Viewer,
    employee: UUID,
    on: date | None,
    vault: Vault | None,
) -> Told[LeaveAnswer] | None:
    """The balances of a day with their entries; None when the person is not there to be seen.

    Of confidential leave others see the days of its requests, and neither kind nor balance. Who sees both is told
    something where there are such kinds, be it that the person has no such leave.
    """
    known = await connection.fetchval(
        "select true from employee where company = $1 and employee = $2", company, employee
    )
    if known is None or not viewer.sees(employee):
        return None
    day = on or await today(connection, company)
    ledger = (await store.read(connection, [company], [employee], vault))[company]
    every = ledger.entries.get(employee, [])
    entries = [e for e in every if viewer.sees_health(employee) or not _confidential(ledger, e.leave_type)]
    limited = sorted(
        code
        for code, one in ledger.types.items()
        if one.limited and (viewer.sees_health(employee) or not one.confidential)
    )
    answer = LeaveAnswer(
        on=day,
        balances=[BalanceLine(leave_type=code, days=days_written(balance(entries, code, day))) for code in limited],
        entries=[
            EntryLine(
                leave_type=e.leave_type or None, kind=e.kind, effective_on=e.effective_on,
                days=days_written(e.hundredths), period=e.period,
            )
            for e in entries
        ],
        requests=[_line(request, ledger, viewer) for request in ledger.requests.values()],
    )  # fmt: skip
    told = viewer.sees_health(employee) and any(kind.confidential for kind in ledger.types.values())
    return Told(answer, {employee} if told else set())


async def requests(
    connection: asyncpg.Connection, company: str, viewer: Viewer, state: RequestState | None, vault: Vault | None
) -> Told[RequestsAnswer]:
    """The requests of everybody whom somebody may see."""
    ledger = (await store.read(connection, [company], None, vault))[company]
    shown = [
        request
        for request in ledger.requests.values()
        if viewer.sees(request.employee) and state in (None, request.state)
    ]
    of = {r.employee for r in shown if viewer.sees_health(r.employee) and _confidential(ledger, r.leave_type)}
    return Told(RequestsAnswer(requests=[_line(request, ledger, viewer) for request in shown]), of)


async def unpaid(
    connection: asyncpg.Connection, company: str, viewer: Viewer, first: date, last: date
) -> Told[UnpaidAnswer]:
    """The days without pay of everybody whom somebody may see; of confidential leave, to whom its kind is shown."""
    found = [
        one
        for one in await store.unpaid_spans(connection, company, first, last)
        if (viewer.sees_health(one[0]) if one[3] else viewer.sees(one[0]))
    ]
    lines = [UnpaidLine(employee=employee, first=begin, last=end) for employee, begin, end, _ in found]
    return Told(UnpaidAnswer(unpaid=lines), {employee for employee, _, _, confidential in found if confidential})


def _line(request: Request, ledger: Ledger, viewer: Viewer) -> RequestLine:
    shown = viewer.sees_health(request.employee) or not _confidential(ledger, request.leave_type)
    return RequestLine(
        request=request.request, employee=request.employee, leave_type=(request.leave_type or None) if shown else None,
        first=request.first, last=request.last, days=days_written(request.hundredths), state=request.state,
    )  # fmt: skip


def _confidential(ledger: Ledger, code: str) -> bool:
    return code == SEALED or ledger.types[code].confidential
