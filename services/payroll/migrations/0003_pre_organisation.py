"""Departments, cost centres and posts; changes of employment as effective facts; contracts; who has left.

Who was hired before keeps the first assignment, which now also says name and language, in a department of that name.
"""

from chassis.migrating import execute, facts, isolate

revision = "payroll_0003"
down_revision = "payroll_0002"
branch_labels = None
depends_on = None

SCRIPT = """
create table company_profile (company text primary key references known_company (company), time_zone text not null,
    country text not null, currency text not null);
create table cost_centre (company text not null references known_company (company), cost_centre text not null,
    name text not null, recorded_at timestamptz not null, primary key (company, cost_centre));
create table department (company text not null references known_company (company), department text not null,
    by_hire boolean not null, recorded_at timestamptz not null, primary key (company, department));
create table department_fact (company text not null, department text not null, revision bigint not null,
    effective_on date not null, sets text[] not null, name text, parent text, manager uuid, cost_centre text,
    closed boolean, replaces bigint, recorded_at timestamptz not null,
    primary key (company, department, revision), unique (company, department, replaces),
    foreign key (company, department) references department (company, department),
    foreign key (company, parent) references department (company, department),
    foreign key (company, manager) references employee (company, employee),
    foreign key (company, cost_centre) references cost_centre (company, cost_centre),
    foreign key (company, department, replaces) references department_fact (company, department, revision),
    check (revision > 0), check (replaces < revision), check (parent <> department),
    check (replaces is not null or cardinality(sets) > 0));
alter table assignment no force row level security;
alter table employee no force row level security;
insert into department (company, department, by_hire, recorded_at)
    select company, department, true, min(recorded_at) from assignment group by company, department;
insert into department_fact (company, department, revision, effective_on, sets, name, closed, recorded_at)
    select company, department, 1, date '1900-01-01', array['name', 'closed'], department, false, min(recorded_at)
    from assignment group by company, department;
alter table assignment add column revision bigint not null default 1 check (revision > 0),
    add column sets text[] not null default array['name', 'language', 'job_title', 'department'],
    add column name text, add column language text check (language in ('en', 'el', 'he')),
    add column cost_centre text, add column manager uuid, add column replaces bigint,
    alter column job_title drop not null, alter column department drop not null,
    add check (replaces < revision), add check (manager <> employee),
    add check (replaces is not null or cardinality(sets) > 0);
update assignment a set name = e.name, language = e.language from employee e
    where e.company = a.company and e.employee = a.employee;
update assignment a set revision = x.n from (select company, employee, effective_on, row_number() over
    (partition by company, employee order by effective_on) as n from assignment) x
    where x.company = a.company and x.employee = a.employee and x.effective_on = a.effective_on;
alter table assignment alter column revision drop default, alter column sets drop default,
    drop constraint assignment_pkey, add primary key (company, employee, revision),
    add unique (company, employee, replaces),
    add foreign key (company, employee, replaces) references assignment (company, employee, revision),
    add foreign key (company, department) references department (company, department),
    add foreign key (company, cost_centre) references cost_centre (company, cost_centre),
    add foreign key (company, manager) references employee (company, employee);
alter table assignment force row level security;
alter table employee force row level security;
create table leaving (company text not null, employee uuid not null, revision bigint not null, left_on date,
    reason text not null check (reason in ('resignation', 'dismissal', 'end_of_contract', 'retirement', 'other')),
    recorded_at timestamptz not null, primary key (company, employee, revision),
    foreign key (company, employee) references employee (company, employee), check (revision > 0));
create table leaving_told (company text not null, employee uuid not null, left_on date not null,
    at timestamptz not null, primary key (company, employee, left_on),
    foreign key (company, employee) references employee (company, employee));
create table post (company text not null, post text not null, department text not null, title text not null,
    opens_on date not null, recorded_at timestamptz not null, primary key (company, post),
    foreign key (company, department) references department (company, department));
create table post_closing (company text not null, post text not null, last_day date not null,
    recorded_at timestamptz not null, primary key (company, post),
    foreign key (company, post) references post (company, post));
create table contract (company text not null, contract uuid not null, employee uuid not null, reference text not null,
    post text, starts_on date not null, recorded_at timestamptz not null, primary key (company, contract),
    unique (company, employee, reference), foreign key (company, employee) references employee (company, employee),
    foreign key (company, post) references post (company, post));
create index contract_of_post on contract (company, post) where post is not null;
create table contract_term (company text not null, contract uuid not null, revision bigint not null,
    effective_on date not null, sets text[] not null, kind text
        check (kind in ('permanent', 'fixed_term', 'apprentice', 'casual')),
    job_title text, weekly_hours_hundredths bigint check (weekly_hours_hundredths between 1 and 16800), ends_on date,
    replaces bigint, recorded_at timestamptz not null, primary key (company, contract, revision),
    unique (company, contract, replaces), foreign key (company, contract) references contract (company, contract),
    foreign key (company, contract, replaces) references contract_term (company, contract, revision),
    check (revision > 0), check (replaces < revision), check (replaces is not null or cardinality(sets) > 0));
create table account_link (company text not null, actor text not null, revision bigint not null, employee uuid,
    recorded_at timestamptz not null, primary key (company, actor, revision),
    foreign key (company, employee) references employee (company, employee), check (revision > 0));
create index account_of_employee on account_link (company, employee);
"""
FACTS = (
    "company_profile", "cost_centre", "department", "department_fact", "leaving", "leaving_told", "post",
    "post_closing", "contract", "contract_term", "account_link",
)  # fmt: skip


def upgrade() -> None:
    """Create the tables with their rights: all of them are facts."""
    execute(SCRIPT)
    isolate(*FACTS)
    facts(*FACTS)
