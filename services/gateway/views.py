"""What the timelines use of each event: one view per type, with as few fields as an answer shows."""

from __future__ import annotations

from pydantic import Field

from contracts.base import EventView, PartView, Timestamp
from contracts.documents import DocumentRegistered, DocumentStored
from contracts.gateway import EmployeeHired, OrderCancelled, OrderChanged, OrderPlaced, PaymentReceived
from contracts.inventory import (
    BackOrderReserved,
    CancellationRefused,
    OrderBackOrdered,
    OrderChangeRefused,
    ReservationReduced,
    ReservationRefused,
    ReservationReleased,
    ShipmentDispatched,
    StockIssued,
    StockReserved,
)
from contracts.ledger import (
    CompanyRegistered,
    CreditApproved,
    CreditHeld,
    CreditNoteIssued,
    InvoiceIssued,
    InvoicePaid,
    InvoiceRefused,
    PaymentAllocated,
    PaymentBounced,
    PaymentRefunded,
)
from contracts.ledger_dues import DunningChargeTakenBack, InvoiceOverdue
from contracts.payroll import DocumentRetentionStarted, EmployeeLeft, EmployeeRegistered, EmploymentChanged


class NewCompany(EventView, of=CompanyRegistered):
    """A company that front offices may name from now on."""

    name: str


class PlacedCustomer(PartView):
    """Who ordered."""

    id: str
    name: str


class Placed(EventView, of=OrderPlaced):
    """What orders are searched by."""

    order: str
    reference: str
    source: str
    placed_at: Timestamp
    currency: str
    customer: PlacedCustomer


class Cancelled(EventView, of=OrderCancelled):
    """An order is to be undone."""

    order: str
    reason: str


class Changed(EventView, of=OrderChanged):
    """An order has other lines from now on."""

    order: str
    revision: int
    reason: str


class NotChanged(EventView, of=OrderChangeRefused):
    """Too late to change it, and why."""

    order: str
    revision: int
    code: str
    stage: str
    detail: str


class Counted(PartView):
    """So much of a line."""

    quantity: str


class Reserved(EventView, of=StockReserved):
    """Stock is set aside."""

    order: str
    lines: list[Counted]
    complete: bool | None = None
    revision: int | None = None


class NotReserved(EventView, of=ReservationRefused):
    """No stock, and why."""

    order: str
    code: str
    detail: str
    revision: int | None = None


class Released(EventView, of=ReservationReleased):
    """Stock is free again."""

    order: str
    reason: str
    revision: int | None = None
    replaced_by: int | None = None


class NotCancelled(EventView, of=CancellationRefused):
    """A cancellation came too late."""

    order: str
    code: str
    detail: str


class Arrived(EventView, of=BackOrderReserved):
    """Goods have come for an order that waited."""

    order: str
    lines: list[Counted]
    complete: bool | None = None
    part: int | None = None
    revision: int | None = None


class Waits(EventView, of=OrderBackOrdered):
    """Something of an order waits for goods, and why."""

    order: str
    detail: str
    revision: int | None = None


class Reduced(EventView, of=ReservationReduced):
    """Something of an order is let go; what has left stays."""

    order: str
    reason: str
    over: bool
    lines: list[Counted]
    revision: int | None = None


class Costed(EventView, of=StockIssued):
    """What the goods of a shipment cost."""

    shipment: str
    order: str


class Shipped(EventView, of=ShipmentDispatched):
    """Goods of the order left the house."""

    shipment: str
    number: str
    order: str
    complete: bool
    carrier: str | None = None
    tracking: str | None = None


class CreditGiven(EventView, of=CreditApproved):
    """The order may get stock."""

    order: str
    because: str
    currency: str
    amount: str
    exposure: str
    limit: str | None = None
    revision: int | None = None


class OverLimit(EventView, of=CreditHeld):
    """The order waits, and why."""

    order: str
    currency: str
    amount: str
    exposure: str
    limit: str
    detail: str
    revision: int | None = None


class Invoiced(EventView, of=InvoiceIssued):
    """The order's invoice."""

    invoice: str
    number: str
    order: str
    currency: str
    lines: list[Counted]
    total: str
    entry: str | None = None
    revision: int | None = None


class Credited(EventView, of=CreditNoteIssued):
    """The order's invoice is taken back."""

    credit_note: str
    invoice: str
    number: str
    order: str
    currency: str
    total: str
    entry: str | None = None
    revision: int | None = None
    partial: bool | None = None


class NotInvoiced(EventView, of=InvoiceRefused):
    """No invoice, and why."""

    order: str
    code: str
    detail: str
    pointer: str | None
    revision: int | None = None


class Paid(EventView, of=InvoicePaid):
    """Nothing of the invoice is open."""

    number: str
    order: str
    revision: int | None = None


class BeyondItsDay(EventView, of=InvoiceOverdue):
    """An invoice is overdue."""

    number: str
    order: str
    due_on: str


class ChargeTakenBack(EventView, of=DunningChargeTakenBack):
    """What being late cost is not owed any more."""

    invoice: str
    number: str
    credit_note: str
    credit_note_number: str
    order: str
    reason: str
    entry: str


class Allocated(PartView):
    """A payment's part for one invoice."""

    number: str
    order: str
    amount: str
    revision: int | None = None


class OpenAgain(PartView):
    """An invoice that a payment does not pay any more."""

    number: str
    order: str
    amount: str


class Spread(EventView, of=PaymentAllocated):
    """What a payment pays."""

    payment: str
    allocations: list[Allocated]
    unapplied: str
    reopened: list[OpenAgain] | None = None


class Bounced(EventView, of=PaymentBounced):
    """The bank took a payment back."""

    payment: str
    reason: str
    reopened: list[OpenAgain]


class Sum(PartView):
    """An amount."""

    amount: str
    currency: str


class Received(EventView, of=PaymentReceived):
    """Money came in, perhaps for an order."""

    payment: str
    reference: str
    amount: Sum
    order: str | None


class Refunded(EventView, of=PaymentRefunded):
    """Money went back."""

    payment: str
    amount: Sum
    reason: str


class Filed(EventView, of=DocumentRegistered):
    """A document of an order or a person."""

    document: str
    document_class: str = Field(alias="class")
    number: str | None
    order: str | None
    employee: str | None
    revision: int | None = None


class Stored(EventView, of=DocumentStored):
    """A document that can be fetched."""

    document: str
    document_class: str = Field(alias="class")
    order: str | None


class Hired(EventView, of=EmployeeHired):
    """A person was hired."""

    employee: str
    reference: str


class OnRegister(EventView, of=EmployeeRegistered):
    """Payroll knows the person."""

    employee: str
    number: str


class OtherwiseEmployed(EventView, of=EmploymentChanged):
    """A person has another job, department, cost centre or manager from a day on."""

    employee: str
    effective_on: str
    changed: list[str]


class Gone(EventView, of=EmployeeLeft):
    """A person's last day is over."""

    employee: str
    left_on: str
    accounts: list[str] | None = None


class PapersKept(EventView, of=DocumentRetentionStarted):
    """The time runs for which a person's papers are kept."""

    employee: str
    since: str
