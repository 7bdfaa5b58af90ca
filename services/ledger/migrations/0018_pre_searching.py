"""Invoices and payments are found by day and amount without reading all that there ever was."""

from chassis.migrating import execute

revision = "ledger_0018"
down_revision = "ledger_0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Both tables only ever grow, so an index costs one entry per document.

    The company comes last: before there are any statistics, an index that begins with it looks as good as the key.
    """
    execute("""
    create index invoice_day on invoice (issued_on, company);
    create index invoice_total on invoice (total, currency, company);
    create index payment_day on payment (received_on, company);
    create index payment_amount on payment (amount, currency, company);
    create index payment_reference on payment (reference, company);
    create index payment_invoice_number on payment (invoice_number, company) where invoice_number is not null;
    """)
