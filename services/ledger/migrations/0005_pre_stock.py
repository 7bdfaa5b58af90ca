"""What stock is worth is booked in a journal of its own."""

from chassis.migrating import execute

revision = "ledger_0005"
down_revision = "ledger_0004"
branch_labels = None
depends_on = None

SCRIPT = """
alter table journal_entry drop constraint journal_entry_journal_check;
alter table journal_entry add check (journal in ('sales', 'cash', 'payroll', 'stock'));
"""


def upgrade() -> None:
    """Let entries name it."""
    execute(SCRIPT)
