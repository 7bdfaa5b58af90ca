"""Files come by mail too."""

from chassis.migrating import execute

revision = "documents_0007"
down_revision = "documents_0006"
branch_labels = None
depends_on = None

SCRIPT = """
alter table document_source drop constraint document_source_source_check;
alter table document_source add constraint document_source_source_check
    check (source in ('upload', 'folder', 'mail'));
"""


def upgrade() -> None:
    """A third way in."""
    execute(SCRIPT)
