"""Events owned by the ledger: companies, accounts, taxes, invoices, payments, entries."""

from typing import Annotated, Literal

from pydantic import Field

from contracts.base import (
    AccountCode,
    Address,
    CalendarDate,
    Code,
    CompanyCode,
    CountryCode,
    CurrencyCode,
    CustomerId,
    Detail,
    DocumentNumber,
    EventData,
    Iban,
    Language,
    Money,
    Name,
    Rate,
    Reference,
    Remark,
    Revision,
    TaxCode,
    Text,
    UnsignedAmount,
    Uuid,
    VatNumber,
)
from contracts.ledger_parts import (
    Allocation,
    AtStake,
    CreditLimits,
    CustomerTerms,
    DimensionCode,
    Entry,
    EntryLine,
    FiscalPeriod,
    FiscalYear,
    InvoiceCustomer,
    InvoiceLine,
    PeriodNumber,
    Pointer,
    PriceListCode,
    Reopened,
    Seller,
    Series,
    SomeLimit,
    Subledgers,
    TaxTotal,
)


class CompanyRegistered(EventData, topic="ledger.companies", key="company"):
    """A legal entity keeps its books here from now on."""

    company: CompanyCode
    name: Name
    currency: Annotated[CurrencyCode, Field(description="Currency of the books: ISO 4217 alphabetic code.")]
    country: CountryCode
    time_zone: Annotated[
        str,
        Field(
            pattern=r"^[A-Za-z0-9+_-]{1,32}(?:/[A-Za-z0-9+_-]{1,32}){0,2}$",
            description="IANA time zone in which the company's days and years begin.",
        ),
    ]
    address: Address
    vat_number: VatNumber | None = None
    iban: Iban | None = None


class CompanyChanged(EventData, topic="ledger.companies", key="company"):
    """From a day on a company is called, is seated and has the numbers that stand here; what is absent, it has not.

    All that can change is told, and not only what is different. It holds until the next day that was told; of what is
    told for one day the later word counts.
    """

    company: CompanyCode
    valid_from: CalendarDate
    name: Name
    address: Address
    vat_number: VatNumber | None = None
    iban: Iban | None = None


class AccountOpened(EventData, topic="ledger.companies", key="company"):
    """An account of the chart can be posted to."""

    account: AccountCode
    name: Name
    kind: Literal["asset", "liability", "equity", "income", "expense"]
    role: Annotated[Code | None, Field(description="What the ledger itself uses the account for, if anything.")]


class TaxCodeDefined(EventData, topic="ledger.companies", key="company"):
    """A tax code can be used on lines; or has another rate from a day on."""

    code: TaxCode
    name: Name
    rate: Rate
    account: Annotated[AccountCode, Field(description="Account that the tax is owed on.")]
    valid_from: Annotated[
        CalendarDate | None, Field(description="The rate holds from this day on; absent: from ever.")
    ] = None


class CustomerRegistered(EventData, topic="ledger.customers", key="customer"):
    """A customer is known by these particulars from a day on."""

    customer: Annotated[Uuid, Field(description="UUID derived from the company and the id.")]
    id: CustomerId
    valid_from: CalendarDate
    name: Name
    language: Language
    address: Address
    vat_number: VatNumber | None = None
    terms: CustomerTerms | None = None
    credit_limits: CreditLimits | None = None
    price_list: PriceListCode | None = None


class CustomerChanged(EventData, topic="ledger.customers", key="customer"):
    """Something about a customer is different from a day on; what is absent stays as it was.

    Of changes with effect from the same day the later one counts.
    """

    customer: Uuid
    id: CustomerId
    valid_from: CalendarDate
    change: Annotated[int, Field(ge=2, description="Counts what was said about this customer; the first was 1.")]
    name: Name | None = None
    language: Language | None = None
    address: Address | None = None
    vat_number: VatNumber | None = None
    vat_number_ended: Annotated[Literal[True], Field(description="There is no VAT number any more.")] | None = None
    price_list_ended: Annotated[Literal[True], Field(description="The usual list holds again.")] | None = None
    terms: CustomerTerms | None = None
    credit_limits: CreditLimits | None = None
    price_list: PriceListCode | None = None


