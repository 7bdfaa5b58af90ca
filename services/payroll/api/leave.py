"""Leave: kinds, rules and holidays; requests and decisions; balances; closing of months."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Annotated, Literal, TypeVar

from fastapi import Depends, Query
from pydantic import Field
from starlette.requests import Request
from starlette.responses import Response

from chassis.errors import Problem
from chassis.http import Call, Router, write
from chassis.ids import UUID, derive
from contracts.base import Name, Reference
from services.payroll.api.inputs import Body, Day, MaybeDay, Read, Write, asker, unsound
from services.payroll.api.pay_doors import log
from services.payroll.commands.leave import (
    AddHoliday,
    AdjustLeave,
    AskForLeave,
    CloseLeaveMonths,
    DecideLeave,
    DefineLeave,
    SetLeaveRule,
)
from services.payroll.domain.leave import Rule, days_read
from services.payroll.domain.rights import BY_NAME, OFFICER, SELF, TEAM, WRITE
from services.payroll.handlers import leave_rules as rule_handlers
from services.payroll.handlers.leave import LeaveLedger
from services.payroll.pay_desk import PayDesk
from services.payroll.queries import leave as queries
from services.payroll.queries.viewing import viewer

AnswerT = TypeVar("AnswerT")
router = Router(prefix="/v1/companies/{company}", tags=["payroll"])
Asks = Annotated[Call, Depends(write(OFFICER, WRITE, SELF, by_name=BY_NAME))]
Decides = Annotated[Call, Depends(write(OFFICER, TEAM, SELF, WRITE, by_name=BY_NAME))]


def _ledger(request: Request) -> LeaveLedger:
    ledger: LeaveLedger = request.app.state.leave
    return ledger


Ledger = Annotated[LeaveLedger, Depends(_ledger)]
Days = Annotated[str, Field(pattern=r"^(?:[1-9][0-9]{0,2}|0)(?:\.[0-9]{1,2})?$", description="Days, as 20 or 1.5.")]
SignedDays = Annotated[
    str, Field(pattern=r"^-?(?:[1-9][0-9]{0,2}|0)(?:\.[0-9]{1,2})?$", description="Days, below zero to take away.")
]


class LeaveTypeBody(Body):
    """A kind of leave: paid or not; limited by a balance or not."""

    leave_type: Reference
    name: Name
    paid: bool = True
    limited: bool = True
    confidential: bool = False
    """As illness or maternity: what kind it is rests sealed, and only they themselves and the officer are told."""


class LeaveRuleBody(Body):
    """What a kind of leave gives a year, and how much of it goes over into the next, until the end of which month."""

    leave_type: Reference
    effective_on: Day
    days_per_year: Days
    carried_over_max: Days = "0"
    carried_over_until: Annotated[int, Field(ge=1, le=12)] = 12


class HolidayBody(Body):
    """A day on which nobody works."""

    day: Day
    name: Name


class MonthBody(Body):
    """The last month to close; without it, the last one that is over."""

    month: Annotated[str | None, Field(pattern=r"^(?:19|20|21)[0-9]{2}-(?:0[1-9]|1[0-2])$")] = None


class LeaveRequestBody(Body):
    """Away on these days, both included."""

    leave_type: Reference
    first: Day
    last: Day


class LeaveDecisionBody(Body):
    """What becomes of a request."""

    decision: Literal["approved", "rejected", "cancelled"]


class LeaveAdjustmentBody(Body):
    """A balance that was wrong, or brought along."""

    leave_type: Reference
    effective_on: Day
    days: SignedDays


@router.post("/leave/types", status_code=201)
async def define_leave(company: str, body: LeaveTypeBody, call: Write) -> Response:
    """Define a kind of leave."""
    command = DefineLeave(call.cause(company), body.leave_type, body.name, body.paid, body.limited, body.confidential)
    return await call.run(rule_handlers.define_leave, command)


@router.post("/leave/rules", status_code=201)
async def set_leave_rule(company: str, body: LeaveRuleBody, call: Write) -> Response:
    """Say what a kind of leave gives from a day on."""
    rule = Rule(
        body.leave_type, body.effective_on, _days(body.days_per_year, "/days_per_year"),
        _days(body.carried_over_max, "/carried_over_max"), body.carried_over_until,
    )  # fmt: skip
    return await call.run(rule_handlers.set_leave_rules, SetLeaveRule(call.cause(company), rule))


@router.post("/holidays", status_code=201)
async def add_holiday(company: str, body: HolidayBody, call: Write) -> Response:
    """Add a day on which nobody works."""
    return await call.run(rule_handlers.add_holidays, AddHoliday(call.cause(company), body.day, body.name))


@router.post("/leave/months", status_code=201)
async def close_leave_months(company: str, body: MonthBody, call: Write, ledger: Ledger) -> Response:
    """Close the months until this one: what they add is added, what expires expires. Repeating it changes nothing."""
    return await call.run(ledger.close_leave_months, CloseLeaveMonths(call.cause(company), body.month))


@router.get("/employees/{employee}/leave")
async def show_leave(
    company: str,
    employee: uuid.UUID,
    reading: Read,
    ledger: Ledger,
    on: Annotated[MaybeDay, Query(description="As of this day; today when it is left out.")] = None,
) -> queries.LeaveAnswer:
    """Somebody's balances with every entry, and their requests. Who is told of confidential leave is written down."""
    async with reading.connection(company) as connection:
        who = await viewer(connection, company, reading.caller)
        found = await queries.of_employee(connection, company, who, employee, on, ledger.vault)
    if found is None:
        raise Problem(404, "employee-not-found", "There is no such employee.")
    return await _logged(reading, company, "leave", found)


