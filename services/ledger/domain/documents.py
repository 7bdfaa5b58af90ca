"""Documents with a number: the invoice, and the credit note that takes one back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from chassis.ids import UUID, derive
from services.ledger.domain.invoicing import Draft
from services.ledger.domain.numbering import DocumentNumber
from services.ledger.domain.settlement import Receivable


def invoice_id(company: str, order: UUID, revision: int = 1, part: int = 1) -> UUID:
    """The id of the invoice of an order's revision, or of a later part of it that had to wait for goods.

    There is at most one of each, so it can be found without a search.
    """
    if part > 1:
        return derive(company, "invoice", order, revision, part)
    return derive(company, "invoice", order, *(() if revision == 1 else (revision,)))


def credit_note_id(company: str, invoice: UUID) -> UUID:
    """The id of an invoice's credit note: there is at most one."""
    return derive(company, "credit-note", invoice)


def charge_id(company: str, letter: UUID) -> UUID:
    """The id of the debit note over what a dunning letter charges: there is at most one."""
    return derive(company, "dunning-charge", letter)


@dataclass(frozen=True, slots=True)
class Invoice:
    """A numbered invoice."""

    id: UUID
    number: DocumentNumber
    draft: Draft


@dataclass(frozen=True, slots=True)
class CreditNote:
    """A numbered credit note over a whole invoice or some of its lines; amounts in minor units."""

    id: UUID
    number: DocumentNumber
    issued_on: date
    reason: str
    credited: Receivable
    order_reference: str
    net: int
    tax: int
    printed: bytes
    """Seller, customer, lines and taxes as the invoice states them; in part, those lines and their taxes alone."""
    own_words: bool = False
    """Whether it states lines of its own, not all that the invoice states."""
    partial: bool = False
    """Whether something of the invoice is left."""
