"""Which sign-ins belonged to people who have left: tokens of their provider open nothing of that company any more."""

from chassis.migrating import execute, mutable

revision = "gateway_0008"
down_revision = "gateway_0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """A table that every process keeps a copy of, as it does of the keys."""
    execute("""
    create table gone_account (account text not null, company text not null, employee uuid not null,
        at timestamptz not null, readmitted_at timestamptz, primary key (account, company));
    """)
    mutable("gone_account")
