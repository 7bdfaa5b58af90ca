"""An order that waits for goods is invoiced in parts, each when its goods are set aside."""

from chassis.migrating import execute

revision = "ledger_0012"
down_revision = "ledger_0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """How many parts there are says the ids of their invoices."""
    execute("alter table order_to_bill add column parts int not null default 1 check (parts > 0)")
