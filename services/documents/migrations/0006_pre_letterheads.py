"""What stands at the head of a company's papers, for papers whose events do not tell it.

It was told when the company was registered, and passed over then; revision 7 has that topic read again.
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


def upgrade() -> None:
    """A table."""
    execute(SCRIPT)
    isolate("letterhead")
    facts("letterhead")
