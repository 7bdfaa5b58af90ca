"""Companies whose orders wait for the ledger's answer about credit, and orders that wait or were answered."""

from chassis.migrating import execute, facts, isolate, mutable

revision = "inventory_0006"
down_revision = "inventory_0005"
branch_labels = None
depends_on = None

CREDIT = """
create table credit_company (company text not null primary key, since timestamptz not null);
create table order_credit (
    company text not null, order_id uuid not null, approved int not null default 0 check (approved >= 0),
    asked int not null default 0 check (asked >= 0), primary key (company, order_id));
"""


def upgrade() -> None:
    """Orders of other companies leave no row here."""
    execute(CREDIT)
    isolate("credit_company", "order_credit")
    facts("credit_company")
    mutable("order_credit")
