"""Files that no row speaks of leave the store: found by their hash, and every step written down."""

from chassis.migrating import execute, facts, mutable

revision = "documents_0009"
down_revision = "documents_0008"
branch_labels = None
depends_on = None

SCRIPT = """
create index document_content_bytes on document_content (sha256, company);
create table file_step (sha256 bytea not null check (octet_length(sha256) = 32), at timestamptz not null,
    step text not null check (step in ('set-aside', 'brought-back', 'removed')), written_at timestamptz not null,
    actor text not null, primary key (sha256, at, step));
create table sweep_place (part text primary key, after text not null);
"""


def upgrade() -> None:
    """An index, and two tables without company data: what no row speaks of is nobody's."""
    execute(SCRIPT)
    facts("file_step")
    mutable("sweep_place")
