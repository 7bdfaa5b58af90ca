"""A last day that payroll told may be wrong: what it tells last counts, also that somebody has not left."""

from chassis.migrating import execute

revision = "documents_0010"
down_revision = "documents_0009"
branch_labels = None
depends_on = None

SCRIPT = """
alter table retention_start add column position bigint generated always as identity;
alter table retention_start drop constraint retention_start_pkey, add primary key (company, employee, position);
alter table retention_start alter column since drop not null;
"""


def upgrade() -> None:
    """Number what was told, in its order. An older process goes on adding days, and shows the latest day as before."""
    execute(SCRIPT)
