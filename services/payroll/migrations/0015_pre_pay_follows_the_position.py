"""Pay need not name a cost centre: it is then borne by that of the position, day by day."""

from chassis.migrating import execute

revision = "payroll_0015"
down_revision = "payroll_0014"
branch_labels = None
depends_on = None

SCRIPT = """
alter table pay_term drop constraint pay_term_check,
    add constraint pay_term_check check (sealed is not null or cost_centre is null);
"""


def upgrade() -> None:
    """What was taken back names no cost centre; what is agreed may."""
    execute(SCRIPT)
