"""What a payroll officer enters about people: groups, terms, bank accounts, tax profiles. No answer repeats a value."""

from __future__ import annotations

import uuid
from typing import Annotated

import stdnum.bic
import stdnum.iban
from fastapi import Query
from pydantic import AfterValidator, BeforeValidator, Field
from starlette.responses import Response
from stdnum.gr import vat as greek_tax_id
from stdnum.il import idnr as israeli_tax_id

from chassis.errors import Fault, Problem
from chassis.http import Router
from chassis.ids import UUID
from contracts.base import CountryCode, CurrencyCode, Name, Reference, Text, UnsignedAmount
from contracts.money import AmountError, to_minor
from services.payroll.api.inputs import Body, Day, MaybeDay
from services.payroll.api.pay_doors import Confirmer, Desk, Officer, OfficerCall, PayReader, Watcher, log, pay_reader
from services.payroll.commands.pay import (
    AgreePay,
    ConfirmBankAccount,
    DefinePayGroup,
    ErasePerson,
    GiveFigures,
    NameBankAccount,
    RecordTaxProfile,
)
from services.payroll.queries import accounts, pay_groups, people
from services.payroll.queries import payslips as queries
from services.payroll.store.vault import Unreadable

router = Router(prefix="/v1/companies/{company}", tags=["pay"])


def _iban(value: str) -> str:
    if not stdnum.iban.is_valid(value):
        raise ValueError("This is no IBAN: its length or its check digits do not fit.")
    return str(stdnum.iban.compact(value))


def _bic(value: str) -> str:
    if not stdnum.bic.is_valid(value):
        raise ValueError("This is no BIC.")
    return str(stdnum.bic.compact(value))


def _first_of_month(value: object) -> object:
    """A month is written YYYY-MM; inside it is its first day."""
    if not isinstance(value, str) or len(value) != 7:
        raise ValueError("write the month as YYYY-MM")
    return f"{value}-01"


SoundIban = Annotated[str, Field(max_length=42), AfterValidator(_iban)]
SoundBic = Annotated[str, Field(max_length=16), AfterValidator(_bic)]
MonthOf = Annotated[Day, BeforeValidator(_first_of_month)]
Figure = Annotated[str, Field(pattern=r"^[0-9]{1,9}(\.[0-9]{1,6})?$")]
TAX_IDS = {"GR": greek_tax_id.is_valid, "IL": israeli_tax_id.is_valid}


class AddressBody(Body):
    """A postal address."""

    line1: Text
    line2: Text | None = None
    city: Text
    postcode: Annotated[str, Field(max_length=16, pattern=r"^[^\u0000-\u001F\u007F]*$")] = ""
    country: CountryCode


class GroupBody(Body):
    """People who are paid together, by one country's rules, from one account of the company."""

    pay_group: Reference
    country: CountryCode
    currency: CurrencyCode
    since: MonthOf
    """The first month that is paid here."""
    figures: Annotated[dict[Reference, Figure], Field(default_factory=dict, max_length=50)]
    """What the country's rules of the first month leave to be given; their README names it."""
    debtor_name: Name
    debtor_iban: SoundIban
    debtor_bic: SoundBic | None = None
    debtor_address: AddressBody
    """As it stands on payslips."""


class FiguresBody(Body):
    """What the rules that are in force in a month leave to be given; other rules keep what they were given."""

    since: MonthOf
    figures: Annotated[dict[Reference, Figure], Field(min_length=1, max_length=50)]


class MoneyBody(Body):
    """An amount in a currency."""

    amount: UnsignedAmount
    currency: CurrencyCode


class TermsBody(Body):
    """A month's salary from a day on; null takes back the terms that begin on this day."""

    pay_group: Reference
    effective_on: Day
    monthly: MoneyBody | None
    cost_centre: Reference | None = None
    """Who bears the salary. Left out, it is the position's, as it is day by day."""
    contract: Reference | None = None
    """Whose contract's pay it is, by its reference; contracts that run beside each other are paid beside each other.
    Left out, it is pay for the employment as a whole.
    """


class AccountBody(Body):
    """Where pay goes from a day on."""

    effective_on: Day
    iban: SoundIban
    bic: SoundBic | None = None
    holder: Name


class ConfirmationBody(Body):
    """An account once more, by another person, as it stands on the employee's own paper."""

    effective_on: Day
    revision: Annotated[int, Field(ge=1, le=10_000, strict=True)]
    iban: SoundIban


class ProfileBody(Body):
    """What tax depends on from a day on."""

    effective_on: Day
    country: CountryCode
    tax_id: Annotated[str, Field(min_length=5, max_length=20, pattern=r"^[0-9A-Za-z]+$")]
    children: Annotated[int, Field(ge=0, le=30, strict=True)] = 0
    credit_points: Annotated[str, Field(pattern=r"^[0-9]{1,2}(\.[0-9]{1,2})?$")] = "0"


@router.post("/pay-groups", status_code=201)
async def define_pay_group(company: str, body: GroupBody, call: OfficerCall, desk: Desk) -> Response:
    """Pay people together in this group from a month on."""
    command = DefinePayGroup(
        call.cause(company), body.pay_group, body.country, body.currency, body.since, body.figures, body.debtor_name,
        body.debtor_iban, body.debtor_bic, body.debtor_address.model_dump(exclude_none=True),
    )  # fmt: skip
    return await call.run(desk.agreeing.define_groups, command)


@router.post("/pay-groups/{pay_group}/figures", status_code=201)
async def give_figures(
    company: str, pay_group: Reference, body: FiguresBody, call: OfficerCall, desk: Desk
) -> Response:
    """Give what a new year's rules leave open. What a month was paid by does not change any more."""
    command = GiveFigures(call.cause(company), pay_group, body.since, body.figures)
    return await call.run(desk.figures.give, command)


