"""People on the register: who they are as of a day, what changes, who leaves, what contracts they have."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Annotated, Literal

from fastapi import Depends, Query
from pydantic import Field
from starlette.responses import Response

from chassis.errors import Problem
from chassis.http import Call, Router, write
from chassis.ids import UUID, derive
from contracts.base import Language, Name, Reference, Text
from services.payroll.api.inputs import Body, Correctable, Day, MaybeDay, Read, Write, unsound
from services.payroll.api.pay_doors import MaybeDesk, log
from services.payroll.commands.people import AmendContract, ChangeEmployment, LinkAccount, RecordLeaving, SignContract
from services.payroll.domain.rights import BY_NAME, OFFICER
from services.payroll.handlers import contracts as contract_handlers
from services.payroll.handlers import employment as handlers
from services.payroll.queries import payslips as pay_queries
from services.payroll.queries import people as queries
from services.payroll.queries.people import ROWS_DEFAULT, ROWS_MAX, PayOn
from services.payroll.queries.viewing import viewer
from services.payroll.store.vault import Unreadable

SERIAL_MAX = 2**63 - 1

router = Router(prefix="/v1/companies/{company}", tags=["payroll"])
Officer = Annotated[Call, Depends(write(OFFICER, by_name=BY_NAME))]
Kind = Literal["permanent", "fixed_term", "apprentice", "casual"]
WeeklyHours = Annotated[
    str, Field(pattern=r"^(?:[1-9][0-9]{0,2}|0)(?:\.[0-9]{1,2})?$", description="Hours a week, as 38.5; at most 168.")
]


class EmploymentChangeBody(Correctable):
    """What is otherwise for a person; manager or cost centre null means the department's."""

    name: Name | None = None
    language: Language | None = None
    job_title: Text | None = None
    department: Text | None = None
    cost_centre: Reference | None = None
    manager: uuid.UUID | None = None


class LeavingBody(Body):
    """The last day of work; null when they stay after all. The reason stays in payroll.

    A last day that is over is known to others: it is moved or taken back with a `correction`, which says why.
    """

    left_on: MaybeDay
    reason: Literal["resignation", "dismissal", "end_of_contract", "retirement", "other"] = "other"
    correction: Literal["mistyped", "wrong_person", "worked_on", "agreed_otherwise"] | None = None


class ContractBody(Body):
    """A contract without its pay, which is agreed apart and sealed."""

    reference: Reference
    starts_on: Day
    kind: Kind
    job_title: Text
    weekly_hours: WeeklyHours
    ends_on: MaybeDay = None
    post: Reference | None = None


class AmendmentBody(Correctable):
    """Other terms from a day on; `ends_on` ends the contract, null makes it run on."""

    kind: Kind | None = None
    job_title: Text | None = None
    weekly_hours: WeeklyHours | None = None
    ends_on: MaybeDay = None


class AccountBody(Body):
    """The account, by the name that stands in its token, is this person's; or no longer."""

    actor: Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\u0000-\u0020\u007F]+$")]
    linked: bool = True


@router.get("/employees")
async def list_employees(
    company: str,
    reading: Read,
    on: Annotated[MaybeDay, Query(description="As of this day; today when it is left out.")] = None,
    department: Annotated[str | None, Query(max_length=200, description="In it or below it on that day.")] = None,
    after: Annotated[int, Query(ge=0, le=SERIAL_MAX, description="The `next` of the page before.")] = 0,
    limit: Annotated[int, Query(ge=1, le=ROWS_MAX, description="Rows on a page.")] = ROWS_DEFAULT,
) -> queries.EmployeePage:
    """People by number: all for the personnel office, a manager's own people, an employee's own record."""
    async with reading.connection(company) as connection:
        who = await viewer(connection, company, reading.caller)
        return await queries.employees(connection, company, who, on, department, after, limit)


