"""Pay is agreed for the employment as a whole, as until now, or for one of a person's contracts, which ends with it."""

from chassis.migrating import execute

revision = "payroll_0011"
down_revision = "payroll_0010"
branch_labels = None
depends_on = None

SCRIPT = """
alter table pay_term add column contract uuid,
    add constraint pay_of_a_contract foreign key (company, contract) references contract (company, contract);
"""


def upgrade() -> None:
    """Add the column; what is there stays pay for the employment as a whole."""
    execute(SCRIPT)