@router.get("/pay-groups/{pay_group}/figures")
async def show_figures(
    company: str,
    pay_group: Reference,
    reading: Watcher,
    desk: Desk,
    month: Annotated[MonthOf, Query(description="Whose rules are asked.")],
) -> pay_groups.FiguresAnswer:
    """What the rules of a month ask of a group, and what of it is missing: until it is given, no run of it begins."""
    async with reading.connection(company) as connection:
        found = await pay_groups.figures(connection, desk.packs, company, pay_group, month)
    if found is None:
        raise Problem(404, "pay-group-not-found", "There is no such pay group.")
    return found


@router.post("/employees/{employee}/pay-terms", status_code=201)
async def agree_pay(company: str, employee: uuid.UUID, body: TermsBody, call: OfficerCall, desk: Desk) -> Response:
    """Agree a month's salary from a day on; a day in the past is paid after in the next run."""
    monthly = body.monthly
    command = AgreePay(
        call.cause(company),
        UUID(str(employee)),
        body.pay_group,
        body.effective_on,
        None if monthly is None else _minor(monthly),
        None if monthly is None else monthly.currency,
        body.cost_centre,
        body.contract,
    )
    return await call.run(desk.agreeing.agree_pay, command, conceal=desk.conceal)


@router.post("/employees/{employee}/bank-accounts", status_code=201)
async def name_account(company: str, employee: uuid.UUID, body: AccountBody, call: OfficerCall, desk: Desk) -> Response:
    """Name the account that pay goes to from a day on."""
    cause = call.cause(company)
    command = NameBankAccount(cause, UUID(str(employee)), body.effective_on, body.iban, body.bic, body.holder)
    return await call.run(desk.agreeing.name_accounts, command, conceal=desk.conceal)


@router.post("/employees/{employee}/bank-accounts/confirmation", status_code=201)
async def confirm_account(
    company: str, employee: uuid.UUID, body: ConfirmationBody, call: Confirmer, desk: Desk
) -> Response:
    """Confirm an account that somebody else has entered. No pay file uses one before."""
    cause = call.cause(company)
    command = ConfirmBankAccount(cause, UUID(str(employee)), body.effective_on, body.revision, body.iban)
    return await call.run(desk.agreeing.confirm_accounts, command, conceal=desk.conceal)


@router.get("/bank-accounts/unconfirmed")
async def list_unconfirmed(
    company: str,
    reading: Watcher,
    after: Annotated[str | None, Query(max_length=120, description="`next` of the page before.")] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 200,
) -> accounts.UnconfirmedPage:
    """Accounts that wait for a second person, the company's own and people's; of none the number is told."""
    try:
        place = accounts.place_of(after or "")
    except ValueError:
        raise _fault("/after", "cursor-unsound", "This is no `next` of a page.") from None
    async with reading.connection(company) as connection:
        return await accounts.unconfirmed(connection, company, place, limit)


@router.post("/employees/{employee}/tax-profiles", status_code=201)
async def record_profile(
    company: str, employee: uuid.UUID, body: ProfileBody, call: OfficerCall, desk: Desk
) -> Response:
    """Record what tax depends on from a day on. The tax id is checked by its country's rule, where there is one."""
    sound = TAX_IDS.get(body.country)
    if sound is not None and not sound(body.tax_id):
        raise _fault("/tax_id", "tax-id-unsound", "This is no tax id of the country: its check digit does not fit.")
    command = RecordTaxProfile(
        call.cause(company), UUID(str(employee)), body.effective_on, body.country, body.tax_id, body.children,
        body.credit_points,
    )  # fmt: skip
    return await call.run(desk.agreeing.record_profiles, command, conceal=desk.conceal)


@router.get("/employees/{employee}/pay")
async def show_agreed(
    company: str, employee: uuid.UUID, reading: PayReader, desk: Desk, on: MaybeDay = None
) -> queries.Agreed:
    """What was agreed with a person, corrections included; or what holds `on` a day. The reading is written down.

    Bank accounts and what tax depends on are told to no manager.
    """
    who = await pay_reader(reading, company, employee)
    await log(reading, company, "agreed pay", employee=employee)
    async with reading.connection(company) as connection:
        try:
            agreed = await queries.agreed(connection, desk.vault, company, employee)
            agreed = agreed if who.sees_bank_and_tax(employee) else agreed.pay_alone()
            if on is None:
                return agreed
            return agreed.on(on, await people.cost_centre(connection, company, employee, on))
        except Unreadable:
            raise Problem(410, "person-erased", "This person's data was erased.") from None


@router.post("/employees/{employee}/erasure")
async def erase_person(company: str, employee: uuid.UUID, call: OfficerCall, desk: Desk) -> Response:
    """End for ever what can be read of the pay, bank accounts, tax and payslips of somebody who has left."""
    return await call.run(desk.erasing.erase, ErasePerson(call.cause(company), UUID(str(employee))))


@router.get("/employees/{employee}/readings")
async def show_readings(company: str, employee: uuid.UUID, reading: Officer) -> queries.ReadingPage:
    """Who read this person's pay, the newest first."""
    async with reading.connection(company) as connection:
        return await queries.readings(connection, company, employee)


def _minor(money: MoneyBody) -> int:
    try:
        return to_minor(money.amount, money.currency)
    except AmountError:
        raise _fault(
            "/monthly/amount", "amount-scale", "More decimals than the currency has, or no currency."
        ) from None


def _fault(pointer: str, code: str, detail: str) -> Problem:
    return Problem(422, code, detail, [Fault(pointer, code, detail)])
