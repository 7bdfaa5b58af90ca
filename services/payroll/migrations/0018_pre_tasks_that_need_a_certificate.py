"""A task of a checklist may need a certificate of the person whom it concerns."""

from chassis.migrating import execute

revision = "payroll_0018"
down_revision = "payroll_0017"
branch_labels = None
depends_on = None

SCRIPT = """
alter table checklist_template add column requires text,
    add foreign key (company, requires) references course (company, course);
alter table checklist_task add column requires text,
    add foreign key (company, requires) references course (company, course);
"""


def upgrade() -> None:
    """Add the columns; tasks that are there need none, and an older process leaves them empty."""
    execute(SCRIPT)
