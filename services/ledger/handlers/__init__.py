"""What the ledger does, one function per command, by use case."""

from services.ledger.handlers.billing import (
    close_changes,
    close_orders,
    record_changes,
    record_reservations,
    record_terms,
)
from services.ledger.handlers.calendar import define_fiscal_years, grant_exceptions, lock_periods
from services.ledger.handlers.charges import take_back_charges
from services.ledger.handlers.credit import release_credit, review_all
from services.ledger.handlers.credit_notes import credit_lines
from services.ledger.handlers.crediting import release_orders
from services.ledger.handlers.customers import change_customers, register_customers
from services.ledger.handlers.dimensions import change_policies, define_allocation_rules, define_dimension_values
from services.ledger.handlers.drawing import draw_statements
from services.ledger.handlers.dunning import run_dunning, set_policies, stop_dunning
from services.ledger.handlers.entries import decide_entries, post_entries, reverse_entries
from services.ledger.handlers.importing import import_accounts, import_balances, import_customers
from services.ledger.handlers.opening import import_open_items
from services.ledger.handlers.ordered import ordered_of
from services.ledger.handlers.parts import record_parts, reduce_orders
from services.ledger.handlers.payments import record_payments
from services.ledger.handlers.payroll import post_payroll
from services.ledger.handlers.prices import announce_prices, define_price_lists
from services.ledger.handlers.rates import record_rates
from services.ledger.handlers.reallocating import allocate_payments, bounce_payments, undo_allocations
from services.ledger.handlers.refunding import decide_refunds, request_refunds
from services.ledger.handlers.setup import (
    announce_tax_rates,
    change_companies,
    define_tax_codes,
    open_accounts,
    register_companies,
)
from services.ledger.handlers.shipments import record_shipments
from services.ledger.handlers.stock import post_stock
from services.ledger.handlers.training import post_training

__all__ = [
    "allocate_payments",
    "announce_prices",
    "announce_tax_rates",
    "bounce_payments",
    "change_companies",
    "change_customers",
    "change_policies",
    "close_changes",
    "close_orders",
    "credit_lines",
    "decide_entries",
    "decide_refunds",
    "define_allocation_rules",
    "define_dimension_values",
    "define_fiscal_years",
    "define_price_lists",
    "define_tax_codes",
    "draw_statements",
    "grant_exceptions",
    "import_accounts",
    "import_balances",
    "import_customers",
    "import_open_items",
    "lock_periods",
    "open_accounts",
    "ordered_of",
    "post_entries",
    "post_payroll",
    "post_stock",
    "post_training",
    "record_changes",
    "record_parts",
    "record_payments",
    "record_rates",
    "record_reservations",
    "record_shipments",
    "record_terms",
    "reduce_orders",
    "register_companies",
    "register_customers",
    "release_credit",
    "release_orders",
    "request_refunds",
    "reverse_entries",
    "review_all",
    "run_dunning",
    "set_policies",
    "stop_dunning",
    "take_back_charges",
    "undo_allocations",
]
