"""Orders are changed: which revision is reserved, and what each revision held."""

from chassis.migrating import execute

revision = "inventory_0002"
down_revision = "inventory_0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """What is there belongs to first revisions."""
    execute("""
    alter table reservation add column revision int not null default 1 check (revision > 0);
    alter table reservation_line add column revision int not null default 1 check (revision > 0);
    alter table reservation_line drop constraint reservation_line_pkey,
        add primary key (company, order_id, revision, line);
    """)
