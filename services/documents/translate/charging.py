"""Charges for late payment that are taken back, from the published language to papers."""

from __future__ import annotations

import orjson

from chassis.consumers import Received
from chassis.ids import UUID
from contracts.base import CalendarDate, DocumentNumber, EventView, MoneyView, Reference, Text, UnsignedAmount, Uuid
from contracts.ledger_dues import DunningChargeTakenBack
from services.documents.commands import RegisterDocument
from services.documents.domain.charging import ChargeNote, charge_note_of
from services.documents.domain.filing import CLASS_OF
from services.documents.translate.ids import customer_id, document_id, party_id
from services.documents.translate.leaving import RecipientToPrint, SellerToPrint

KIND = "credit_note"


class ChargeNoteToFile(EventView, of=DunningChargeTakenBack):
    """What the credit note of a charge says."""

    number: DocumentNumber
    credit_note: Uuid
    credit_note_number: DocumentNumber
    issued_on: CalendarDate
    reason: Text
    total: MoneyView
    order_reference: Reference | None = None
    seller: SellerToPrint | None = None
    customer: RecipientToPrint | None = None
    fee: UnsignedAmount | None = None
    interest: UnsignedAmount | None = None


def to_register_charge_note(event: Received[ChargeNoteToFile]) -> RegisterDocument | None:
    """A charge is taken back: put its credit note on file. None for one that was told of before its paper was.

    It belongs to no order: what an order was invoiced and credited stays complete without it.
    """
    data, company = event.data, event.cause.company
    if data.seller is None or data.customer is None:
        return None
    note = ChargeNote(
        data.credit_note_number,
        data.issued_on,
        data.number,
        data.order_reference or data.number,
        data.reason,
        data.seller.model_dump(mode="json", exclude_none=True),
        data.customer.model_dump(mode="json", exclude_none=True),
        data.customer.language,
        data.total.currency,
        data.fee,
        data.interest,
        data.total.amount,
    )
    return RegisterDocument(
        event.cause,
        document_id(company, KIND, data.credit_note),
        CLASS_OF[KIND],
        note.number,
        KIND,
        UUID(data.credit_note),
        None,
        None,
        party_id(company, data.customer.name),
        data.customer.name,
        data.customer.language,
        data.issued_on,
        orjson.dumps(charge_note_of(note)),
        links=(("customer", customer_id(company, data.customer.id)),),
    )
