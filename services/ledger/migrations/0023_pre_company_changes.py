"""A company's name, seat and numbers may change from a day on; what was said before stays on record."""

from chassis.migrating import execute, facts, isolate

revision = "ledger_0023"
down_revision = "ledger_0022"
branch_labels = None
depends_on = None

CHANGES = """
create table company_change (
    company text not null references legal_entity (company), number int not null check (number > 0),
    valid_from date not null, changed bytea not null, recorded_by text not null,
    at timestamptz not null default now(), primary key (company, number));
"""


def upgrade() -> None:
    """Only what changes is kept of each."""
    execute(CHANGES)
    isolate("company_change")
    facts("company_change")
