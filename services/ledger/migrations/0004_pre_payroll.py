"""Pay runs are booked in a journal of their own."""

from chassis.migrating import execute

revision = "ledger_0004"
down_revision = "ledger_0003"
branch_labels = None
depends_on = None

SCRIPT = """
alter table journal_entry drop constraint journal_entry_journal_check;
alter table journal_entry add check (journal in ('sales', 'cash', 'payroll'));
"""


def upgrade() -> None:
    """Let entries name it."""
    execute(SCRIPT)
