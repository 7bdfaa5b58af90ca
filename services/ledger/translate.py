"""Between the published language and the ledger's own words, both ways."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from zoneinfo import ZoneInfo

import asyncpg
import orjson

from chassis.consumers import Received
from chassis.errors import Refused
from chassis.ids import UUID
from contracts.base import EventData
from contracts.ledger import (
    AccountOpened,
    CompanyRegistered,
    CreditNoteIssued,
    EntryPosted,
    InvoiceIssued,
    InvoicePaid,
    InvoiceRefused,
    PaymentAllocated,
    TaxCodeDefined,
)
from contracts.money import from_minor
from services.ledger.commands import (
    CloseOrder,
    NewAccount,
    NewTaxCode,
    RecordPayment,
    RecordReservation,
    RecordTerms,
    RegisterCompany,
    ReleaseOrder,
)
from services.ledger.domain.books import Books, TaxRule
from services.ledger.domain.documents import CreditNote, Invoice
from services.ledger.domain.invoicing import Draft, InvoiceLine, OrderLine, Reserved, TaxTotal, Terms
from services.ledger.domain.posting import Entry
from services.ledger.domain.settlement import Money, Receivable
from services.ledger.views import MoneyReceived, OrderNotReserved, OrderReleased, OrderReserved, OrderTerms

Emission = tuple[type[EventData], UUID | str, dict[str, object]]
"""What `unit.emit` wants: the event, its key, its data."""

ADDRESS = ("line1", "line2", "city", "postcode", "country")


# -- event → command --------------------------------------------------------------------------------------------------


def to_record_terms(event: Received[OrderTerms]) -> RecordTerms:
    """An order was placed."""
    return RecordTerms(event.cause.company, UUID(event.data.order), event.body, event.cause)


def to_record_reservation(event: Received[OrderReserved]) -> RecordReservation:
    """Stock was reserved."""
    reserved = {line.line: Reserved(line.item, line.quantity) for line in event.data.lines}
    order = UUID(event.data.order)
    return RecordReservation(event.cause.company, order, event.time, reserved, event.body, event.cause)


def to_close_order(event: Received[OrderNotReserved]) -> CloseOrder:
    """Nothing was reserved."""
    return CloseOrder(event.cause.company, UUID(event.data.order), event.cause)


def to_release_order(event: Received[OrderReleased]) -> ReleaseOrder:
    """A reservation was released."""
    return ReleaseOrder(event.cause.company, UUID(event.data.order), event.data.reason, event.time, event.cause)


def to_record_payment(event: Received[MoneyReceived]) -> RecordPayment:
    """Money came in."""
    data = event.data
    return RecordPayment(
        event.cause.company,
        UUID(data.payment),
        data.reference,
        data.received_on,
        data.amount.amount,
        data.amount.currency,
        data.payer.name,
        None if data.order is None else UUID(data.order),
        data.order_reference,
        data.invoice_number,
        event.cause,
    )


# -- what is kept as it came → values -------------------------------------------------------------------------------


def to_terms(order: UUID, body: bytes) -> Terms:
    """An order's terms from the bytes that came with it; they were validated then."""
    data = orjson.loads(body)
    lines = [
        OrderLine(x["line"], x["item"], x["description"], x["quantity"], x["unit_price"], x["tax_code"])
        for x in data["lines"]
    ]
    return Terms(order, data["reference"], data["currency"], _printed_customer(data["customer"]), lines)


def to_reserved(body: bytes) -> dict[int, Reserved]:
    """Reserved quantities by line, from the bytes that came with them."""
    return {line["line"]: Reserved(line["item"], line["quantity"]) for line in orjson.loads(body)["lines"]}


def to_books(row: asyncpg.Record) -> Books:
    """A company's facts from their row."""
    address = {
        "line1": row["line1"],
        "city": row["city"],
        "postcode": row["postcode"],
        "country": row["address_country"],
    }
    if row["line2"] is not None:
        address["line2"] = row["line2"]
    seller: dict[str, object] = {"name": row["name"], "address": address}
    seller |= {name: row[name] for name in ("vat_number", "iban") if row[name] is not None}
    taxes = zip(row["tax_codes"] or (), row["tax_rates"] or (), row["tax_accounts"] or (), strict=True)
    return Books(
        row["company"],
        ZoneInfo(row["time_zone"]),
        seller,
        dict(zip(row["roles"] or (), row["codes"] or (), strict=True)),
        {code: TaxRule(code, rate, account) for code, rate, account in taxes},
    )


def _printed_customer(customer: Mapping[str, object]) -> dict[str, object]:
    """What an invoice prints of a customer: an address for mail is not part of it, nor is what may be added later."""
    printed = {name: customer[name] for name in ("id", "name", "language")}
    address = customer["address"]
    assert isinstance(address, dict)
    printed["address"] = {
        name: address[name]
        for name in ("line1", "line2", "city", "postcode", "country")
        if address.get(name) is not None
    }
    if customer.get("vat_number") is not None:
        printed["vat_number"] = customer["vat_number"]
    return printed


# -- fact → event -----------------------------------------------------------------------------------------------------


def company_registered(command: RegisterCompany) -> Emission:
    """A company's books are kept from now on."""
    address = command.address
    data: dict[str, object] = {
        "company": command.company,
        "name": command.name,
        "currency": command.currency,
        "country": command.country,
        "time_zone": command.time_zone,
        "address": _present(
            line1=address.line1,
            line2=address.line2,
            city=address.city,
            postcode=address.postcode,
            country=address.country,
        ),
    }
    return CompanyRegistered, command.company, data | _present(vat_number=command.vat_number, iban=command.iban)


