"""How many commands and events were refused, and by which rule: the chassis's own tables."""

from chassis.migrating import create_error_counts

revision = "payroll_0021"
down_revision = "payroll_0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """The same two tables in every department."""
    create_error_counts()
