"""What the ledger does, one function per command, by use case."""

from services.ledger.handlers.billing import close_orders, record_changes, record_reservations, record_terms
from services.ledger.handlers.crediting import release_orders
from services.ledger.handlers.customers import change_customers, register_customers
from services.ledger.handlers.payments import record_payments
from services.ledger.handlers.setup import define_tax_codes, open_accounts, register_companies

__all__ = [
    "change_customers",
    "close_orders",
    "define_tax_codes",
    "open_accounts",
    "record_changes",
    "record_payments",
    "record_reservations",
    "record_terms",
    "register_companies",
    "register_customers",
    "release_orders",
]
