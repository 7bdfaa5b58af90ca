"""Invoices and payments are found by day and amount without reading all that there ever was."""

from chassis.migrating import execute

revision = "ledger_0018"
down_revision = "ledger_0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Both tables only ever grow, so an index costs one entry per document."""
    execute("""
    create index invoice_day on invoice (company, issued_on);
    create index invoice_total on invoice (company, currency, total);
    create index payment_day on payment (company, received_on);
    create index payment_amount on payment (company, currency, amount);
    create index payment_reference on payment (company, reference);
    create index payment_invoice_number on payment (company, invoice_number) where invoice_number is not null;
    """)
