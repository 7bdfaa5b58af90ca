"""Between the published language and the ledger's own words, both ways; one module per topic."""

from __future__ import annotations

from services.ledger.translate.arrivals import (
    changed_terms,
    decided_for,
    is_whole,
    on_dispatch,
    to_close_change,
    to_close_order,
    to_record_change,
    to_record_part,
    to_record_payment,
    to_record_reservation,
    to_record_shipment,
    to_record_terms,
    to_reduce_order,
    to_release_order,
    to_reserved,
    to_terms,
)
from services.ledger.translate.books import dimension_defined, fiscal_year_opened, period_locked
from services.ledger.translate.credit import credit_answer, credit_approved, credit_check_required, credit_held
from services.ledger.translate.customers import customer_changed, customer_registered
from services.ledger.translate.documents import (
    credit_note_issued,
    invoice_issued,
    invoice_refused,
    pack,
    printed_parts,
)
from services.ledger.translate.drawing import statement_drawn, statement_id, to_statements
from services.ledger.translate.dunning import (
    LetterHead,
    charge_parts,
    dunning_charge_taken_back,
    dunning_level_reached,
    invoice_overdue,
    letter_head,
)
from services.ledger.translate.entries import entry_posted, pack_entry, to_chart, unpack_entry
from services.ledger.translate.money import (
    bounce_answer,
    invoice_paid,
    payment_allocated,
    payment_bounced,
    payment_refunded,
)
from services.ledger.translate.payroll import to_post_payroll, to_post_training
from services.ledger.translate.prices import price_list_defined, prices_announced
from services.ledger.translate.receivables import (
    rate_answer,
    rate_recorded,
    to_sold,
    to_taxed,
)
from services.ledger.translate.setup import (
    account_opened,
    company_changed,
    company_registered,
    tax_code_defined,
    tax_rate_announced,
    to_books,
)
from services.ledger.translate.stock import to_post_stock

__all__ = [
    "LetterHead",
    "account_opened",
    "bounce_answer",
    "changed_terms",
    "charge_parts",
    "company_changed",
    "company_registered",
    "credit_answer",
    "credit_approved",
    "credit_check_required",
    "credit_held",
    "credit_note_issued",
    "customer_changed",
    "customer_registered",
    "decided_for",
    "dimension_defined",
    "dunning_charge_taken_back",
    "dunning_level_reached",
    "entry_posted",
    "fiscal_year_opened",
    "invoice_issued",
    "invoice_overdue",
    "invoice_paid",
    "invoice_refused",
    "is_whole",
    "letter_head",
    "on_dispatch",
    "pack",
    "pack_entry",
    "payment_allocated",
    "payment_bounced",
    "payment_refunded",
    "period_locked",
    "price_list_defined",
    "prices_announced",
    "printed_parts",
    "rate_answer",
    "rate_recorded",
    "statement_drawn",
    "statement_id",
    "tax_code_defined",
    "tax_rate_announced",
    "to_books",
    "to_chart",
    "to_close_change",
    "to_close_order",
    "to_post_payroll",
    "to_post_stock",
    "to_post_training",
    "to_record_change",
    "to_record_part",
    "to_record_payment",
    "to_record_reservation",
    "to_record_shipment",
    "to_record_terms",
    "to_reduce_order",
    "to_release_order",
    "to_reserved",
    "to_sold",
    "to_statements",
    "to_taxed",
    "to_terms",
    "unpack_entry",
]