class ExchangeRateRecorded(EventData, topic="ledger.companies", key="company"):
    """A currency is worth so much in the company's own from a day on."""

    currency: CurrencyCode
    base: Annotated[CurrencyCode, Field(description="The company's own currency.")]
    rate: Annotated[
        str,
        Field(
            pattern=r"^(?:0|[1-9][0-9]{0,8})(?:\.[0-9]{1,10})?$",
            description="What one unit of the currency is worth in the company's own: decimal, at most ten decimals.",
        ),
    ]
    valid_on: Annotated[CalendarDate, Field(description="It holds from this day on until the next one.")]
    source: Annotated[Text, Field(description="Who says so.")]


class FiscalYearOpened(EventData, topic="ledger.periods", key="company"):
    """A fiscal year with its months; nothing of it is closed yet."""

    year: FiscalYear
    starts_on: CalendarDate
    ends_on: CalendarDate
    periods: Annotated[list[FiscalPeriod], Field(min_length=1, max_length=18)]


class PeriodClosed(EventData, topic="ledger.periods", key="company"):
    """Nothing more is posted in a period by these sub-ledgers; what comes late stands in the next open one."""

    fiscal_year: FiscalYear
    number: PeriodNumber
    starts_on: CalendarDate
    ends_on: CalendarDate
    subledgers: Subledgers
    reason: Remark


class PeriodReopened(EventData, topic="ledger.periods", key="company"):
    """These sub-ledgers may post in the period again, and why."""

    fiscal_year: FiscalYear
    number: PeriodNumber
    starts_on: CalendarDate
    ends_on: CalendarDate
    subledgers: Subledgers
    reason: Remark


class DimensionDefined(EventData, topic="ledger.dimensions", key="company"):
    """A department or cost centre can be named on lines of entries."""

    dimension: Literal["department", "cost_centre"]
    code: DimensionCode
    name: Name


class InvoiceIssued(EventData, topic="ledger.invoices", key="invoice"):
    """An invoice was issued and posted; carries all that is printed."""

    invoice: Uuid
    number: DocumentNumber
    series: Series
    fiscal_year: FiscalYear
    issued_on: CalendarDate
    due_on: CalendarDate
    order: Uuid
    order_reference: Reference
    seller: Seller
    customer: InvoiceCustomer
    currency: CurrencyCode
    lines: Annotated[list[InvoiceLine], Field(min_length=1, max_length=500)]
    taxes: Annotated[list[TaxTotal], Field(max_length=100)]
    net: UnsignedAmount
    tax: UnsignedAmount
    total: UnsignedAmount
    entry: Entry = None
    revision: Revision = None


class CreditNoteIssued(EventData, topic="ledger.invoices", key="invoice"):
    """An invoice was credited; the amounts are what is given back, so they are not negative."""

    credit_note: Uuid
    number: DocumentNumber
    series: Series
    fiscal_year: FiscalYear
    issued_on: CalendarDate
    invoice: Uuid
    invoice_number: DocumentNumber
    reason: Remark
    order: Uuid
    order_reference: Reference
    seller: Seller
    customer: InvoiceCustomer
    currency: CurrencyCode
    lines: Annotated[list[InvoiceLine], Field(min_length=1, max_length=500)]
    taxes: Annotated[list[TaxTotal], Field(max_length=100)]
    net: UnsignedAmount
    tax: UnsignedAmount
    total: UnsignedAmount
    entry: Entry = None
    revision: Revision = None
    partial: Annotated[bool, Field(description="Whether something of the invoice is left.")] | None = None


class CreditCheckRequired(EventData, topic="ledger.companies", key="company"):
    """The company asks for its customers' credit: from now on an order waits for CreditApproved before it gets stock.

    The ledger answers every order of the company from now on, also where its policy lets all pass from some day on. So
    whoever waits needs to know no days.
    """

    company: CompanyCode
    valid_from: CalendarDate


