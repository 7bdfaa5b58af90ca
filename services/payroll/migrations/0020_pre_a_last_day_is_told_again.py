"""A last day that was taken back and holds again is told again."""

from chassis.migrating import execute

revision = "payroll_0020"
down_revision = "payroll_0019"
branch_labels = None
depends_on = None

SCRIPT = """
alter table leaving_told drop constraint leaving_told_pkey, add primary key (company, employee, left_on, at);
"""


def upgrade() -> None:
    """Let a day be told more than once; an older process, which never tells one again, does not notice."""
    execute(SCRIPT)
