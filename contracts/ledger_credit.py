"""Events of the ledger about the time that customers are given: what is overdue, and how they are reminded."""

from typing import Annotated

from pydantic import Field

from contracts.base import CalendarDate, CurrencyCode, DocumentNumber, EventData, Money, Part, UnsignedAmount, Uuid
from contracts.ledger_parts import InvoiceCustomer, Seller


class InvoiceOverdue(EventData, topic="ledger.invoices", key="invoice"):
    """An invoice is open beyond the day it was due, and was seen so for the first time."""

    invoice: Uuid
    number: DocumentNumber
    order: Uuid
    due_on: CalendarDate
    seen_on: CalendarDate
    open: Annotated[Money, Field(description="What is open of it.")]


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


class DunningLevelReached(EventData, topic="ledger.dunning", key="letter"):
    """A customer is reminded of what is overdue; carries all that the letter prints."""

    letter: Uuid
    day: CalendarDate
    level: Annotated[int, Field(ge=1, le=9, description="The highest that an invoice reached with this letter.")]
    seller: Seller
    customer: InvoiceCustomer
    currency: CurrencyCode
    items: Annotated[
        list[DunnedItem],
        Field(min_length=1, max_length=500, description="All that is overdue; more of it stands on further letters."),
    ]
    overdue: Annotated[UnsignedAmount, Field(description="What is open of all items.")]
    fee: UnsignedAmount
    interest: Annotated[UnsignedAmount, Field(description="On all items, since they were dunned last.")]
    total: Annotated[UnsignedAmount, Field(description="What is open, the fee and the interest.")]
    charge: Annotated[Uuid | None, Field(description="The debit note over fee and interest, where they are owed.")] = (
        None
    )
    charge_number: DocumentNumber | None = None
