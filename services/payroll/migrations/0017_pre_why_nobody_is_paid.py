"""Why somebody cannot be paid is kept as a sentence, with the day or the contract that it is about."""

from chassis.migrating import execute

revision = "payroll_0017"
down_revision = "payroll_0016"
branch_labels = None
depends_on = None

SCRIPT = """
alter table pay_run_problem add column detail text;
"""


def upgrade() -> None:
    """Add the column; an older process leaves it empty."""
    execute(SCRIPT)
