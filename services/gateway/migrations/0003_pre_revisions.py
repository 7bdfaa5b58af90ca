"""Orders are changed: what was accepted, and how an order stands, belongs to a revision."""

from chassis.migrating import execute

revision = "gateway_0003"
down_revision = "gateway_0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """What is there belongs to first revisions."""
    execute("""
    alter table accepted add column revision int not null default 1 check (revision > 0);
    alter table accepted drop constraint accepted_pkey, add primary key (company, subject, type, revision);
    alter table order_summary
        add column revision int not null default 1 check (revision > 0),
        add column invoice_revision int;
    update order_summary set invoice_revision = 1 where invoice_number is not null;
    """)
