"""A company is renamed or moves: what stands at the head of its papers from a day on.

Kept beside what was told when it was registered, which stays. Until this version runs, such an event is held like any
of a type that is not known, so nothing of it has been passed over.
"""

from chassis.migrating import execute, facts, isolate

revision = "documents_0012"
down_revision = "documents_0011"
branch_labels = None
depends_on = None

SCRIPT = """
create table letterhead_change (company text not null references letterhead (company),
    sequence bigint not null check (sequence > 0), valid_from date not null, seller bytea not null,
    cause uuid not null, at timestamptz not null, primary key (company, sequence));
"""


def upgrade() -> None:
    """A table. An older process prints what was registered, as before."""
    execute(SCRIPT)
    isolate("letterhead_change")
    facts("letterhead_change")
