"""Training: courses, programmes, sessions with seats, enrolments, certificates, what was told of them."""

from chassis.migrating import execute, facts, isolate, mutable

revision = "payroll_0005"
down_revision = "payroll_0004"
branch_labels = None
depends_on = None

SCRIPT = """
create table course (company text not null references known_company (company), course text not null,
    name text not null, valid_months bigint check (valid_months between 1 and 600), recorded_at timestamptz not null,
    primary key (company, course));
create table programme (company text not null references known_company (company), programme text not null,
    name text not null, courses text[] not null check (cardinality(courses) > 0), recorded_at timestamptz not null,
    primary key (company, programme));
create table course_requirement (company text not null, requirement uuid not null, course text not null,
    job_title text, department text, recorded_at timestamptz not null, primary key (company, requirement),
    foreign key (company, course) references course (company, course),
    foreign key (company, department) references department (company, department));
create table training_session (company text not null, session uuid not null, course text not null,
    held_on date not null, place text, cost_minor bigint not null check (cost_minor >= 0), currency text not null,
    recorded_at timestamptz not null, primary key (company, session),
    foreign key (company, course) references course (company, course));
create table training_seats (company text not null, session uuid not null, capacity bigint not null,
    taken bigint not null, closed boolean not null, primary key (company, session),
    foreign key (company, session) references training_session (company, session),
    check (capacity > 0), check (taken between 0 and capacity)) with (fillfactor = 50);
create table enrolment (company text not null, enrolment uuid not null, employee uuid not null, course text not null,
    required boolean not null, recorded_at timestamptz not null, primary key (company, enrolment),
    foreign key (company, employee) references employee (company, employee),
    foreign key (company, course) references course (company, course));
create index enrolment_of on enrolment (company, employee);
create table enrolment_step (company text not null, enrolment uuid not null, revision bigint not null,
    step text not null check (step in ('seated', 'unseated', 'passed', 'failed', 'absent', 'withdrawn')),
    session uuid, by_actor text not null, recorded_at timestamptz not null,
    primary key (company, enrolment, revision),
    foreign key (company, enrolment) references enrolment (company, enrolment),
    foreign key (company, session) references training_session (company, session), check (revision > 0),
    check ((step in ('seated', 'unseated', 'passed', 'failed', 'absent')) = (session is not null)));
create table certificate (company text not null, certificate uuid not null, employee uuid not null,
    course text not null, issued_on date not null, valid_until date, recorded_at timestamptz not null,
    primary key (company, certificate),
    foreign key (company, employee) references employee (company, employee),
    foreign key (company, course) references course (company, course), check (valid_until >= issued_on));
create index certificate_of on certificate (company, employee);
create table certificate_notice (company text not null, certificate uuid not null, days bigint not null,
    at timestamptz not null, primary key (company, certificate, days),
    foreign key (company, certificate) references certificate (company, certificate), check (days in (90, 30, 7, 0)));
"""
FACTS = (
    "course", "programme", "course_requirement", "training_session", "enrolment", "enrolment_step", "certificate",
    "certificate_notice",
)  # fmt: skip


def upgrade() -> None:
    """Create the tables with their rights: facts, but for how many seats of a session are taken."""
    execute(SCRIPT)
    isolate(*FACTS, "training_seats")
    facts(*FACTS)
    mutable("training_seats")
