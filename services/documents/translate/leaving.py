"""Goods that leave and letters that remind, from the published language to papers."""

from __future__ import annotations

from collections.abc import Mapping

import orjson

from chassis.consumers import Received
from chassis.ids import UUID
from contracts.base import (
    AddressView,
    CalendarDate,
    CurrencyCode,
    CustomerId,
    DocumentNumber,
    EventView,
    Iban,
    Language,
    LineNumber,
    Name,
    PartView,
    Quantity,
    Reference,
    Sku,
    Text,
    UnsignedAmount,
    Uuid,
    VatNumber,
)
from contracts.inventory import ShipmentDispatched
from contracts.ledger_dues import DunningLevelReached
from services.documents.commands import RegisterDocument, RegisterShipment
from services.documents.domain.goods import Departure, Parcel, papers_of
from services.documents.domain.reminding import OverdueItem, Reminder, letter_number, letter_of
from services.documents.translate.ids import customer_id, paper_id, party_id


class SellerToPrint(PartView):
    """Whose paper it is, as it stands at its head."""

    name: Name
    address: AddressView
    vat_number: VatNumber | None = None
    iban: Iban | None = None


class RecipientToPrint(PartView):
    """Whom goods or a letter go to."""

    id: CustomerId
    name: Name
    language: Language
    address: AddressView
    vat_number: VatNumber | None = None


class GoodsToPrint(PartView):
    """What left the house for one line of the order."""

    line: LineNumber
    item: Sku
    description: Text
    quantity: Quantity
    unit: str


class InParcelToPrint(PartView):
    """What lies in a parcel of one line."""

    line: LineNumber
    quantity: Quantity


class ParcelToPrint(PartView):
    """A parcel of a shipment."""

    parcel: int
    sscc: str | None = None
    weight: Text | None = None
    lines: list[InParcelToPrint]


class ShipmentToFile(EventView, of=ShipmentDispatched):
    """What the papers of a shipment say."""

    shipment: Uuid
    number: DocumentNumber
    order: Uuid
    order_reference: Reference
    dispatched_on: CalendarDate
    complete: bool
    ship_to: RecipientToPrint
    lines: list[GoodsToPrint]
    packages: int | None = None
    carrier: Text | None = None
    tracking: Reference | None = None
    parcels: list[ParcelToPrint] | None = None


class DunnedToPrint(PartView):
    """An overdue invoice."""

    invoice: Uuid
    number: DocumentNumber
    issued_on: CalendarDate
    due_on: CalendarDate
    days_overdue: int
    total: UnsignedAmount
    open: UnsignedAmount
    disputed: bool


class LetterToFile(EventView, of=DunningLevelReached):
    """What a letter about what is overdue says."""

    letter: Uuid
    day: CalendarDate
    level: int
    seller: SellerToPrint
    customer: RecipientToPrint
    currency: CurrencyCode
    items: list[DunnedToPrint]
    fee: UnsignedAmount
    interest: UnsignedAmount
    charge_number: DocumentNumber | None = None


def to_register_shipment(event: Received[ShipmentToFile]) -> RegisterShipment:
    """Goods left: put the papers that go with them on file."""
    data = event.data
    departure = Departure(
        data.number,
        data.order_reference,
        data.dispatched_on,
        data.complete,
        data.ship_to.language,
        _printed(data.ship_to, exclude={"id", "language"}),
        [_printed(line) for line in data.lines],
        data.packages,
        data.carrier,
        data.tracking,
        [
            Parcel(parcel.parcel, parcel.sscc, parcel.weight, [(line.line, line.quantity) for line in parcel.lines])
            for parcel in data.parcels or ()
        ],
    )
    customer = customer_id(event.cause.company, data.ship_to.id)
    return RegisterShipment(event.cause, UUID(data.shipment), UUID(data.order), customer, departure)


def papers_of_shipment(command: RegisterShipment, seller: Mapping[str, object]) -> list[RegisterDocument]:
    """The papers that go with goods, each filed by its shipment as if somebody had asked for it."""
    company, departure = command.cause.company, command.departure
    name = str(departure.recipient["name"])
    return [
        RegisterDocument(
            command.cause,
            paper_id(company, document_class, "shipment", command.shipment, number),
            document_class,
            number,
            "shipment",
            command.shipment,
            command.order,
            None,
            party_id(company, name),
            name,
            departure.language,
            departure.dispatched_on,
            orjson.dumps(facts),
            links=(("customer", command.customer),),
        )
        for document_class, number, facts in papers_of(departure, seller)
    ]


def to_register_letter(event: Received[LetterToFile]) -> RegisterDocument | None:
    """A customer is reminded: put the letter on file, beside the invoices that it is about. None if it asks nothing."""
    data = event.data
    company, number = event.cause.company, letter_number(data.day, data.letter)
    reminder = Reminder(
        number,
        data.day,
        data.level,
        data.customer.language,
        _printed(data.seller),
        _printed(data.customer, exclude={"language"}),
        data.currency,
        [_overdue(item) for item in data.items],
        data.fee,
        data.interest,
        data.charge_number,
    )
    if not reminder.asks:
        return None
    letter = UUID(data.letter)
    return RegisterDocument(
        event.cause,
        paper_id(company, "dunning_letter", "letter", letter, number),
        "dunning_letter",
        number,
        "letter",
        letter,
        None,
        None,
        party_id(company, data.customer.name),
        data.customer.name,
        data.customer.language,
        data.day,
        orjson.dumps(letter_of(reminder)),
        links=(
            ("customer", customer_id(company, data.customer.id)),
            *(("invoice", UUID(item.invoice)) for item in data.items),
        ),
    )


def _printed(part: PartView, *, exclude: set[str] | None = None) -> dict[str, object]:
    return part.model_dump(mode="json", exclude=exclude, exclude_none=True)


def _overdue(item: DunnedToPrint) -> OverdueItem:
    printed: dict[str, object] = {
        "invoice_number": item.number,
        "issued_on": item.issued_on,
        "due_on": item.due_on,
        "days": item.days_overdue,
        "amount": item.total,
        "open": item.open,
    }
    return OverdueItem(printed, item.number, item.open, item.disputed)
