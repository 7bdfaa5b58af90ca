"""What each key's client may send; null is what is usual."""

from chassis.migrating import execute

revision = "gateway_0002"
down_revision = "gateway_0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    execute("""
    alter table api_key
        add column events_per_s bigint check (events_per_s > 0),
        add column burst_events bigint check (burst_events > 0),
        add column in_flight_events bigint check (in_flight_events > 0);
    """)
