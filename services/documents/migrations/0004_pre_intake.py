"""Files come in: bytes are found by their hash, and whoever looks after a class may be said to give rights to it."""

from chassis.migrating import execute

revision = "documents_0004"
down_revision = "documents_0003"
branch_labels = None
depends_on = None

SCRIPT = """
alter table access_grant drop constraint access_grant_may_check;
alter table access_grant add constraint access_grant_may_check check (may in ('read', 'write', 'grant'));
create index document_version_bytes on document_version (sha256, company);
"""


def upgrade() -> None:
    """A wider check and an index."""
    execute(SCRIPT)
