"""The ledger of leave, requests for it, holidays; checklists; what is done every day."""

from chassis.migrating import execute, facts, isolate

revision = "payroll_0004"
down_revision = "payroll_0003"
branch_labels = None
depends_on = None

SCRIPT = """
create table leave_type (company text not null references known_company (company), leave_type text not null,
    name text not null, paid boolean not null, limited boolean not null, recorded_at timestamptz not null,
    primary key (company, leave_type));
create table leave_rule (company text not null, leave_type text not null, effective_on date not null,
    yearly bigint not null check (yearly between 0 and 36600),
    carried_over_max bigint not null check (carried_over_max between 0 and 36600),
    carried_over_until bigint not null check (carried_over_until between 1 and 12), recorded_at timestamptz not null,
    primary key (company, leave_type, effective_on),
    foreign key (company, leave_type) references leave_type (company, leave_type));
create table holiday (company text not null references known_company (company), day date not null, name text not null,
    recorded_at timestamptz not null, primary key (company, day));
create table leave_month (company text not null references known_company (company), month text not null,
    closed_at timestamptz not null, primary key (company, month));
create table leave_request (company text not null, request uuid not null, employee uuid not null,
    leave_type text not null, first_day date not null, last_day date not null,
    hundredths bigint not null check (hundredths > 0), asked_by text not null, recorded_at timestamptz not null,
    primary key (company, request), unique (company, request, asked_by),
    foreign key (company, employee) references employee (company, employee),
    foreign key (company, leave_type) references leave_type (company, leave_type), check (first_day <= last_day));
create index leave_request_of on leave_request (company, employee);
create table leave_decision (company text not null, request uuid not null, revision bigint not null,
    decision text not null check (decision in ('approved', 'rejected', 'cancelled')), asked_by text not null,
    decided_by text not null, recorded_at timestamptz not null, primary key (company, request, revision),
    foreign key (company, request, asked_by) references leave_request (company, request, asked_by),
    check (revision in (1, 2)), check (decision = 'cancelled' or decided_by <> asked_by));
create table leave_entry (company text not null, employee uuid not null, leave_type text not null, kind text not null
        check (kind in ('accrual', 'taken', 'returned', 'forfeited', 'adjustment')),
    period text not null, effective_on date not null, hundredths bigint not null check (hundredths <> 0),
    recorded_at timestamptz not null, primary key (company, employee, leave_type, kind, period),
    foreign key (company, employee) references employee (company, employee),
    foreign key (company, leave_type) references leave_type (company, leave_type),
    check ((kind in ('taken', 'forfeited')) <= (hundredths < 0)),
    check ((kind in ('accrual', 'returned')) <= (hundredths > 0)));
create table checklist_template (company text not null, occasion text not null
        check (occasion in ('onboarding', 'leaving')),
    task text not null, revision bigint not null, department text not null, title text not null,
    due_days bigint not null check (due_days between -366 and 3660), dropped boolean not null,
    recorded_at timestamptz not null, primary key (company, occasion, task, revision),
    foreign key (company, department) references department (company, department), check (revision > 0));
create table checklist_task (company text not null, employee uuid not null, occasion text not null, task text not null,
    department text not null, title text not null, due_days bigint not null, recorded_at timestamptz not null,
    primary key (company, employee, occasion, task),
    foreign key (company, employee) references employee (company, employee),
    foreign key (company, department) references department (company, department));
create index checklist_task_of on checklist_task (company, department);
create table checklist_outcome (company text not null, employee uuid not null, occasion text not null,
    task text not null, outcome text not null check (outcome in ('done', 'waived')), by_actor text not null,
    recorded_at timestamptz not null, primary key (company, employee, occasion, task),
    foreign key (company, employee, occasion, task)
        references checklist_task (company, employee, occasion, task));
alter table job no force row level security;
alter table known_company no force row level security;
insert into job (company, queue, key, payload, run_at) select company, 'daily', 'daily', '{}'::bytea, now()
    from known_company on conflict do nothing;
alter table job force row level security;
alter table known_company force row level security;
"""
FACTS = (
    "leave_type", "leave_rule", "holiday", "leave_month", "leave_request", "leave_decision", "leave_entry",
    "checklist_template", "checklist_task", "checklist_outcome",
)  # fmt: skip


def upgrade() -> None:
    """Create the tables with their rights: all of them are facts. Every company that is known has its daily work."""
    execute(SCRIPT)
    isolate(*FACTS)
    facts(*FACTS)
