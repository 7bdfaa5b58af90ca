"""From which day on the time runs for which a person's papers are kept, as payroll tells it when they have left."""

from chassis.migrating import execute, facts, isolate

revision = "documents_0008"
down_revision = "documents_0007"
branch_labels = None
depends_on = None

SCRIPT = """
create table retention_start (company text not null references known_company (company), employee uuid not null,
    since date not null, cause uuid not null, at timestamptz not null, primary key (company, employee, since));
"""


def upgrade() -> None:
    """A table of facts. Who left before is heard of too: the topic is read from its start."""
    execute(SCRIPT)
    isolate("retention_start")
    facts("retention_start")
