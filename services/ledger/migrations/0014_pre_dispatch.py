"""Orders that are invoiced when their goods leave: what has left of each, shipment by shipment."""

from chassis.migrating import execute, facts, isolate

revision = "ledger_0014"
down_revision = "ledger_0013"
branch_labels = None
depends_on = None

SHIPPED = """
create table order_shipment (
    company text not null, order_id uuid not null, revision int not null check (revision > 0), shipment uuid not null,
    part int not null check (part > 0), lines bytea not null, at timestamptz not null default now(),
    primary key (company, order_id, revision, shipment), unique (company, order_id, revision, part));
"""


def upgrade() -> None:
    """Shipments of orders that are invoiced on reservation are not kept."""
    execute(SHIPPED)
    isolate("order_shipment")
    facts("order_shipment")
