"""Orders that wait for goods: how many times stock was set aside for one, and an end by the clock."""

from chassis.migrating import execute

revision = "inventory_0007"
down_revision = "inventory_0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """`parts` is 0 while an order waits and has got nothing yet; each part is invoiced when it is set aside."""
    execute("""
    alter table reservation add column parts int not null default 1 check (parts >= 0),
        drop constraint reservation_release_reason_check, add constraint reservation_release_reason_check
            check (release_reason in ('order-cancelled', 'invoice-refused', 'expired'));
    """)