@router.post("/employees/{employee}/leave/requests", status_code=201)
async def ask_for_leave(
    company: str, employee: uuid.UUID, body: LeaveRequestBody, call: Asks, ledger: Ledger
) -> Response:
    """Ask for leave, for oneself or, from the personnel office, in somebody's name."""
    cause = call.cause(company)
    command = AskForLeave(
        cause, asker(call, company), derive("leave request", cause.id), UUID(employee.hex), body.leave_type,
        body.first, body.last,
    )  # fmt: skip
    return await call.run(ledger.ask_for_leave, command, conceal=_concealing(call))


@router.post("/employees/{employee}/leave/adjustments", status_code=201)
async def adjust_leave(
    company: str, employee: uuid.UUID, body: LeaveAdjustmentBody, call: Write, ledger: Ledger
) -> Response:
    """Add a line to somebody's ledger."""
    hundredths = days_read(body.days)
    command = AdjustLeave(
        call.cause(company), asker(call, company), UUID(employee.hex), body.leave_type, body.effective_on, hundredths
    )
    return await call.run(ledger.adjust_leave, command, conceal=_concealing(call))


@router.get("/leave/requests")
async def list_leave_requests(
    company: str, reading: Read, ledger: Ledger, state: queries.RequestState | None = None
) -> queries.RequestsAnswer:
    """Requests of everybody whom the caller may see."""
    async with reading.connection(company) as connection:
        who = await viewer(connection, company, reading.caller)
        found = await queries.requests(connection, company, who, state, ledger.vault)
    return await _logged(reading, company, "leave requests", found)


@router.post("/leave/requests/{request}/decision", status_code=201)
async def decide_leave(
    company: str, request: uuid.UUID, body: LeaveDecisionBody, call: Decides, ledger: Ledger
) -> Response:
    """Approve or reject as their manager or the officer, never one's own; cancel as either, or one's own to come."""
    command = DecideLeave(call.cause(company), asker(call, company), UUID(request.hex), body.decision)
    return await call.run(ledger.decide_leave, command)


@router.get("/leave/unpaid")
async def list_unpaid_leave(company: str, reading: Read, first: Day, last: Day) -> queries.UnpaidAnswer:
    """Approved leave without pay within a period, as pay is lessened by it."""
    async with reading.connection(company) as connection:
        who = await viewer(connection, company, reading.caller)
        found = await queries.unpaid(connection, company, who, first, last)
    return await _logged(reading, company, "unpaid leave", found)


async def _logged(reading: Read, company: str, what: str, told: queries.Told[AnswerT]) -> AnswerT:
    """The answer, once it is written down of whom it tells something confidential."""
    if told.of:
        await log(reading, company, what, people=told.of)
    return told.answer


def _days(days: str, pointer: str) -> int:
    found = days_read(days)
    if found > 36_600:
        raise unsound(pointer, "days-beyond-a-year", f"A year has fewer days than {pointer.removeprefix('/')} says.")
    return found


def _concealing(call: Call) -> Callable[[bytes], bytes] | None:
    """There are few kinds of leave: a plain hash of what was asked could be found by trying them."""
    desk: PayDesk | None = call.request.app.state.pay_desk
    return None if desk is None else desk.conceal
