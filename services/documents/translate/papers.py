"""Papers and files in the published language: what is put on file, and what is told of it."""

from __future__ import annotations

from datetime import date

import orjson

from chassis.cause import Cause
from chassis.consumers import Received
from chassis.ids import UUID
from contracts.base import (
    AddressView,
    CalendarDate,
    CompanyCode,
    DocumentNumber,
    EventData,
    EventView,
    Iban,
    Language,
    Name,
    PartView,
    Reference,
    Uuid,
    VatNumber,
)
from contracts.documents import DocumentRegistered, DocumentRegisteredV2, DocumentStored, DocumentStoredV2
from contracts.gateway import EmployeeHired
from contracts.ledger import CompanyChanged, CompanyRegistered, CreditNoteIssued, InvoiceIssued
from services.documents.commands import (
    Bytes,
    ChangeFile,
    ChangeLetterhead,
    KeepContent,
    LearnCompany,
    RegisterDocument,
    Source,
    TakeFile,
)
from services.documents.domain.classes import ClassOfDocuments
from services.documents.domain.filing import CLASS_OF, FIRST_VERSION, title_of
from services.documents.keeping.intake import Entry, own
from services.documents.translate.ids import document_id, party_id

Fact = tuple[type[EventData], UUID, dict[str, object]]
"""An event to emit: its type, its key, its data."""


class NewCompany(EventView, of=CompanyRegistered):
    """A company as documents sees it."""

    company: CompanyCode
    name: Name
    address: AddressView
    vat_number: VatNumber | None = None
    iban: Iban | None = None


class ChangedCompany(EventView, of=CompanyChanged):
    """The head of a company's papers from a day on."""

    company: CompanyCode
    valid_from: CalendarDate
    name: Name
    address: AddressView
    vat_number: VatNumber | None = None
    iban: Iban | None = None


class CustomerToFile(PartView):
    """Whose paper it is, and in which language."""

    name: Name
    language: Language


class InvoiceToFile(EventView, of=InvoiceIssued):
    """What is filed of an invoice by name; all the rest is kept as it came, to be printed."""

    invoice: Uuid
    number: DocumentNumber
    issued_on: CalendarDate
    order: Uuid
    customer: CustomerToFile
    revision: int | None = None


class CreditNoteToFile(EventView, of=CreditNoteIssued):
    """What is filed of a credit note by name."""

    credit_note: Uuid
    number: DocumentNumber
    issued_on: CalendarDate
    order: Uuid
    customer: CustomerToFile
    revision: int | None = None


class EmployeeToFile(EventView, of=EmployeeHired):
    """For whom a file is opened."""

    employee: Uuid
    reference: Reference
    name: Name
    starts_on: CalendarDate
    language: Language


# -- in ---------------------------------------------------------------------------------------------------------------


def to_learn_company(event: Received[NewCompany]) -> LearnCompany:
    """A company is registered: file its papers."""
    seller = event.data.model_dump(mode="json", exclude={"company"}, exclude_none=True)
    return LearnCompany(event.cause, event.data.company, orjson.dumps(seller))


def to_change_letterhead(event: Received[ChangedCompany]) -> ChangeLetterhead:
    """A company is renamed or moves: print its papers under this head from the day on."""
    seller = event.data.model_dump(mode="json", exclude={"company", "valid_from"}, exclude_none=True)
    return ChangeLetterhead(event.cause, event.sequence, event.data.valid_from, orjson.dumps(seller))


def to_register_invoice(event: Received[InvoiceToFile]) -> RegisterDocument:
    """An invoice is issued: put it on file."""
    data = event.data
    return _of_sale(event, "invoice", data.invoice, data.number, data.issued_on, data.order, data.customer)


def to_register_credit_note(event: Received[CreditNoteToFile]) -> RegisterDocument:
    """A credit note is issued: put it on file."""
    data = event.data
    return _of_sale(event, "credit_note", data.credit_note, data.number, data.issued_on, data.order, data.customer)


