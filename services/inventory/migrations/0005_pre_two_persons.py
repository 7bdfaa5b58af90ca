"""Who counted does not decide: the database compares the two."""

from chassis.migrating import execute

revision = "inventory_0005"
down_revision = "inventory_0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """A count within the tolerance is decided by the company's rule, which is nobody's name."""
    execute("""
    alter table stock_count drop constraint decided_by_another, add constraint decided_by_another
        check (state = 'pending' or (decided_by is not null and decided_by <> counted_by));
    create index stock_count_pending on stock_count (company, reference) where state = 'pending';
    create index transfer_open on transfer (company, reference) where state = 'sent';
    """)
