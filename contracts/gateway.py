"""Events of front offices, owned by the gateway that accepts them."""

from typing import Annotated, Literal

from pydantic import Field

from contracts.base import (
    Address,
    CalendarDate,
    CurrencyCode,
    DocumentNumber,
    EventData,
    Language,
    LineNumber,
    Money,
    Name,
    Part,
    Quantity,
    Reference,
    Remark,
    Sku,
    SourceName,
    TaxCode,
    Text,
    Timestamp,
    UnitPrice,
    UnsignedAmount,
    Uuid,
    VatNumber,
)
from contracts.base import CustomerId as AnyCustomerId

CustomerId = Annotated[AnyCustomerId, Field(min_length=1)]
"""As it was released; the pattern says as much."""
Email = Annotated[
    str, Field(max_length=254, pattern=r"^[^\s@]+@[^\s@]+$", description="Where documents are sent, if anywhere.")
]


class Customer(Part):
    """Who buys, as agreed at the time of the order."""

    id: CustomerId
    name: Name
    language: Language
    address: Address
    vat_number: VatNumber | None = None
    email: Email | None = None


class OrderLine(Part):
    """One line of an order with its agreed price, before tax."""

    line: LineNumber
    item: Sku
    description: Text
    quantity: Quantity
    unit_price: UnitPrice
    tax_code: TaxCode


class OrderPlaced(EventData, topic="sales.orders", key="order"):
    """A customer ordered goods at agreed prices."""

    order: Uuid
    reference: Reference
    source: SourceName
    placed_at: Timestamp
    currency: CurrencyCode
    customer: Customer
    invoicing: Annotated[Literal["on_order"], Field(description="When the invoice is issued: when stock is reserved.")]
    allocation: Annotated[Literal["all_or_nothing"], Field(description="What happens if stock is short: refuse all.")]
    lines: Annotated[list[OrderLine], Field(min_length=1, max_length=500)]
    if_short: Annotated[
        Literal["all_or_nothing", "partial", "back_order"] | None,
        Field(
            description="What happens if stock is short, where the order says it itself; it goes before `allocation`. "
            "partial: what is there, and never the rest; back_order: what is there, and the rest when goods arrive."
        ),
    ] = None
    invoice_on: Annotated[
        Literal["order", "dispatch"] | None,
        Field(
            description="When it is invoiced, where the order says it itself; it goes before `invoicing`. "
            "order: when stock is reserved; dispatch: each shipment when it leaves. Absent: as the company has decided."
        ),
    ] = None
    priority: (
        Annotated[
            int, Field(ge=0, le=9, description="Who waits for goods is served by it, the highest first; absent: 0.")
        ]
        | None
    ) = None
    reserve_until: (
        Annotated[
            Timestamp,
            Field(description="What is not picked by then is released, and what waits is not waited for any more."),
        ]
        | None
    ) = None


class OrderCancelled(EventData, topic="sales.orders", key="order"):
    """The front office cancelled an order; it may arrive before the order itself."""

    order: Uuid
    reference: Reference
    source: SourceName
    reason: Remark


class OrderChanged(EventData, topic="sales.orders", key="order"):
    """The customer wants other lines: from now on these are the order's lines, all of them.

    Customer, currency and policies stay as they were placed. What was reserved and invoiced for the revision before is
    taken back, unless it is too late for that.
    """

    order: Uuid
    reference: Reference
    source: SourceName
    revision: Annotated[int, Field(ge=2, le=9999, description="2 for the first change, then one more for each.")]
    changed_at: Timestamp
    reason: Remark
    lines: Annotated[list[OrderLine], Field(min_length=1, max_length=500)]


class Payer(Part):
    """Who paid. A name and nothing else: no bank account of a payer is ever in an event."""

    name: Name


class InvoiceMeant(Part):
    """An invoice that the payer names among several."""

    invoice_number: DocumentNumber
    amount: Annotated[
        UnsignedAmount | None,
        Field(description="What is meant for it, in the currency of the payment; absent: as far as both reach."),
    ] = None


class PaymentReceived(EventData, topic="sales.payments", key="payment"):
    """Money came in; what it pays for is named by the payer as far as known."""

    payment: Uuid
    reference: Reference
    received_on: CalendarDate
    amount: Money
    payer: Payer
    order: Uuid | None
    order_reference: Reference | None
    invoice_number: DocumentNumber | None
    customer: Annotated[CustomerId | None, Field(description="Whose money it is, where the front office knows.")] = None
    pays: Annotated[
        list[InvoiceMeant] | None,
        Field(
            min_length=1,
            max_length=100,
            description="Several invoices at once, paid in this order; instead of order and invoice_number.",
        ),
    ] = None


class EmployeeHired(EventData, topic="sales.hires", key="employee"):
    """A person was hired. Pay, bank, tax and health data do not travel: they enter through payroll's own API."""

    employee: Uuid
    reference: Reference
    name: Name
    job_title: Text
    department: Text
    starts_on: CalendarDate
    language: Language
