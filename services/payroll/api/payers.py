"""Who pays a group: the company's own account, name and address change from a day on. No answer repeats a number."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query
from pydantic import Field
from starlette.responses import Response

from chassis.errors import Problem
from chassis.http import Router
from contracts.base import TEXT_PATTERN, Name, Reference
from services.payroll.api.inputs import Body, Day
from services.payroll.api.pay_doors import Confirmer, OfficerCall, Watcher
from services.payroll.api.pay_terms import AddressBody, ConfirmationBody, SoundBic, SoundIban
from services.payroll.commands.pay import ConfirmPayerAccount, NamePayer, NamePayerAccount
from services.payroll.handlers import payers as handlers
from services.payroll.queries import payers as queries

router = Router(prefix="/v1/companies/{company}/pay-groups/{pay_group}", tags=["pay"])

PaymentText = Annotated[str, Field(pattern=TEXT_PATTERN, max_length=40)]


class PayerAccountBody(Body):
    """From which account of the company the group is paid from a day on."""

    effective_on: Day
    iban: SoundIban
    bic: SoundBic | None = None


class PayerBody(Body):
    """Under which name and address the group is paid from a day on: all of it, not only what changes."""

    effective_on: Day
    debtor_name: Name
    debtor_address: AddressBody
    payment_text: PaymentText | None = None
    """What people read on their bank statement before the month. Left out, they read the month alone."""


@router.post("/payer-accounts", status_code=201)
async def name_account(company: str, pay_group: Reference, body: PayerAccountBody, call: OfficerCall) -> Response:
    """Pay the group from this account from a day on, once somebody else has confirmed it."""
    command = NamePayerAccount(call.cause(company), pay_group, body.effective_on, body.iban, body.bic)
    return await call.run(handlers.name_accounts, command)


@router.post("/payer-accounts/confirmation", status_code=201)
async def confirm_account(company: str, pay_group: Reference, body: ConfirmationBody, call: Confirmer) -> Response:
    """Confirm an account of the company that somebody else has entered. No pay file is made with one before."""
    command = ConfirmPayerAccount(call.cause(company), pay_group, body.effective_on, body.revision, body.iban)
    return await call.run(handlers.confirm_accounts, command)


@router.post("/payer", status_code=201)
async def name_payer(company: str, pay_group: Reference, body: PayerBody, call: OfficerCall) -> Response:
    """Pay the group under this name and address from a day on, with these words beside the month."""
    command = NamePayer(
        call.cause(company), pay_group, body.effective_on, body.debtor_name,
        body.debtor_address.model_dump(exclude_none=True), body.payment_text,
    )  # fmt: skip
    return await call.run(handlers.name_payers, command)


@router.get("/payer")
async def show_payer(
    company: str, pay_group: Reference, reading: Watcher, on: Annotated[Day, Query(description="A day of payment.")]
) -> queries.PayerAnswer:
    """By whom the group is paid on a day, and every entry with who made it; of accounts the end of the number."""
    async with reading.connection(company) as connection:
        found = await queries.payer(connection, company, pay_group, on)
    if found is None:
        raise Problem(404, "pay-group-not-found", "There is no such pay group.")
    return found
