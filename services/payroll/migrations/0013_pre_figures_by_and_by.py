"""Figures are given to a pay group by and by: a new year's rules may leave other ones open than those before."""

from chassis.migrating import execute, facts, isolate

revision = "payroll_0013"
down_revision = "payroll_0012"
branch_labels = None
depends_on = None

SCRIPT = """
create table pay_group_figure (company text not null, pay_group text not null, place text not null,
    revision int not null check (revision > 0), value text not null, recorded_by text not null,
    recorded_at timestamptz not null, primary key (company, pay_group, place, revision),
    foreign key (company, pay_group) references pay_group (company, pay_group));
"""


def upgrade() -> None:
    """Create the table with its rights."""
    execute(SCRIPT)
    isolate("pay_group_figure")
    facts("pay_group_figure")
