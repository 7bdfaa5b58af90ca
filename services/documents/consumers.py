"""The Kafka door of documents."""

from __future__ import annotations

from collections.abc import Sequence

from chassis.consumers import Consumers, Received
from chassis.database import UnitOfWork
from chassis.errors import Outcomes
from contracts.ledger import (
    AccountOpened,
    CreditCheckRequired,
    ExchangeRateRecorded,
    InvoiceOverdue,
    InvoicePaid,
    TaxCodeDefined,
)
from services.documents import handlers
from services.documents.translate import (
    CreditNoteToFile,
    EmployeeToFile,
    InvoiceToFile,
    NewCompany,
    to_learn_company,
    to_open_employee_file,
    to_register_credit_note,
    to_register_invoice,
)

consumers = Consumers("documents")


@consumers.on(NewCompany, introduces_company=True)
async def on_company_registered(events: Sequence[Received[NewCompany]], unit: UnitOfWork) -> Outcomes:
    """Papers are filed per company, so its events wait until we know it."""
    return await handlers.learn_companies([to_learn_company(event) for event in events], unit)


@consumers.on(InvoiceToFile)
async def on_invoice_issued(events: Sequence[Received[InvoiceToFile]], unit: UnitOfWork) -> Outcomes:
    """An invoice is a paper: it is on file at once and rendered when there is time."""
    return await handlers.register_documents([to_register_invoice(event) for event in events], unit)


@consumers.on(CreditNoteToFile)
async def on_credit_note_issued(events: Sequence[Received[CreditNoteToFile]], unit: UnitOfWork) -> Outcomes:
    """A credit note is a paper of its own beside the invoice that it credits."""
    return await handlers.register_documents([to_register_credit_note(event) for event in events], unit)


@consumers.on(EmployeeToFile)
async def on_employee_hired(events: Sequence[Received[EmployeeToFile]], unit: UnitOfWork) -> Outcomes:
    """A file is opened from the hire itself, so that it is there while payroll is away."""
    return await handlers.register_documents([to_open_employee_file(event) for event in events], unit)


consumers.ignore(ExchangeRateRecorded, because="a rate of exchange is no paper")
consumers.ignore(
    AccountOpened, CreditCheckRequired, TaxCodeDefined, because="the chart of accounts, credit and taxes are not papers"
)
consumers.ignore(
    InvoiceOverdue, because="the letter about it has an event of its own; nothing is printed on the invoice"
)
consumers.ignore(InvoicePaid, because="a payment changes nothing that is printed on the invoice")
