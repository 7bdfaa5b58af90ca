"""Who sent what was accepted, and for whom: the gateway's part of the audit trail, found by time."""

from chassis.migrating import execute

revision = "gateway_0005"
down_revision = "gateway_0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    execute("""
    alter table accepted add column actor text, add column on_behalf_of text;
    create index accepted_at on accepted using brin (at);
    """)
