"""What stands at the head of a company's papers, for papers whose events do not tell it.

It was told when the company was registered, and passed over then. So that topic is read again from its start, as if it
had never been read: cursors, offsets, counts and what is held of it go together.
"""

from chassis.migrating import execute, facts, isolate

revision = "documents_0006"
down_revision = "documents_0005"
branch_labels = None
depends_on = None

SCRIPT = """
create table letterhead (company text not null primary key references known_company (company), seller bytea not null,
    cause uuid not null, at timestamptz not null);
"""
READ_ANEW = ("inbox", "inbox_count", "held")


def upgrade() -> None:
    """A table; and what it is filled from is read again."""
    execute(SCRIPT)
    isolate("letterhead")
    facts("letterhead")
    for table in READ_ANEW:
        execute(f"alter table {table} no force row level security")
        execute(f"delete from {table} where topic = 'ledger.companies'")
        execute(f"alter table {table} force row level security")
    execute("delete from inbox_offset where topic = 'ledger.companies'")
