"""What a company begins with, as files from its earlier system: accounts, customers, balances and open items."""

from __future__ import annotations

import re
from typing import Annotated, Literal, Self

from fastapi import Query, Request
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationInfo, field_validator, model_validator
from starlette.responses import Response

from chassis.http import Router
from chassis.tables import DryRun, WrongRows, csv_body, read_table
from contracts.base import (
    AccountCode,
    CountryCode,
    CurrencyCode,
    DocumentNumber,
    Language,
    Name,
    Reference,
    Text,
    UnsignedAmount,
    VatNumber,
)
from contracts.ledger_parts import PriceListCode
from contracts.money import AmountError, from_micro, to_micro, to_minor
from services.ledger import handlers
from services.ledger.api.customers import ALWAYS, DAYS_MAX
from services.ledger.api.dimensions import DimensionCode
from services.ledger.api.inputs import Admin, Day, Write
from services.ledger.api.setup import Postcode, Role
from services.ledger.api.vat import checked
from services.ledger.commands import (
    ImportAccounts,
    ImportBalances,
    ImportCustomers,
    ImportOpenItems,
    NewAccount,
    NewCustomer,
)
from services.ledger.domain.customers import CustomerChange, PaymentTerms
from services.ledger.domain.dunning import LEVEL_MAX
from services.ledger.domain.manual import WantedLine
from services.ledger.domain.numbering import spelt
from services.ledger.domain.opening import Kind, StatedItem

ROWS_MAX, ITEMS_MAX, BALANCES_MAX = 5_000, 2_000, 1_000
"""All rows of a file are decided in one transaction, and an open item is an entry of its own. All balances are one
entry, which an event must be able to carry."""
REFERENCE_CHARS_MAX = 64

router = Router(prefix="/v1/companies/{company}", tags=["import"])


def _whole(cell: object) -> object:
    """Digits and nothing else; left alone, pydantic would take 1_0 and 3.0 as well."""
    if isinstance(cell, str) and not re.fullmatch(r"[0-9]{1,4}", cell, re.ASCII):
        raise ValueError("Write a whole number in digits.")
    return cell


Days = Annotated[int, BeforeValidator(_whole), Field(ge=0, le=DAYS_MAX)]
DunningLevel = Annotated[int, BeforeValidator(_whole), Field(ge=1, le=LEVEL_MAX)]


class Row(BaseModel):
    """A row of a file: cells are text, and mean what the same field of a body means."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class AccountRow(Row):
    """An account to open."""

    code: AccountCode
    name: Name
    kind: Literal["asset", "liability", "equity", "income", "expense"]
    role: Role | None = None


class CustomerRow(Row):
    """A customer to register."""

    customer: Reference
    name: Name
    language: Language
    line1: Text
    line2: Text | None = None
    postcode: Postcode = ""
    city: Text
    country: CountryCode
    vat_number: VatNumber | None = None
    net_days: Days | None = None
    discount: Annotated[str | None, Field(pattern=r"^0\.[0-9]{1,6}$")] = None
    discount_days: Days | None = None
    credit_currency: CurrencyCode | None = None
    credit_limit: UnsignedAmount | None = None
    price_list: PriceListCode | None = None
    valid_from: Day | None = None

    @field_validator("vat_number")
    @classmethod
    def _is_sound(cls, number: str | None, info: ValidationInfo) -> str | None:
        return None if number is None else checked(number, info.data.get("country"))

    @field_validator("credit_limit")
    @classmethod
    def _is_an_amount(cls, limit: str | None, info: ValidationInfo) -> str | None:
        currency = info.data.get("credit_currency")
        if limit is not None and currency is None:
            raise ValueError("A limit names its credit_currency.")
        try:
            to_minor(limit or "0", currency or "EUR")
        except AmountError as wrong:
            raise ValueError(f"{wrong}.") from None
        return limit

    @model_validator(mode="after")
    def _terms_are_whole(self) -> Self:
        if (self.discount is None) != (self.discount_days is None):
            raise ValueError("A discount and its discount_days come together.")
        if self.discount_days is not None and (self.net_days is None or self.discount_days > self.net_days):
            raise ValueError("A discount ends before the invoice is due: discount_days are within net_days.")
        return self


class BalanceRow(Row):
    """What stood on an account; in another currency than the company's own with its worth in that one."""

    account: AccountCode
    currency: CurrencyCode | None = None
    debit: UnsignedAmount = "0"
    credit: UnsignedAmount = "0"
    base: UnsignedAmount | None = None
    department: DimensionCode | None = None
    cost_centre: DimensionCode | None = None


