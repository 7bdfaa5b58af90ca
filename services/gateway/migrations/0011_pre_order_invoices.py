"""Orders are found by the numbers and amounts of their invoices; of older orders when the timelines are read anew."""

from chassis.migrating import execute, facts, isolate

revision = "gateway_0011"
down_revision = "gateway_0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """A table that only grows: an index on the orders' own rows would make every change of them dearer."""
    execute("""
    create table order_invoice (company text not null, number text not null, order_id uuid not null,
        currency text not null, amount bigint not null, primary key (company, number, order_id));
    create index order_invoice_amount on order_invoice (amount, company);
    """)
    isolate("order_invoice")
    facts("order_invoice")