def account_opened(company: str, account: NewAccount) -> Emission:
    """An account can be posted to."""
    data: dict[str, object] = {
        "account": account.code,
        "name": account.name,
        "kind": account.kind,
        "role": account.role,
    }
    return AccountOpened, company, data


def tax_code_defined(company: str, tax_code: NewTaxCode) -> Emission:
    """A tax code can be used."""
    data: dict[str, object] = {
        "code": tax_code.code,
        "name": tax_code.name,
        "rate": tax_code.rate,
        "account": tax_code.account,
    }
    return TaxCodeDefined, company, data


def printed_parts(draft: Draft) -> dict[str, object]:
    """The parts of an invoice that its credit note repeats word for word."""
    return {
        "seller": draft.seller,
        "customer": draft.customer,
        "lines": [_line(line, draft.currency) for line in draft.lines],
        "taxes": [_tax(tax, draft.currency) for tax in draft.taxes],
    }


def pack(parts: Mapping[str, object]) -> bytes:
    """Printed parts as they are kept with the invoice."""
    return orjson.dumps(parts)


def invoice_issued(invoice: Invoice, parts: Mapping[str, object], entry: UUID | None) -> Emission:
    """An invoice with all that is printed, and the entry that posted it, if there was anything to post."""
    draft = invoice.draft
    currency = draft.currency
    data: dict[str, object] = {
        "invoice": invoice.id,
        "number": invoice.number.printed,
        "series": invoice.number.series,
        "fiscal_year": invoice.number.fiscal_year,
        "issued_on": draft.issued_on,
        "due_on": draft.due_on,
        "order": draft.order,
        "order_reference": draft.reference,
        "currency": currency,
        "net": from_minor(draft.net, currency),
        "tax": from_minor(draft.tax, currency),
        "total": from_minor(draft.total, currency),
        "entry": entry,
    }
    return InvoiceIssued, invoice.id, {**data, **parts}


def credit_note_issued(note: CreditNote, entry: UUID | None) -> Emission:
    """A credit note: the invoice's own words and amounts, given back; and the entry that reversed the sale, if any."""
    credited = note.credited
    currency = credited.currency
    data: dict[str, object] = {
        "credit_note": note.id,
        "number": note.number.printed,
        "series": note.number.series,
        "fiscal_year": note.number.fiscal_year,
        "issued_on": note.issued_on,
        "invoice": credited.invoice,
        "invoice_number": credited.number,
        "reason": note.reason,
        "order": credited.order,
        "order_reference": note.order_reference,
        "currency": currency,
        "net": from_minor(note.net, currency),
        "tax": from_minor(note.tax, currency),
        "total": from_minor(credited.total, currency),
        "entry": entry,
    }
    return CreditNoteIssued, credited.invoice, data | orjson.loads(note.printed)


def invoice_refused(order: UUID, refused: Refused) -> Emission:
    """The order cannot be invoiced."""
    data = {"order": order, "code": refused.code, "detail": refused.detail, "pointer": refused.pointer}
    return InvoiceRefused, order, data


def invoice_paid(receivable: Receivable, paid_on: date) -> Emission:
    """Nothing of the invoice is open any more."""
    data = {
        "invoice": receivable.invoice,
        "number": receivable.number,
        "order": receivable.order,
        "paid_on": paid_on,
        "total": {"amount": from_minor(receivable.total, receivable.currency), "currency": receivable.currency},
    }
    return InvoicePaid, receivable.invoice, data


def payment_allocated(money: Money, cause: str) -> Emission:
    """How a payment is spread from now on."""
    currency = money.currency
    data = {
        "payment": money.payment,
        "amount": {"amount": from_minor(money.amount, currency), "currency": currency},
        "allocations": [
            {"invoice": a.invoice, "number": a.number, "order": a.order, "amount": from_minor(a.amount, currency)}
            for a in money.allocations
        ],
        "unapplied": from_minor(money.unapplied, currency),
        "cause": cause,
    }
    return PaymentAllocated, money.payment, data


def entry_posted(entry: Entry) -> Emission:
    """An entry was posted."""
    data = {
        "entry": entry.id,
        "journal": entry.journal,
        "posted_on": entry.posted_on,
        "document": entry.document,
        "order": entry.order,
        "lines": [
            {
                "account": account,
                "debit": from_minor(debit, currency),
                "credit": from_minor(credit, currency),
                "currency": currency,
            }
            for account, currency, debit, credit in entry.lines
        ],
    }
    return EntryPosted, entry.id, data


def _line(line: InvoiceLine, currency: str) -> dict[str, object]:
    return {
        "line": line.line,
        "item": line.item,
        "description": line.description,
        "quantity": line.quantity,
        "unit_price": line.unit_price,
        "net": from_minor(line.net, currency),
        "tax_code": line.tax_code,
        "tax_rate": line.tax_rate,
    }


def _tax(tax: TaxTotal, currency: str) -> dict[str, object]:
    return {
        "tax_code": tax.rule.code,
        "rate": tax.rule.rate,
        "base": from_minor(tax.base, currency),
        "tax": from_minor(tax.tax, currency),
    }


def _present(**values: object) -> dict[str, object]:
    """What is known; what is absent stays absent."""
    return {name: value for name, value in values.items() if value is not None}
