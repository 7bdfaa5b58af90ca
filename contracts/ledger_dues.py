"""Events of the ledger about what customers owe, who is reminded of it, statements, and goods that were booked late."""

from typing import Annotated, Literal

from pydantic import Field

from contracts.base import (
    Amount,
    CalendarDate,
    CurrencyCode,
    DocumentNumber,
    EventData,
    Money,
    Part,
    Reference,
    Text,
    UnsignedAmount,
    Uuid,
)
from contracts.ledger_parts import DunnedItem, InvoiceCustomer, Seller


class InvoiceOverdue(EventData, topic="ledger.invoices", key="invoice"):
    """An invoice is open beyond the day it was due, and was seen so for the first time."""

    invoice: Uuid
    number: DocumentNumber
    order: Uuid
    due_on: CalendarDate
    seen_on: CalendarDate
    open: Annotated[Money, Field(description="What is open of it.")]


class DunningChargeTakenBack(EventData, topic="ledger.invoices", key="invoice"):
    """A charge for late payment was taken back, whole: nothing of it is owed any more; its invoice stays."""

    invoice: Annotated[Uuid, Field(description="The charge: a debit note over fee and interest.")]
    number: DocumentNumber
    credit_note: Uuid
    credit_note_number: DocumentNumber
    issued_on: CalendarDate
    order: Annotated[Uuid, Field(description="As of the charge; its own id where it belongs to none.")]
    reason: Text
    total: Annotated[Money, Field(description="What was charged, and is not owed any more.")]
    entry: Annotated[Uuid, Field(description="The one that reverses the charge's.")]
    order_reference: Annotated[
        Reference | None, Field(description="As of the charge. This and what follows prints.")
    ] = None
    seller: Annotated[Seller | None, Field(description="As the charge's letter said.")] = None
    customer: Annotated[InvoiceCustomer | None, Field(description="As the charge's letter said.")] = None
    fee: Annotated[UnsignedAmount | None, Field(description="Of the total: the fee for reminding.")] = None
    interest: Annotated[UnsignedAmount | None, Field(description="Of the total: interest for late payment.")] = None


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
    overdue: Annotated[UnsignedAmount, Field(description="What is open of all items that nothing stops.")]
    fee: UnsignedAmount
    interest: Annotated[UnsignedAmount, Field(description="On all items, since they were dunned last.")]
    total: Annotated[UnsignedAmount, Field(description="What is asked for: what is overdue, the fee and the interest.")]
    charge: Annotated[Uuid | None, Field(description="The debit note over fee and interest, where they are owed.")] = (
        None
    )
    charge_number: DocumentNumber | None = None
    stopped: Annotated[
        UnsignedAmount | None, Field(description="What is open of items that are disputed or promised: not asked for.")
    ] = None


class StatementMove(Part):
    """What changed what a customer owes."""

    day: CalendarDate
    kind: Literal["invoice", "payment", "payment-taken-back", "credit-note", "discount"]
    document: Annotated[Text, Field(description="Number of the invoice or credit note, or the payment's reference.")]
    invoice: Annotated[DocumentNumber, Field(description="That it is about.")]
    due_on: CalendarDate
    amount: Annotated[Amount, Field(description="What it adds to what is owed; below zero: takes off.")]
    balance: Annotated[Amount, Field(description="What is owed after it.")]


class OpenByAge(Part):
    """What is open of invoices that are so many days overdue."""

    days_from: Annotated[int, Field(ge=1, le=99_999, description="Null: not overdue.")] | None
    days_to: Annotated[int, Field(ge=1, le=99_999, description="Null: and more, or not overdue.")] | None
    open: Amount


class StatementDrawn(EventData, topic="ledger.statements", key="statement"):
    """Somebody asked for a customer's statement on paper; carries all that it prints. One for each currency."""

    statement: Uuid
    drawn_on: CalendarDate
    since: CalendarDate
    as_of: CalendarDate
    seller: Seller
    customer: InvoiceCustomer
    currency: CurrencyCode
    opening: Annotated[Amount, Field(description="What was owed before the first day.")]
    lines: Annotated[list[StatementMove], Field(max_length=1_000)]
    closing: Annotated[Amount, Field(description="What is owed at the end of the last day.")]
    unapplied: Annotated[UnsignedAmount, Field(description="Money of the customer that pays nothing yet.")]
    ageing: Annotated[list[OpenByAge], Field(max_length=20, description="What is open of the closing, by age.")]


class StockPostedLate(EventData, topic="ledger.stock", key="document"):
    """A document about goods is of a period that is closed: its value stands in the books on a later day.

    Whoever compares what stock is worth with the books takes the document on that day too.
    """

    document: Annotated[Uuid, Field(description="As in StockValued, or the shipment of StockIssued.")]
    entry: Uuid
    original_on: Annotated[CalendarDate, Field(description="Its own day.")]
    posted_on: Annotated[CalendarDate, Field(description="The first open day after it.")]
