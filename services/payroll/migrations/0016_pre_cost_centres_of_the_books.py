"""Cost centres that the ledger has: where a company's books have some, people's pay is borne by those alone."""

from chassis.migrating import execute, facts, isolate

revision = "payroll_0016"
down_revision = "payroll_0015"
branch_labels = None
depends_on = None

SCRIPT = """
create table booked_cost_centre (company text not null references known_company (company), cost_centre text not null,
    recorded_at timestamptz not null, primary key (company, cost_centre),
    foreign key (company, cost_centre) references cost_centre (company, cost_centre));
"""


def upgrade() -> None:
    """Create the table with its rights. Centres that are here stay; the books are heard again from the start."""
    execute(SCRIPT)
    isolate("booked_cost_centre")
    facts("booked_cost_centre")
