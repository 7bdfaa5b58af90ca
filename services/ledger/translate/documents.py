"""Invoices and credit notes as they are printed and told."""

from __future__ import annotations

from collections.abc import Mapping

import orjson

from chassis.errors import Refused
from chassis.ids import UUID
from contracts.ledger import (
    CreditNoteIssued,
    InvoiceIssued,
    InvoiceRefused,
)
from contracts.money import from_minor
from services.ledger.domain.documents import CreditNote, Invoice
from services.ledger.domain.invoicing import Draft, InvoiceLine, TaxTotal
from services.ledger.translate.emission import Emission, of_revision


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
        **of_revision(draft.revision),
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
        "total": from_minor(note.net + note.tax, currency),
        "entry": entry,
        **of_revision(credited.revision),
    }
    if note.partial:
        data["partial"] = True
    return CreditNoteIssued, credited.invoice, data | orjson.loads(note.printed)


def invoice_refused(order: UUID, refused: Refused, revision: int = 1) -> Emission:
    """The order cannot be invoiced."""
    data = {"order": order, "code": refused.code, "detail": refused.detail, "pointer": refused.pointer}
    return InvoiceRefused, order, data | of_revision(revision)


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