class CreditApproved(EventData, topic="ledger.credits", key="order"):
    """The order, or this revision of it, may get stock."""

    order: Uuid
    customer: CustomerId
    because: Annotated[
        Literal["within-limit", "no-limit", "not-asked", "room-again", "released"],
        Field(description="`room-again`: it was held until the exposure fell; `released`: a person let it pass."),
    ]
    currency: CurrencyCode
    amount: UnsignedAmount
    exposure: AtStake
    limit: SomeLimit = None
    remark: Remark | None = None
    revision: Revision = None


class CreditHeld(EventData, topic="ledger.credits", key="order"):
    """The order would take the customer over its limit. It waits: for room, for a person, or to be cancelled."""

    order: Uuid
    customer: CustomerId
    currency: CurrencyCode
    amount: UnsignedAmount
    exposure: AtStake
    limit: UnsignedAmount
    detail: Detail
    revision: Revision = None


class InvoiceRefused(EventData, topic="ledger.refusals", key="order"):
    """The order cannot be invoiced, and why.

    There is no invoice, so the order is the key; and a topic of its own, so that who frees the stock need not read all
    invoices for the few that were refused.
    """

    order: Uuid
    code: Annotated[Code, Field(description="The rule that refused it, such as tax-code-unknown or account-missing.")]
    detail: Detail
    pointer: Annotated[
        Pointer | None, Field(description="JSON pointer into the order's data, where one field is to blame.")
    ]
    revision: Revision = None


class InvoicePaid(EventData, topic="ledger.invoices", key="invoice"):
    """Nothing of the invoice is open any more."""

    invoice: Uuid
    number: DocumentNumber
    order: Uuid
    paid_on: CalendarDate
    total: Money
    revision: Revision = None


class PaymentAllocated(EventData, topic="ledger.payments", key="payment"):
    """How a payment is spread over invoices from now on; the whole state, not the change."""

    payment: Uuid
    amount: Annotated[Money, Field(description="The whole payment.")]
    allocations: Annotated[list[Allocation], Field(max_length=500)]
    unapplied: Annotated[UnsignedAmount, Field(description="What fits no invoice, in the currency of the payment.")]
    cause: Annotated[
        Literal["received", "invoice-issued", "credited"],
        Field(description="Why it was spread: it came in, an invoice for it came, or its invoice was credited."),
    ]
    because: Annotated[
        Code | None,
        Field(
            description="Where cause is too coarse: by-hand, undone, bounced or refunded. Cause then says the nearest: "
            "invoice-issued when the payment pays more than before, else credited."
        ),
    ] = None
    reopened: Annotated[
        list[Reopened] | None,
        Field(max_length=500, description="Where it was undone: the invoices that are open again by it."),
    ] = None


class PaymentBounced(EventData, topic="ledger.payments", key="payment"):
    """The bank took a payment back: what it paid is open again."""

    payment: Uuid
    reference: Reference
    bounced_on: CalendarDate
    reason: Text
    amount: Annotated[Money, Field(description="The whole payment.")]
    reopened: Annotated[list[Reopened], Field(max_length=500)]
    fee: Annotated[Money | None, Field(description="What the bank charged us.")] = None


class PaymentRefunded(EventData, topic="ledger.payments", key="payment"):
    """Money that fits no invoice went back to who paid it; two people agreed."""

    payment: Uuid
    refund: Uuid
    refund_on: CalendarDate
    reason: Text
    amount: Money
    unapplied: Annotated[UnsignedAmount, Field(description="What is left now, in the currency of the payment.")]


class EntryPosted(EventData, topic="ledger.entries", key="entry"):
    """A balanced entry was posted: per currency the debits equal the credits."""

    entry: Uuid
    journal: Code
    posted_on: CalendarDate
    document: Annotated[Uuid | None, Field(description="The invoice, credit note or payment behind it, if any.")]
    order: Uuid | None
    lines: Annotated[list[EntryLine], Field(min_length=2, max_length=1100)]
    reverses: Annotated[Uuid, Field(description="The entry that this one takes back.")] | None = None
    original_on: Annotated[
        CalendarDate | None,
        Field(description="The day that it belongs to, when that lay in a closed period and it stands in a later one."),
    ] = None
    text: Annotated[Remark | None, Field(description="What a person wrote about it.")] = None
