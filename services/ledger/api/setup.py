"""Companies, charts of accounts and tax codes: set up and shown."""

from __future__ import annotations

from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, Field
from starlette.responses import Response

from chassis.errors import Problem
from chassis.http import Router
from contracts.base import (
    AccountCode,
    CompanyCode,
    CountryCode,
    CurrencyCode,
    Iban,
    Name,
    Rate,
    TaxCode,
    Text,
    VatNumber,
)
from contracts.money import MINOR_UNITS, from_micro, to_micro
from services.ledger import handlers
from services.ledger.api.inputs import Admin, Body, Day, Read, Write
from services.ledger.commands import (
    AnnounceTaxRate,
    ChangeCompany,
    DefineTaxCodes,
    NewAccount,
    NewTaxCode,
    OpenAccounts,
    PostalAddress,
    RegisterCompany,
)
from services.ledger.domain.company import iban_adds_up
from services.ledger.queries import companies

registry = Router(prefix="/v1", tags=["ledger"])
router = Router(prefix="/v1/companies/{company}", tags=["ledger"])


def _currency_in_use(code: str) -> str:
    if code not in MINOR_UNITS:
        raise ValueError("This is no currency in use (ISO 4217).")
    return code


def _known_time_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError("This is no time zone of the IANA database.") from None
    return name


def _sound_iban(iban: str) -> str:
    if not iban_adds_up(iban):
        raise ValueError("The check digits do not fit (ISO 13616).")
    return iban


Postcode = Annotated[str, Field(max_length=16, pattern=r"^[^\u0000-\u001F\u007F]*$")]


class AddressBody(Body):
    """A postal address."""

    line1: Text
    line2: Text | None = None
    city: Text
    postcode: Postcode = ""
    country: CountryCode


CurrencyInUse = Annotated[CurrencyCode, AfterValidator(_currency_in_use)]


class CompanyBody(Body):
    """A legal entity whose books shall be kept."""

    company: CompanyCode
    name: Name
    currency: CurrencyInUse
    country: CountryCode
    time_zone: Annotated[str, Field(max_length=64, pattern=r"^[A-Za-z0-9+_/-]+$"), AfterValidator(_known_time_zone)]
    address: AddressBody
    vat_number: VatNumber | None = None
    iban: Annotated[Iban, AfterValidator(_sound_iban)] | None = None


class CompanyChangeBody(Body):
    """What of a company is different from a day on; what is left out stays as it is."""

    valid_from: Day
    name: Name | None = None
    address: AddressBody | None = None
    vat_number: VatNumber | None = None
    iban: Annotated[Iban, AfterValidator(_sound_iban)] | None = None


Role = Literal[
    "receivable",
    "sales",
    "bank",
    "unapplied_cash",
    "exchange_gain",
    "exchange_loss",
    "currency_exchange",
    "discount_allowed",
    "bank_charges",
    "dunning_income",
    "salaries",
    "employer_contributions",
    "wages_payable",
    "tax_payable",
    "contributions_payable",
    "training",
    "training_payable",
    "inventory",
    "goods_received",
    "cost_of_goods",
    "stock_difference",
    "opening_balance",
]


class AccountBody(Body):
    """An account to open. What the ledger itself books finds its account by its role."""

    code: AccountCode
    name: Name
    kind: Literal["asset", "liability", "equity", "income", "expense"]
    role: Role | None = None


class AccountsBody(Body):
    """Accounts to open together: all of them or none."""

    accounts: Annotated[list[AccountBody], Field(min_length=1, max_length=500)]


class TaxCodeBody(Body):
    """A tax code to define; the rate is a fraction: 0.24 is 24 %."""

    code: TaxCode
    name: Name
    rate: Rate
    account: AccountCode


class TaxRateBody(Body):
    """What rate a tax code has from a day on."""

    valid_from: Day
    rate: Rate


class TaxCodesBody(Body):
    """Tax codes to define together: all of them or none."""

    tax_codes: Annotated[list[TaxCodeBody], Field(min_length=1, max_length=100)]