class OpenItemRow(Row):
    """What was open of an invoice, or of a credit note that nobody had used."""

    kind: Kind = "invoice"
    number: DocumentNumber
    customer: Reference
    issued_on: Day
    due_on: Day | None = None
    currency: CurrencyCode
    total: UnsignedAmount
    open: UnsignedAmount
    base: UnsignedAmount | None = None
    dunning_level: DunningLevel | None = None
    dunned_on: Day | None = None


@router.post("/imports/accounts", status_code=201, openapi_extra=csv_body(AccountRow))
async def import_accounts(
    company: str, call: Write, request: Request, wrong_rows: WrongRows = "refuse", dry_run: DryRun = False
) -> Response:
    """Open up to 5,000 accounts."""
    table = await read_table(request, AccountRow, rows_max=ROWS_MAX)
    rows = [(row.number, NewAccount(**row.value.model_dump(), pointer="")) for row in table.rows]
    command = ImportAccounts(call.cause(company), table.problems, skip=wrong_rows == "skip", rows=rows)
    return await call.run(handlers.import_accounts, command, dry_run=dry_run, with_events=False)


@router.post("/imports/customers", status_code=201, openapi_extra=csv_body(CustomerRow))
async def import_customers(
    company: str, call: Write, request: Request, wrong_rows: WrongRows = "refuse", dry_run: DryRun = False
) -> Response:
    """Register up to 5,000 customers."""
    table = await read_table(request, CustomerRow, rows_max=ROWS_MAX)
    rows = [(row.number, NewCustomer(row.value.customer, _first(row.value), "")) for row in table.rows]
    command = ImportCustomers(call.cause(company), table.problems, skip=wrong_rows == "skip", rows=rows)
    return await call.run(handlers.import_customers, command, dry_run=dry_run, with_events=False)


@router.post("/imports/balances", status_code=201, openapi_extra=csv_body(BalanceRow))
async def import_balances(
    company: str,
    call: Write,
    request: Request,
    reference: Annotated[Reference, Query(max_length=REFERENCE_CHARS_MAX, description="Your own; used once.")],
    posted_on: Annotated[Day, Query(description="The day on which these books begin.")],
    wrong_rows: WrongRows = "refuse",
    dry_run: DryRun = False,
) -> Response:
    """Post up to 1,000 opening balances as one entry; above the company's limit it waits for a second person (202)."""
    table = await read_table(request, BalanceRow, rows_max=BALANCES_MAX)
    rows = [(row.number, _line(row.value)) for row in table.rows]
    command = ImportBalances(
        call.cause(company), table.problems, skip=wrong_rows == "skip", rows=rows, reference=reference,
        posted_on=posted_on,
    )  # fmt: skip
    return await call.run(handlers.import_balances, command, dry_run=dry_run, with_events=False)


@router.post("/imports/open-items", status_code=201, openapi_extra=csv_body(OpenItemRow))
async def import_open_items(
    company: str,
    call: Admin,
    request: Request,
    taken_over_on: Annotated[Day, Query(description="The day on which these books begin.")],
    wrong_rows: WrongRows = "refuse",
    dry_run: DryRun = False,
) -> Response:
    """Take over up to 2,000 open items of an earlier system. No second person looks at it, so an administrator does."""
    table = await read_table(request, OpenItemRow, rows_max=ITEMS_MAX)
    rows = [(row.number, _stated(row.value)) for row in table.rows]
    command = ImportOpenItems(
        call.cause(company), table.problems, skip=wrong_rows == "skip", rows=rows, taken_over_on=taken_over_on
    )  # fmt: skip
    return await call.run(handlers.import_open_items, command, dry_run=dry_run, with_events=False)


def _first(row: CustomerRow) -> CustomerChange:
    address = {"line1": row.line1, "line2": row.line2, "city": row.city, "postcode": row.postcode,
               "country": row.country}  # fmt: skip
    limit, currency = row.credit_limit, row.credit_currency
    return CustomerChange(
        row.valid_from or ALWAYS,
        row.name,
        row.language,
        {name: cell for name, cell in address.items() if cell is not None},
        row.vat_number,
        _terms(row),
        {} if limit is None or currency is None else {currency: to_minor(limit, currency)},
        row.price_list,
    )


def _terms(row: CustomerRow) -> PaymentTerms | None:
    if row.net_days is None:
        return None
    discount = None if row.discount is None else from_micro(to_micro(row.discount))
    return PaymentTerms(row.net_days, discount, row.discount_days)


def _line(row: BalanceRow) -> WantedLine:
    return WantedLine(
        row.account, row.currency or "", row.debit, row.credit, row.base, row.department, row.cost_centre, None
    )


def _stated(row: OpenItemRow) -> StatedItem:
    cells = row.model_dump()
    return StatedItem(**cells | {"number": spelt(row.number)})
