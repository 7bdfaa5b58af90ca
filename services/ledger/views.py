"""What the ledger uses of others' events."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from contracts.base import (
    AddressView,
    CalendarDate,
    CurrencyCode,
    EventView,
    MoneyView,
    PartView,
    Quantity,
    Sku,
    TaxCode,
    UnitPrice,
    UnsignedAmount,
    Uuid,
)
from contracts.gateway import OrderChanged, OrderPlaced, PaymentReceived
from contracts.inventory import (
    BackOrderReserved,
    OrderChangeRefused,
    ReservationReduced,
    ReservationRefused,
    ReservationReleased,
    ShipmentDispatched,
    StockIssued,
    StockReserved,
    StockValued,
)
from contracts.payroll import PayrollPosted, TrainingCostIncurred


class CustomerTerms(PartView):
    """The customer as printed on the invoice."""

    id: str
    name: str
    language: Literal["en", "el", "he"]
    address: AddressView
    vat_number: str | None = None


class LineTerms(PartView):
    """A line as agreed."""

    line: int
    item: Sku
    description: str
    quantity: Quantity
    unit_price: UnitPrice
    tax_code: TaxCode


class OrderTerms(EventView, of=OrderPlaced):
    """What billing needs of an order: checked when it comes, kept as it came, read when it is billed."""

    order: Uuid
    reference: str
    currency: CurrencyCode
    customer: CustomerTerms
    lines: list[LineTerms] = Field(min_length=1)
    invoice_on: Literal["order", "dispatch"] | None = None


class ChangedTerms(EventView, of=OrderChanged):
    """What billing needs of a changed order; all else is as it was placed."""

    order: Uuid
    revision: int
    lines: list[LineTerms] = Field(min_length=1)


class LineReserved(PartView):
    """What was set aside for a line."""

    line: int
    item: Sku
    quantity: Quantity


class OrderReserved(EventView, of=StockReserved):
    """What can be billed."""

    order: Uuid
    lines: list[LineReserved]
    revision: int | None = None
    complete: bool | None = None


class LineArrived(LineReserved):
    """What was set aside for a line that waited."""

    before: str | None = None


class GoodsArrived(EventView, of=BackOrderReserved):
    """What can be billed now of an order that waited."""

    order: Uuid
    lines: list[LineArrived]
    revision: int | None = None
    part: int | None = None
    complete: bool | None = None


class GoodsLeft(EventView, of=ShipmentDispatched):
    """What can be billed now of an order that is invoiced when its goods leave."""

    shipment: Uuid
    order: Uuid
    dispatched_on: CalendarDate
    complete: bool
    lines: list[LineReserved]
    revision: int | None = None


class OrderReduced(EventView, of=ReservationReduced):
    """What must be credited of an order that goes on, or that has left in part."""

    order: Uuid
    reason: str
    lines: list[LineReserved]
    revision: int | None = None
    parts: int | None = None


class OrderNotReserved(EventView, of=ReservationRefused):
    """What will never be billed."""

    order: Uuid
    revision: int | None = None


class ChangeTooLate(EventView, of=OrderChangeRefused):
    """A revision that will never be."""

    order: Uuid
    revision: int


class OrderReleased(EventView, of=ReservationReleased):
    """What must be credited, if it was billed."""

    order: Uuid
    reason: str
    revision: int | None = None
    replaced_by: int | None = None
    parts: int | None = None


class PayerNamed(PartView):
    """Who paid."""

    name: str


class InvoiceMeant(PartView):
    """An invoice that the payer names, and how much is meant for it."""

    invoice_number: str
    amount: str | None = None


class MoneyReceived(EventView, of=PaymentReceived):
    """Money, and what it names."""

    payment: Uuid
    reference: str
    received_on: CalendarDate
    amount: MoneyView
    payer: PayerNamed
    order: Uuid | None
    order_reference: str | None
    invoice_number: str | None
    customer: str | None = None
    pays: list[InvoiceMeant] | None = None


class PayrollSum(PartView):
    """A sum of a pay run on one side."""

    role: Literal["salaries", "employer_contributions", "wages_payable", "tax_payable", "contributions_payable"]
    side: Literal["debit", "credit"]
    amount: UnsignedAmount
    cost_centre: str | None


class PayrollJournal(EventView, of=PayrollPosted):
    """What is booked of a pay run."""

    run: Uuid
    posted_on: CalendarDate
    currency: CurrencyCode
    lines: list[PayrollSum]


class TrainingPart(PartView):
    """What a cost centre bears of a session."""

    cost_centre: str | None
    cost: MoneyView


class TrainingCost(EventView, of=TrainingCostIncurred):
    """What is booked of a training session."""

    session: Uuid
    held_on: CalendarDate
    shares: list[TrainingPart] = Field(min_length=1)


class GoodsIssued(EventView, of=StockIssued):
    """What the goods of a shipment cost."""

    shipment: Uuid
    order: Uuid
    issued_on: CalendarDate
    currency: CurrencyCode
    cost: str


class GoodsValued(EventView, of=StockValued):
    """By how much a document of inventory changed the value of stock."""

    document: Uuid
    kind: Literal["receipt", "opening", "count", "transit-loss", "revaluation"]
    posted_on: CalendarDate
    currency: CurrencyCode
    value: str
    written_off: str | None = None