@registry.post("/companies", status_code=201)
async def register_company(body: CompanyBody, call: Admin) -> Response:
    """Keep the books of a legal entity from now on. Its code is given once and for ever."""
    command = RegisterCompany(
        body.company,
        body.name,
        body.currency,
        body.country,
        body.time_zone,
        PostalAddress(**body.address.model_dump()),
        body.vat_number,
        body.iban,
        call.cause(body.company),
    )
    return await call.run(handlers.register_companies, command, introduces_company=body.company)


@router.post("/changes", status_code=201)
async def change_company(company: str, body: CompanyChangeBody, call: Admin) -> Response:
    """Say what a company is called, where it has its seat, or under which numbers, from a day on, ahead or late."""
    changed = body.model_dump(exclude={"valid_from"}, exclude_none=True)
    if not changed:
        raise Problem(422, "nothing-changed", "Say what is different: name, address, vat_number or iban.")
    command = ChangeCompany(company, body.valid_from, changed, call.cause(company))
    return await call.run(handlers.change_companies, command)


@router.post("/accounts", status_code=201)
async def open_account(company: str, body: AccountBody, call: Write) -> Response:
    """Add one account to the chart."""
    return await call.run(handlers.open_accounts, OpenAccounts(company, [_account(body, "")], call.cause(company)))


@router.post("/accounts/batch", status_code=201)
async def open_accounts(company: str, body: AccountsBody, call: Write) -> Response:
    """Add several accounts to the chart: all of them or none."""
    accounts = [_account(account, f"/accounts/{index}") for index, account in enumerate(body.accounts)]
    return await call.run(handlers.open_accounts, OpenAccounts(company, accounts, call.cause(company)))


@router.post("/tax-codes", status_code=201)
async def define_tax_code(company: str, body: TaxCodeBody, call: Write) -> Response:
    """Add one tax code."""
    return await call.run(handlers.define_tax_codes, DefineTaxCodes(company, [_tax(body, "")], call.cause(company)))


@router.post("/tax-codes/batch", status_code=201)
async def define_tax_codes(company: str, body: TaxCodesBody, call: Write) -> Response:
    """Add several tax codes: all of them or none."""
    tax_codes = [_tax(tax_code, f"/tax_codes/{index}") for index, tax_code in enumerate(body.tax_codes)]
    return await call.run(handlers.define_tax_codes, DefineTaxCodes(company, tax_codes, call.cause(company)))


@router.post("/tax-codes/{code}/rates", status_code=201)
async def announce_tax_rate(company: str, code: str, body: TaxRateBody, call: Write) -> Response:
    """Say what rate a tax code has from a day on, ahead or late. What was invoiced stays as it is."""
    rate = from_micro(to_micro(body.rate))
    command = AnnounceTaxRate(company, code, body.valid_from, rate, call.cause(company))
    return await call.run(handlers.announce_tax_rates, command)


def _account(body: AccountBody, pointer: str) -> NewAccount:
    return NewAccount(body.code, body.name, body.kind, body.role, pointer)


def _tax(body: TaxCodeBody, pointer: str) -> NewTaxCode:
    return NewTaxCode(body.code, body.name, from_micro(to_micro(body.rate)), body.account, pointer)


@router.get("")
async def show_company(company: str, reading: Read, as_of: Day | None = None) -> companies.CompanyAnswer:
    """One company as it is on a day, today if none is named."""
    async with reading.connection(company) as connection:
        return await companies.company(connection, company, as_of or await companies.today(connection, company))


@router.get("/accounts")
async def list_accounts(company: str, reading: Read) -> companies.AccountsAnswer:
    """The chart of accounts."""
    async with reading.connection(company) as connection:
        return await companies.accounts(connection, company)


@router.get("/tax-codes")
async def list_tax_codes(company: str, reading: Read) -> companies.TaxCodesAnswer:
    """The tax codes."""
    async with reading.connection(company) as connection:
        return await companies.tax_codes(connection, company)
