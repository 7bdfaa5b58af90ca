"""Statements of customers, from the published language to papers."""

from __future__ import annotations

import orjson

from chassis.consumers import Received
from chassis.ids import UUID
from contracts.base import Amount, CalendarDate, CurrencyCode, DocumentNumber, EventView, PartView, Text, Uuid
from contracts.ledger_dues import StatementDrawn
from services.documents.commands import RegisterDocument
from services.documents.domain.stating import Account, Moved, statement_number, statement_of
from services.documents.translate.ids import customer_id, paper_id, party_id
from services.documents.translate.leaving import RecipientToPrint, SellerToPrint


class MoveToPrint(PartView):
    """What changed what a customer owes."""

    day: CalendarDate
    kind: str
    document: Text
    invoice: DocumentNumber
    due_on: CalendarDate
    amount: Amount
    balance: Amount


class AgeToPrint(PartView):
    """What is open of one age."""

    days_from: int | None
    days_to: int | None
    open: Amount


class StatementToFile(EventView, of=StatementDrawn):
    """What a customer's statement says."""

    statement: Uuid
    drawn_on: CalendarDate
    since: CalendarDate
    as_of: CalendarDate
    seller: SellerToPrint
    customer: RecipientToPrint
    currency: CurrencyCode
    opening: Amount
    lines: list[MoveToPrint]
    closing: Amount
    unapplied: Amount
    ageing: list[AgeToPrint]


def to_register_statement(event: Received[StatementToFile]) -> RegisterDocument:
    """Somebody asked for a customer's statement: put it on file."""
    data, company = event.data, event.cause.company
    number = statement_number(data.as_of, data.statement)
    account = Account(
        number,
        data.drawn_on,
        data.since,
        data.as_of,
        data.customer.language,
        data.seller.model_dump(mode="json", exclude_none=True),
        data.customer.model_dump(mode="json", exclude={"language"}, exclude_none=True),
        data.currency,
        data.opening,
        [Moved(m.day, m.kind, m.document, m.invoice, m.due_on, m.amount, m.balance) for m in data.lines],
        data.closing,
        data.unapplied,
        [(age.days_from, age.days_to, age.open) for age in data.ageing],
    )
    statement = UUID(data.statement)
    return RegisterDocument(
        event.cause,
        paper_id(company, "statement", "statement", statement, number),
        "statement",
        number,
        "statement",
        statement,
        None,
        None,
        party_id(company, data.customer.name),
        data.customer.name,
        data.customer.language,
        data.drawn_on,
        orjson.dumps(statement_of(account)),
        links=(("customer", customer_id(company, data.customer.id)),),
    )
