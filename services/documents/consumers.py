"""The Kafka door of documents."""

from __future__ import annotations

from collections.abc import Sequence

from chassis.consumers import Consumers, Received
from chassis.database import UnitOfWork
from chassis.errors import Outcomes
from contracts.inventory import StockIssued
from contracts.ledger import AccountOpened, CreditCheckRequired, ExchangeRateRecorded, InvoicePaid, TaxCodeDefined
from contracts.ledger_dues import InvoiceOverdue
from contracts.payroll import EmployeeLeft, EmployeeRegistered
from services.documents import handlers
from services.documents.translate import (
    ChangedCompany,
    ChargeNoteToFile,
    CreditNoteToFile,
    EmployeeToFile,
    InvoiceToFile,
    LetterToFile,
    NewCompany,
    NotLeft,
    PapersOfLeaver,
    ShipmentToFile,
    StatementToFile,
    to_change_letterhead,
    to_learn_company,
    to_open_employee_file,
    to_register_charge_note,
    to_register_credit_note,
    to_register_invoice,
    to_register_letter,
    to_register_shipment,
    to_register_statement,
    to_start_retention,
    to_withdraw_retention,
)

consumers = Consumers("documents")


@consumers.on(NewCompany, introduces_company=True)
async def on_company_registered(events: Sequence[Received[NewCompany]], unit: UnitOfWork) -> Outcomes:
    """Papers are filed per company, so its events wait until we know it."""
    return await handlers.learn_companies([to_learn_company(event) for event in events], unit)


@consumers.on(ChangedCompany)
async def on_company_changed(events: Sequence[Received[ChangedCompany]], unit: UnitOfWork) -> Outcomes:
    """A company moves or is renamed: its papers of that day and later have another head."""
    return await handlers.change_letterheads([to_change_letterhead(event) for event in events], unit)


@consumers.on(InvoiceToFile)
async def on_invoice_issued(events: Sequence[Received[InvoiceToFile]], unit: UnitOfWork) -> Outcomes:
    """An invoice is a paper: it is on file at once and rendered when there is time."""
    return await handlers.register_documents([to_register_invoice(event) for event in events], unit)


@consumers.on(CreditNoteToFile)
async def on_credit_note_issued(events: Sequence[Received[CreditNoteToFile]], unit: UnitOfWork) -> Outcomes:
    """A credit note is a paper of its own beside the invoice that it credits."""
    return await handlers.register_documents([to_register_credit_note(event) for event in events], unit)


@consumers.on(ShipmentToFile)
async def on_shipment_dispatched(events: Sequence[Received[ShipmentToFile]], unit: UnitOfWork) -> Outcomes:
    """Goods leave with a delivery note, a packing list and labels."""
    return await handlers.register_shipments([to_register_shipment(event) for event in events], unit)


@consumers.on(LetterToFile)
async def on_dunning_level_reached(events: Sequence[Received[LetterToFile]], unit: UnitOfWork) -> Outcomes:
    """Who is reminded gets a letter, in their own language, unless nothing of it is to be paid now."""
    letters = [letter for event in events if (letter := to_register_letter(event)) is not None]
    return await handlers.register_documents(letters, unit)


@consumers.on(ChargeNoteToFile)
async def on_dunning_charge_taken_back(events: Sequence[Received[ChargeNoteToFile]], unit: UnitOfWork) -> Outcomes:
    """What being late cost is not owed any more: the customer gets a credit note over it."""
    notes = [note for event in events if (note := to_register_charge_note(event)) is not None]
    return await handlers.register_documents(notes, unit)


@consumers.on(StatementToFile)
async def on_statement_drawn(events: Sequence[Received[StatementToFile]], unit: UnitOfWork) -> Outcomes:
    """Somebody asked the ledger for a customer's statement on paper."""
    return await handlers.register_documents([to_register_statement(event) for event in events], unit)


@consumers.on(EmployeeToFile)
async def on_employee_hired(events: Sequence[Received[EmployeeToFile]], unit: UnitOfWork) -> Outcomes:
    """A file is opened from the hire itself, so that it is there while payroll is away."""
    return await handlers.register_documents([to_open_employee_file(event) for event in events], unit)


@consumers.on(PapersOfLeaver)
async def on_document_retention_started(events: Sequence[Received[PapersOfLeaver]], unit: UnitOfWork) -> Outcomes:
    """Somebody has left: from that day on it is counted how long their papers are kept."""
    return await handlers.start_retention([to_start_retention(event) for event in events], unit)


@consumers.on(NotLeft)
async def on_employment_changed(events: Sequence[Received[NotLeft]], unit: UnitOfWork) -> Outcomes:
    """Somebody had not left on the day that was told: nothing is counted from it any more."""
    withdrawn = [command for event in events if (command := to_withdraw_retention(event)) is not None]
    return await handlers.start_retention(withdrawn, unit)


consumers.ignore(ExchangeRateRecorded, because="a rate of exchange is no paper")
consumers.ignore(
    AccountOpened, CreditCheckRequired, TaxCodeDefined, because="the chart of accounts, credit and taxes are not papers"
)
consumers.ignore(
    InvoiceOverdue, because="the letter about it has an event of its own; nothing is printed on the invoice"
)
consumers.ignore(InvoicePaid, because="a payment changes nothing that is printed on the invoice")
consumers.ignore(
    EmployeeRegistered, EmployeeLeft,
    because="payroll sends the papers of employments itself, and says apart from when on they are kept",
)  # fmt: skip
consumers.ignore(StockIssued, because="what goods cost stands on no paper that goes with them")
