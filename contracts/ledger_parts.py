"""Parts of the ledger's events that are no events themselves: about customers, periods and dimensions."""

from typing import Annotated, Literal

from pydantic import Field

from contracts.base import (
    CODE_PATTERN,
    Address,
    CalendarDate,
    CurrencyCode,
    Iban,
    Language,
    Name,
    Part,
    Rate,
    Reference,
    UnsignedAmount,
    VatNumber,
)

CustomerCode = Annotated[Reference, Field(description="The front office's own id of the customer.")]
PeriodNumber = Annotated[int, Field(ge=1, le=18, description="Number of the month within its fiscal year, from 1.")]
Subledgers = Annotated[list[Literal["ar", "ap", "stock", "payroll", "gl"]], Field(min_length=1, max_length=5)]
DimensionCode = Annotated[
    str, Field(pattern=CODE_PATTERN, max_length=32, description="Department or cost centre of the company.")
]


class EarlyPayment(Part):
    """What may be deducted by who pays early."""

    rate: Annotated[Rate, Field(description="Fraction of the total that may be deducted: 0.02 is 2 %.")]
    days: Annotated[int, Field(ge=0, le=366, description="Days from the date of the invoice.")]


class CustomerTerms(Part):
    """When an invoice is due."""

    net_days: Annotated[int, Field(ge=0, le=366, description="Days from the date of the invoice.")]
    discount: EarlyPayment | None = None


class CreditLimit(Part):
    """How much a customer may owe in a currency."""

    currency: CurrencyCode
    amount: Annotated[UnsignedAmount | None, Field(description="Null is no limit.")]


CreditLimits = Annotated[list[CreditLimit], Field(max_length=50)]


class FiscalPeriod(Part):
    """A month of a fiscal year."""

    number: PeriodNumber
    starts_on: CalendarDate
    ends_on: CalendarDate


class Seller(Part):
    """Who invoices, as printed."""

    name: Name
    address: Address
    vat_number: VatNumber | None = None
    iban: Iban | None = None


class InvoiceCustomer(Part):
    """Who is invoiced, as printed."""

    id: CustomerCode
    name: Name
    language: Language
    address: Address
    vat_number: VatNumber | None = None
