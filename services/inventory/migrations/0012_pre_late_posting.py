"""On which day documents stand in the books of which the own day was closed there."""

from chassis.migrating import execute, facts, isolate

revision = "inventory_0012"
down_revision = "inventory_0011"
branch_labels = None
depends_on = None

SCRIPT = """
create table late_posting (company text not null references known_company (company), document uuid not null,
    posted_on date not null, recorded_at timestamptz not null, primary key (company, document));
create index late_posting_of_day on late_posting (company, posted_on, document);
"""


def upgrade() -> None:
    """Facts."""
    execute(SCRIPT)
    isolate("late_posting")
    facts("late_posting")
