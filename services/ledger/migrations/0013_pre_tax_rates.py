"""A tax code's rate may change from a day on; what was said before stays on record."""

from chassis.migrating import execute, facts, isolate

revision = "ledger_0013"
down_revision = "ledger_0012"
branch_labels = None
depends_on = None

TAX_RATES = """
create table tax_rate (
    company text not null, code text not null, valid_from date not null, rate text not null,
    at timestamptz not null default now(), primary key (company, code, valid_from),
    foreign key (company, code) references tax_code (company, code));
"""


def upgrade() -> None:
    """A rate of a day is said once."""
    execute(TAX_RATES)
    isolate("tax_rate")
    facts("tax_rate")
