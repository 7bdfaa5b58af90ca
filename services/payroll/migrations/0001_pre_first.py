"""People and their assignments; the counter of personnel numbers.

No column for pay, bank, tax or health: what enters later does so through payroll's own API, into tables of its own.
"""

from chassis.migrating import create_corridor, execute, facts, isolate, mutable

revision = "payroll_0001"
down_revision = None
branch_labels = None
depends_on = None

SCRIPT = """
create table personnel_counter (company text primary key references known_company (company),
    last bigint not null default 0 check (last >= 0)) with (fillfactor = 50);
create table employee (company text not null references known_company (company), employee uuid not null,
    serial bigint not null check (serial > 0), number text not null, reference text not null, name text not null,
    language text not null check (language in ('en', 'el', 'he')), registered_at timestamptz not null,
    primary key (company, employee), unique (company, serial), unique (company, number));
create table assignment (company text not null, employee uuid not null, effective_on date not null,
    department text not null, job_title text not null, recorded_at timestamptz not null,
    primary key (company, employee, effective_on),
    foreign key (company, employee) references employee (company, employee));
"""


def upgrade() -> None:
    """Create the tables with their rights: who was hired for what is a fact and never changed."""
    create_corridor()
    execute(SCRIPT)
    isolate("personnel_counter", "employee", "assignment")
    facts("employee", "assignment")
    mutable("personnel_counter")