def to_open_employee_file(event: Received[EmployeeToFile]) -> RegisterDocument:
    """Somebody is hired: open a file, in which papers about them will be put."""
    data = event.data
    employee = UUID(data.employee)
    return RegisterDocument(
        event.cause,
        document_id(event.cause.company, "employee", employee),
        "employee_file",
        data.reference,
        "employee",
        employee,
        None,
        employee,
        party_id(event.cause.company, data.name),
        data.name,
        data.language,
        data.starts_on,
        event.body,
    )


def to_take_file(cause: Cause, source: Source, of: ClassOfDocuments, entry: Entry, content: Bytes) -> TakeFile:
    """Bytes came in, and somebody says what they are."""
    return TakeFile(
        cause,
        source,
        of.code,
        of.version,
        of.title,
        entry.title or content.file_name,
        entry.number,
        entry.language,
        entry.dated or cause.at.date(),
        None if entry.about is None else entry.about.pair,
        None if entry.order is None else own(entry.order),
        None if entry.employee is None else own(entry.employee),
        content,
        entry.metadata,
        tuple(link.pair for link in entry.links),
    )


def _of_sale(
    event: Received[InvoiceToFile] | Received[CreditNoteToFile],
    kind: str,
    about: str,
    number: str,
    issued_on: date,
    order: str,
    customer: CustomerToFile,
) -> RegisterDocument:
    return RegisterDocument(
        event.cause,
        document_id(event.cause.company, kind, about),
        CLASS_OF[kind],
        number,
        kind,
        UUID(about),
        UUID(order),
        None,
        party_id(event.cause.company, customer.name),
        customer.name,
        customer.language,
        issued_on,
        event.body,
        event.data.revision,
    )


# -- out --------------------------------------------------------------------------------------------------------------


def document_registered(command: RegisterDocument, template: str | None) -> Fact:
    """The document is on file."""
    kind = DocumentRegistered if command.document_class in FIRST_VERSION else DocumentRegisteredV2
    data: dict[str, object] = {
        "document": command.document,
        "class": command.document_class,
        "title": title_of(command.document_class, command.language, command.number),
        "number": command.number,
        "about": {"kind": command.about_kind, "id": command.about_id},
        "order": command.order,
        "employee": command.employee,
        "template": template,
        "language": command.language,
    }
    if command.revision is not None:
        data["revision"] = command.revision
    return kind, command.document, data


def document_stored(command: KeepContent) -> Fact:
    """The bytes of the document are kept."""
    data: dict[str, object] = {
        "document": command.document,
        "class": command.document_class,
        "order": command.order,
        "sha256": command.sha256.hex(),
        "size": command.size,
        "media_type": command.media_type,
    }
    if command.document_class in FIRST_VERSION:
        return DocumentStored, command.document, data
    return DocumentStoredV2, command.document, data | {"version": 1, "employee": command.employee}


def file_registered(document: UUID, command: TakeFile) -> Fact:
    """A file is on file. How its sender calls it stays here: the event goes to whoever may read no class at all."""
    data: dict[str, object] = {
        "document": document,
        "class": command.document_class,
        "title": command.class_title,
        "number": command.number,
        "about": None if command.about is None else {"kind": command.about[0], "id": command.about[1]},
        "order": command.order,
        "employee": command.employee,
        "template": None,
        "language": command.language,
    }
    return DocumentRegisteredV2, document, data


def file_stored(document: UUID, version: int, command: TakeFile | ChangeFile) -> Fact:
    """The bytes of a version of a file are kept."""
    assert command.content is not None
    data: dict[str, object] = {
        "document": document,
        "class": command.document_class,
        "version": version,
        "order": command.order,
        "employee": command.employee,
        "sha256": command.content.sha256.hex(),
        "size": command.content.size,
        "media_type": command.content.media_type,
    }
    return DocumentStoredV2, document, data
