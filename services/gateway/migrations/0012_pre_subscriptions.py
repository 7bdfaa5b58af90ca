"""Named cursors: where a reader of a topic stands is kept here, and survives whoever reads."""

from chassis.migrating import execute, isolate, mutable

revision = "gateway_0012"
down_revision = "gateway_0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """One row per company, client and name. A closed one is kept: its name may be opened anew."""
    execute("""
    create table subscription (company text not null, client text not null, name text not null, topic text not null,
        type text, subject text, place text not null, turn bigint not null default 1, opened_at timestamptz not null,
        moved_at timestamptz not null, closed_at timestamptz, primary key (company, client, name));
    """)
    isolate("subscription")
    mutable("subscription")
