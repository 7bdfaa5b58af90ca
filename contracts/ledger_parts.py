"""Parts of the ledger's events that are no events themselves."""

from typing import Annotated, Literal

from pydantic import Field

from contracts.base import (
    CODE_PATTERN,
    AccountCode,
    Address,
    Amount,
    CalendarDate,
    CurrencyCode,
    CustomerId,
    DocumentNumber,
    Iban,
    Language,
    LineNumber,
    Name,
    Part,
    Quantity,
    Rate,
    Revision,
    Sku,
    TaxCode,
    Text,
    UnitPrice,
    UnsignedAmount,
    Uuid,
    VatNumber,
)

PeriodNumber = Annotated[int, Field(ge=1, le=18, description="Number of the month within its fiscal year, from 1.")]
Subledgers = Annotated[list[Literal["ar", "ap", "stock", "payroll", "gl"]], Field(min_length=1, max_length=5)]
DimensionCode = Annotated[
    str, Field(pattern=CODE_PATTERN, max_length=32, description="Department or cost centre of the company.")
]


Series = Annotated[
    str, Field(pattern=r"^[A-Z0-9][A-Z0-9/_-]{0,15}$", description="Series of document numbers of the company.")
]
FiscalYear = Annotated[int, Field(ge=1900, le=2199, description="Year that the number counts in.")]
Entry = Annotated[
    Uuid | None, Field(description="The journal entry that posted it; absent or null when there was nothing to post.")
]
Pointer = Annotated[
    str, Field(pattern=r"^(?:/[^\u0000-\u001F\u007F]*)?$", max_length=500, description="JSON pointer (RFC 6901).")
]
PriceListCode = Annotated[
    str,
    Field(pattern=CODE_PATTERN, max_length=32, description="Code of a price list of the company."),
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

    id: CustomerId
    name: Name
    language: Language
    address: Address
    vat_number: VatNumber | None = None


class InvoiceLine(Part):
    """A line of an invoice or credit note."""

    line: LineNumber
    item: Sku
    description: Text
    quantity: Quantity
    unit_price: UnitPrice
    net: Annotated[UnsignedAmount, Field(description="Quantity times price, rounded half up once, before tax.")]
    tax_code: TaxCode
    tax_rate: Rate


class TaxTotal(Part):
    """The tax of all lines with one code; the tax is calculated on their sum, not per line."""

    tax_code: TaxCode
    rate: Rate
    base: UnsignedAmount
    tax: UnsignedAmount


class DunnedItem(Part):
    """An overdue invoice on a letter."""

    invoice: Uuid
    number: DocumentNumber
    issued_on: CalendarDate
    due_on: CalendarDate
    days_overdue: Annotated[int, Field(ge=1, le=99_999, description="On the day of the letter.")]
    level: Annotated[int, Field(ge=0, le=9, description="That it has reached; 0 when it was never dunned.")]
    total: UnsignedAmount
    open: UnsignedAmount
    interest: Annotated[UnsignedAmount, Field(description="Since it was dunned last, or due.")]
    disputed: Annotated[bool, Field(description="Not dunned for now: disputed, or promised to be paid.")]


class Allocation(Part):
    """What one payment pays of one invoice."""

    invoice: Uuid
    number: DocumentNumber
    order: Uuid
    amount: Annotated[UnsignedAmount, Field(description="In the currency of the payment.")]
    revision: Revision = None


class Reopened(Part):
    """An invoice that is open again by what a payment does not pay any more."""

    invoice: Uuid
    number: DocumentNumber
    order: Uuid
    amount: Annotated[UnsignedAmount, Field(description="In the currency of the invoice.")]
    currency: Annotated[CurrencyCode | None, Field(description="Where it is another than the payment's.")] = None


class EntryLine(Part):
    """One line of an entry; one of debit and credit is 0, both are on the line of an exchange difference."""

    account: AccountCode
    debit: UnsignedAmount
    credit: UnsignedAmount
    currency: CurrencyCode
    base: Annotated[
        Amount | None,
        Field(description="Debit less credit in the company's own currency; absent on a line that is in it already."),
    ] = None
    department: DimensionCode | None = None
    cost_centre: DimensionCode | None = None


AtStake = Annotated[
    Amount,
    Field(description="What the customer owes and has ordered, less money that lies unapplied; without this order."),
]
SomeLimit = Annotated[UnsignedAmount | None, Field(description="The customer's limit of the day; null is no limit.")]
