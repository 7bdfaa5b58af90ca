"""Orders are changed: terms, reservation and invoice belong to a revision of their order."""

from chassis.migrating import execute

revision = "ledger_0003"
down_revision = "ledger_0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """What is there belongs to first revisions. An order without changes costs no statement more than before."""
    for table in ("order_terms", "order_to_bill", "billing_refusal"):
        execute(f"""
        alter table {table} add column revision int not null default 1 check (revision > 0);
        alter table {table} drop constraint {table}_pkey, add primary key (company, order_id, revision);
        """)
    execute("alter table invoice add column revision int not null default 1 check (revision > 0)")
