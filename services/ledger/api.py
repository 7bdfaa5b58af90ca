"""The HTTP door: set-up and questions. Invoices and payments come by events, never from here."""

from __future__ import annotations

import uuid
from datetime import date
from typing import Annotated, Literal, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from fastapi import Depends, Query
from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from starlette.responses import Response

from chassis.errors import Fault, Problem
from chassis.http import Call, Reading, Router, read, write
from chassis.ids import UUID
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
from services.ledger.commands import (
    DefineTaxCodes,
    NewAccount,
    NewTaxCode,
    OpenAccounts,
    PostalAddress,
    RegisterCompany,
)
from services.ledger.domain.company import iban_adds_up
from services.ledger.queries import books, companies, invoices, payments

router = Router(prefix="/v1")

Admin = Annotated[Call, Depends(write("ledger:admin"))]
Write = Annotated[Call, Depends(write("ledger:write"))]
Read = Annotated[Reading, Depends(read("ledger:read"))]
Limit = Annotated[int, Query(ge=1, le=200, description="Items on a page.")]
T = TypeVar("T")


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


# -- what is asked ----------------------------------------------------------------------------------------------------


class Body(BaseModel):
    """What a caller sends: every field known, no value guessed."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class AddressBody(Body):
    """A postal address."""

    line1: Text
    line2: Text | None = None
    city: Text
    postcode: Annotated[str, Field(max_length=16, pattern=r"^[^\u0000-\u001F\u007F]*$")] = ""
    country: CountryCode


class CompanyBody(Body):
    """A legal entity whose books shall be kept."""

    company: CompanyCode
    name: Name
    currency: Annotated[CurrencyCode, AfterValidator(_currency_in_use)]
    country: CountryCode
    time_zone: Annotated[str, Field(max_length=64, pattern=r"^[A-Za-z0-9+_/-]+$"), AfterValidator(_known_time_zone)]
    address: AddressBody
    vat_number: VatNumber | None = None
    iban: Annotated[Iban, AfterValidator(_sound_iban)] | None = None


class AccountBody(Body):
    """An account to open. What the ledger itself books finds its account by its role."""

    code: AccountCode
    name: Name
    kind: Literal["asset", "liability", "equity", "income", "expense"]
    role: Literal["receivable", "sales", "bank", "unapplied_cash"] | None = None


class AccountsBody(Body):
    """Accounts to open together: all of them or none."""

    accounts: Annotated[list[AccountBody], Field(min_length=1, max_length=500)]


class TaxCodeBody(Body):
    """A tax code to define; the rate is a fraction: 0.24 is 24 %."""

    code: TaxCode
    name: Name
    rate: Rate
    account: AccountCode


class TaxCodesBody(Body):
    """Tax codes to define together: all of them or none."""

    tax_codes: Annotated[list[TaxCodeBody], Field(min_length=1, max_length=100)]


# -- set-up -----------------------------------------------------------------------------------------------------------


@router.post("/companies", status_code=201)
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


@router.post("/companies/{company}/accounts", status_code=201)
async def open_account(company: str, body: AccountBody, call: Write) -> Response:
    """Add one account to the chart."""
    return await call.run(handlers.open_accounts, OpenAccounts(company, [_account(body, "")], call.cause(company)))


@router.post("/companies/{company}/accounts/batch", status_code=201)
async def open_accounts(company: str, body: AccountsBody, call: Write) -> Response:
    """Add several accounts to the chart: all of them or none."""
    accounts = [_account(account, f"/accounts/{index}") for index, account in enumerate(body.accounts)]
    return await call.run(handlers.open_accounts, OpenAccounts(company, accounts, call.cause(company)))


@router.post("/companies/{company}/tax-codes", status_code=201)
async def define_tax_code(company: str, body: TaxCodeBody, call: Write) -> Response:
    """Add one tax code."""
    return await call.run(handlers.define_tax_codes, DefineTaxCodes(company, [_tax(body, "")], call.cause(company)))


@router.post("/companies/{company}/tax-codes/batch", status_code=201)
async def define_tax_codes(company: str, body: TaxCodesBody, call: Write) -> Response:
    """Add several tax codes: all of them or none."""
    tax_codes = [_tax(tax_code, f"/tax_codes/{index}") for index, tax_code in enumerate(body.tax_codes)]
    return await call.run(handlers.define_tax_codes, DefineTaxCodes(company, tax_codes, call.cause(company)))


def _account(body: AccountBody, pointer: str) -> NewAccount:
    return NewAccount(body.code, body.name, body.kind, body.role, pointer)


def _tax(body: TaxCodeBody, pointer: str) -> NewTaxCode:
    return NewTaxCode(body.code, body.name, from_micro(to_micro(body.rate)), body.account, pointer)


# -- questions --------------------------------------------------------------------------------------------------------


@router.get("/companies/{company}")
async def show_company(company: str, reading: Read) -> companies.CompanyAnswer:
    """One company."""
    async with reading.connection(company) as connection:
        return await companies.company(connection, company)


@router.get("/companies/{company}/accounts")
async def list_accounts(company: str, reading: Read) -> companies.AccountsAnswer:
    """The chart of accounts."""
    async with reading.connection(company) as connection:
        return await companies.accounts(connection, company)


@router.get("/companies/{company}/tax-codes")
async def list_tax_codes(company: str, reading: Read) -> companies.TaxCodesAnswer:
    """The tax codes."""
    async with reading.connection(company) as connection:
        return await companies.tax_codes(connection, company)


@router.get("/companies/{company}/invoices")
async def search_invoices(
    company: str,
    reading: Read,
    order: uuid.UUID | None = None,
    customer: Annotated[str | None, Query(max_length=64)] = None,
    state: invoices.InvoiceState | None = None,
    number: Annotated[str | None, Query(max_length=64)] = None,
    after: Annotated[str | None, Query(max_length=64, description="`next` of the page before.")] = None,
    limit: Limit = 50,
) -> invoices.InvoicesAnswer:
    """Invoices that fit everything that is named, the newest first."""
    async with reading.connection(company) as connection:
        return await invoices.search(
            connection,
            company,
            order=_uuid(order),
            customer=customer,
            state=state,
            number=number,
            after=after,
            limit=limit,
        )


@router.get("/companies/{company}/invoices/{invoice}")
async def show_invoice(company: str, invoice: uuid.UUID, reading: Read) -> invoices.InvoiceAnswer:
    """One invoice with all that is printed, what paid it, and what took it back."""
    async with reading.connection(company) as connection:
        return _found(await invoices.one(connection, company, UUID(invoice.hex)), "invoice")


@router.get("/companies/{company}/payments")
async def search_payments(
    company: str,
    reading: Read,
    order: uuid.UUID | None = None,
    unapplied: Annotated[bool, Query(description="Only those that have something left.")] = False,
    after: Annotated[uuid.UUID | None, Query(description="`next` of the page before.")] = None,
    limit: Limit = 50,
) -> payments.PaymentsAnswer:
    """Payments that fit everything that is named."""
    async with reading.connection(company) as connection:
        return await payments.search(
            connection, company, order=_uuid(order), unapplied=unapplied, after=_uuid(after), limit=limit
        )


@router.get("/companies/{company}/payments/{payment}")
async def show_payment(company: str, payment: uuid.UUID, reading: Read) -> payments.PaymentAnswer:
    """One payment with its present spread."""
    async with reading.connection(company) as connection:
        return _found(await payments.one(connection, company, UUID(payment.hex)), "payment")


@router.get("/companies/{company}/receivables")
async def list_receivables(
    company: str,
    reading: Read,
    after: Annotated[
        str | None,
        Query(pattern=r"^[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|1[0-9]|2[0-8]|29|30|31)\.[0-9a-f-]{36}$"),
    ] = None,
    limit: Limit = 50,
) -> invoices.ReceivablesAnswer:
    """What customers owe, the earliest due first, with the totals per currency."""
    async with reading.connection(company) as connection:
        try:
            return await invoices.receivables(connection, company, after=after, limit=limit)
        except ValueError:
            fault = Fault("?after", "not-valid", "This is no `next` of a page.")
            raise Problem(422, "invalid-request", "A parameter is not valid.", [fault]) from None


@router.get("/companies/{company}/entries")
async def list_entries(company: str, document: uuid.UUID, reading: Read) -> books.EntriesAnswer:
    """All entries that one invoice, credit note or payment has led to."""
    async with reading.connection(company) as connection:
        return await books.entries_of(connection, company, UUID(document.hex))


@router.get("/companies/{company}/entries/{entry}")
async def show_entry(company: str, entry: uuid.UUID, reading: Read) -> books.EntryAnswer:
    """One entry with its lines."""
    async with reading.connection(company) as connection:
        return _found(await books.entry(connection, company, UUID(entry.hex)), "entry")


@router.get("/companies/{company}/trial-balance")
async def show_trial_balance(
    company: str,
    reading: Read,
    as_of: Annotated[date | None, Query(description="With effect up to this day.")] = None,
    known_on: Annotated[date | None, Query(description="As far as recorded up to this day (UTC).")] = None,
) -> books.TrialBalanceAnswer:
    """Every account with both its sides, per currency."""
    async with reading.connection(company) as connection:
        return await books.trial_balance(connection, company, as_of=as_of, known_on=known_on)


@router.get("/companies/{company}/integrity")
async def check_integrity(company: str, reading: Read) -> books.IntegrityAnswer:
    """Whether the books add up: as dear as the company's history is long."""
    async with reading.connection(company) as connection:
        return await books.integrity(connection, company)


def _uuid(value: uuid.UUID | None) -> UUID | None:
    return None if value is None else UUID(value.hex)


def _found(answer: T | None, what: str) -> T:
    if answer is None:
        raise Problem(404, f"{what}-not-found", f"The company has no such {what}.")
    return answer
