"""Payslips: for the payroll office, and for each employee their own. Every reading is written down."""

from __future__ import annotations

import re
import uuid
from datetime import date
from typing import Annotated

from fastapi import Query, Request
from starlette.responses import Response

from chassis.errors import Problem, Transient
from chassis.http import Reading, Router
from chassis.requests import unavailable
from services.payroll.api.pay_doors import Desk, Own, PayReader, log, pay_reader
from services.payroll.domain.rights import OFFICER
from services.payroll.filing import FilingCabinet
from services.payroll.pay_desk import PayDesk
from services.payroll.queries import payslips as queries
from services.payroll.queries.viewing import viewer
from services.payroll.store.vault import Unreadable

router = Router(prefix="/v1/companies/{company}", tags=["pay"])


class Paper(Response):
    """A payslip as it is printed."""

    media_type = "application/pdf"


Code = Annotated[str | None, Query(max_length=64, description="Of one line, as `income-tax`.")]


@router.get("/employees/{employee}/payslips")
async def list_payslips(company: str, employee: uuid.UUID, reading: PayReader, desk: Desk) -> queries.PayslipPage:
    """A person's payslips; for the officer those of runs that are not approved yet included."""
    who = await pay_reader(reading, company, employee)
    await log(reading, company, "payslips", employee=employee)
    return await _page(reading, desk, company, employee, drafts=OFFICER in who.rights)


@router.get("/employees/{employee}/payslips/{period}/explanation")
async def explain_payslip(
    company: str, employee: uuid.UUID, period: str, reading: PayReader, desk: Desk, code: Code = None
) -> queries.Explanation:
    """How the amounts of a month came about."""
    who = await pay_reader(reading, company, employee)
    await log(reading, company, "explanation", employee=employee)
    return await _explained(reading, desk, company, employee, period, code, drafts=OFFICER in who.rights)


@router.get("/me/payslips")
async def list_own_payslips(company: str, reading: Own, desk: Desk) -> queries.PayslipPage:
    """One's own payslips, of approved runs."""
    employee = await _own(reading, company)
    await log(reading, company, "own payslips", employee=employee)
    return await _page(reading, desk, company, employee, drafts=False)


@router.get("/me/payslips/{period}/explanation")
async def explain_own_payslip(
    company: str, period: str, reading: Own, desk: Desk, code: Code = None
) -> queries.Explanation:
    """How the amounts of one's own month came about."""
    employee = await _own(reading, company)
    await log(reading, company, "own explanation", employee=employee)
    return await _explained(reading, desk, company, employee, period, code, drafts=False)


@router.get("/me/payslips/{period}/paper", response_class=Paper)
async def show_own_paper(company: str, period: str, reading: Own, request: Request) -> Response:
    """One's own payslip as a PDF, as documents has it on file."""
    employee = await _own(reading, company)
    month = _month(period)
    async with reading.connection(company) as connection:
        document = await queries.paper(connection, company, employee, month)
    filing: FilingCabinet | None = request.app.state.filing
    if document is None:
        raise Problem(404, "paper-not-filed", "The payslip of this month is not on file, or not yet.")
    if filing is None:
        raise unavailable("documents-not-set-up", "Nobody has said where documents answers.")
    await log(reading, company, "own paper", employee=employee)
    try:
        content = await filing.paper(company, document, reading.caller.actor)
    except Transient:
        raise unavailable("documents-away", "Documents does not answer; ask again.") from None
    if content is None:
        raise _erased()
    return Paper(content, headers={"Cache-Control": "private, no-store"})


async def _own(reading: Reading, company: str) -> uuid.UUID:
    """Who the caller is. Raises Problem 404 for an account that is nobody's here."""
    async with reading.connection(company) as connection:
        found = await viewer(connection, company, reading.caller)
    if found.employee is None:
        raise Problem(404, "employee-not-found", "This account belongs to no employee here.")
    return found.employee


async def _page(
    reading: Reading, desk: PayDesk, company: str, employee: uuid.UUID, *, drafts: bool
) -> queries.PayslipPage:
    async with reading.connection(company) as connection:
        try:
            found = await queries.payslips(connection, desk.vault, company, employee, None, drafts=drafts)
        except Unreadable:
            raise _erased() from None
    return queries.PayslipPage(employee=employee, payslips=found)


async def _explained(
    reading: Reading, desk: PayDesk, company: str, employee: uuid.UUID, period: str, code: str | None, *, drafts: bool
) -> queries.Explanation:
    month = _month(period)
    async with reading.connection(company) as connection:
        try:
            found = await queries.explanation(connection, desk.vault, company, employee, month, code, drafts=drafts)
        except Unreadable:
            raise _erased() from None
    if found is None:
        raise Problem(404, "payslip-not-found", "There is no payslip of this month.")
    return found


def _month(period: str) -> date:
    if not re.fullmatch(r"(19|20|21)[0-9]{2}-(0[1-9]|1[0-2])", period, re.ASCII):
        raise Problem(404, "payslip-not-found", "There is no payslip of this month.")
    return date(int(period[:4]), int(period[5:]), 1)


def _erased() -> Problem:
    return Problem(410, "person-erased", "This person's data was erased.")