@router.get("/employees/{employee}")
async def show_employee(
    company: str,
    employee: uuid.UUID,
    reading: Read,
    desk: MaybeDesk,
    on: Annotated[MaybeDay, Query(description="As of this day; today when it is left out.")] = None,
    known_at: Annotated[datetime | None, Query(description="As it was known at this moment; without pay.")] = None,
) -> queries.Employee:
    """One person as of a day, with every change and contract that was recorded.

    Who names a day and may see this person's pay is told it too; that it was read is written down.
    """
    if known_at is not None and known_at.tzinfo is None:
        raise unsound("?known_at", "time-zone-missing", "Write it with its offset from UTC, as 2026-11-22T08:30:00Z.")
    async with reading.connection(company) as connection:
        who = await viewer(connection, company, reading.caller)
        found = await queries.employee(connection, company, who, employee, on, known_at)
    if found is None:
        raise Problem(404, "employee-not-found", "There is no such employee.")
    if on is None or known_at is not None or desk is None or not who.sees_pay(employee):
        return found
    await log(reading, company, "agreed pay", employee=employee)
    async with reading.connection(company) as connection:
        try:
            agreed = await pay_queries.agreed(connection, desk.vault, company, employee)
        except Unreadable:  # they were erased
            return found
    pay = [PayOn.model_validate(term.model_dump()) for term in agreed.on(on, found.cost_centre).terms]
    return found.model_copy(update={"pay": pay})


@router.post("/employees/{employee}/changes", status_code=201)
async def change_employment(company: str, employee: uuid.UUID, body: EmploymentChangeBody, call: Write) -> Response:
    """Another job, department, cost centre or manager from a day on, which may lie ahead; or a correction."""
    command = ChangeEmployment(call.cause(company), UUID(employee.hex), body.said())
    return await call.run(handlers.change_employments, command)


@router.post("/employees/{employee}/leaving", status_code=201)
async def record_leaving(company: str, employee: uuid.UUID, body: LeavingBody, call: Write) -> Response:
    """Their last day of work. Others hear of it when it is over."""
    command = RecordLeaving(call.cause(company), UUID(employee.hex), body.left_on, body.reason, body.correction)
    return await call.run(handlers.record_leavings, command)


@router.post("/employees/{employee}/contracts", status_code=201)
async def sign_contract(company: str, employee: uuid.UUID, body: ContractBody, call: Write) -> Response:
    """A contract of work; several may run at once on different posts."""
    cause = call.cause(company)
    says = {
        "kind": body.kind,
        "job_title": body.job_title,
        "weekly_hours_hundredths": _hundredths(body.weekly_hours),
        "ends_on": body.ends_on,
    }
    contract = derive("contract", cause.id)
    command = SignContract(cause, contract, UUID(employee.hex), body.reference, body.post, body.starts_on, says)
    return await call.run(contract_handlers.sign_contracts, command)


@router.post("/contracts/{contract}/amendments", status_code=201)
async def amend_contract(company: str, contract: uuid.UUID, body: AmendmentBody, call: Write) -> Response:
    """Other hours, job, kind or last day from a day on; or a correction."""
    said = body.said()
    says = dict(said.says)
    if "weekly_hours" in says:
        hours = says.pop("weekly_hours")
        says["weekly_hours_hundredths"] = _hundredths(str(hours)) if hours is not None else None
    command = AmendContract(call.cause(company), UUID(contract.hex), said._replace(says=says))
    return await call.run(contract_handlers.amend_contracts, command)


@router.post("/employees/{employee}/accounts", status_code=201)
async def link_account(company: str, employee: uuid.UUID, body: AccountBody, call: Officer) -> Response:
    """Who signs in under this name is this person and may see what is their own."""
    person = UUID(employee.hex) if body.linked else None
    return await call.run(contract_handlers.link_accounts, LinkAccount(call.cause(company), body.actor, person))


def _hundredths(hours: str) -> int:
    """38.5 is 3850. Raises Problem 422 for none and for more than a week has."""
    whole, _, part = hours.partition(".")
    found = int(whole) * 100 + int(part.ljust(2, "0") or "0")
    if not 1 <= found <= 16_800:
        detail = "A week has 168 hours, and a contract more than none."
        raise unsound("/weekly_hours", "weekly-hours-impossible", detail)
    return found
