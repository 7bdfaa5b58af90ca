"""Mail is sent: which version of a file was meant, and an order to list mails in."""

from chassis.migrating import execute

revision = "documents_0005"
down_revision = "documents_0004"
branch_labels = None
depends_on = None

SCRIPT = """
alter table mail add column version int;
alter table mail add column position bigint generated always as identity;
create index mail_listed on mail (company, position);
"""


def upgrade() -> None:
    """Two columns and an index."""
    execute(SCRIPT)
