"""Pay: groups of people who are paid together, terms, bank accounts and tax profiles, runs with their payslips.

What says how much a person earns, where it is paid to, or what tax depends on is sealed. The database itself keeps who
approved apart from who calculated, pays each person once for a period, and leaves a payslip as it was approved.
"""

from chassis.migrating import execute, facts, isolate, mutable

revision = "payroll_0006"
down_revision = "payroll_0005"
branch_labels = None
depends_on = None

SCRIPT = """
create table pay_group (company text not null references known_company (company), pay_group text not null,
    country text not null, currency text not null, since date not null check (extract(day from since) = 1),
    figures text not null, debtor_name text not null, debtor_iban text not null, debtor_bic text,
    debtor_address text not null, recorded_at timestamptz not null, primary key (company, pay_group));
create table pay_member (company text not null, employee uuid not null, pay_group text not null,
    primary key (company, employee), foreign key (company, employee) references employee (company, employee),
    foreign key (company, pay_group) references pay_group (company, pay_group));
create index pay_member_of_group on pay_member (company, pay_group, employee);
create table pay_term (company text not null, employee uuid not null, effective_on date not null,
    revision int not null check (revision > 0), cost_centre text, sealed bytea,
    recorded_by text not null, recorded_at timestamptz not null,
    primary key (company, employee, effective_on, revision), check ((sealed is null) = (cost_centre is null)),
    foreign key (company, employee) references pay_member (company, employee),
    foreign key (company, cost_centre) references cost_centre (company, cost_centre));
create table bank_account (company text not null, employee uuid not null, effective_on date not null,
    revision int not null check (revision > 0), sealed bytea not null,
    recorded_by text not null, recorded_at timestamptz not null,
    primary key (company, employee, effective_on, revision),
    foreign key (company, employee) references employee (company, employee));
create table tax_profile (company text not null, employee uuid not null, effective_on date not null,
    revision int not null check (revision > 0), tax_id_digest bytea not null, sealed bytea not null,
    recorded_by text not null, recorded_at timestamptz not null,
    primary key (company, employee, effective_on, revision),
    foreign key (company, employee) references employee (company, employee));
create index tax_profile_by_id on tax_profile (company, tax_id_digest);
create table pay_run (company text not null, run uuid not null, pay_group text not null, period date not null,
    kind text not null check (kind = 'regular'), state text not null
        check (state in ('calculating', 'calculated', 'approved', 'paid', 'posted')),
    attempt int not null check (attempt > 0), started_by text not null, started_at timestamptz not null,
    calculated_at timestamptz, people int not null check (people >= 0), problems int not null check (problems >= 0),
    digest bytea, totals bytea, approved_by text, approved_at timestamptz, paid_on date, posted_at timestamptz,
    primary key (company, run), unique (company, pay_group, period, kind),
    foreign key (company, pay_group) references pay_group (company, pay_group),
    check (approved_by is null or approved_by <> started_by),
    check ((state in ('approved', 'paid', 'posted')) = (approved_by is not null)),
    check (state = 'calculating' or (digest is not null and totals is not null and calculated_at is not null)),
    check (approved_by is null or problems = 0));
create table pay_run_step (company text not null, run uuid not null, step int not null check (step > 0),
    action text not null check (action in ('started', 'recalculated', 'approved', 'exported', 'paid', 'posted')),
    actor text not null, at timestamptz not null, primary key (company, run, step),
    foreign key (company, run) references pay_run (company, run));
create table pay_run_part (company text not null, run uuid not null, attempt int not null, part int not null,
    first_employee uuid not null, last_employee uuid not null, done_at timestamptz, people int not null default 0,
    problems int not null default 0, digest bytea, totals bytea, primary key (company, run, attempt, part),
    foreign key (company, run) references pay_run (company, run),
    check ((done_at is null) = (digest is null)), check ((done_at is null) = (totals is null)));
create table pay_run_problem (company text not null, run uuid not null, attempt int not null, employee uuid not null,
    code text not null, primary key (company, run, attempt, employee),
    foreign key (company, run) references pay_run (company, run));
create table payslip (company text not null, employee uuid not null, period date not null,
    kind text not null check (kind = 'regular'), run uuid not null, attempt int not null, version text not null,
    rules_digest text not null, pays boolean not null, corrects boolean not null, sealed bytea not null,
    calculated_at timestamptz not null, primary key (company, employee, period, kind),
    foreign key (company, employee) references employee (company, employee),
    foreign key (company, run) references pay_run (company, run));
create index payslip_of_run on payslip (company, run, employee);
create table pay_file (company text not null, run uuid not null, message text not null, execution_on date not null,
    payments int not null check (payments >= 0), exported_by text not null, exported_at timestamptz not null,
    primary key (company, run), unique (company, message),
    foreign key (company, run) references pay_run (company, run));
create table payslip_paper (company text not null, employee uuid not null, period date not null, kind text not null,
    document uuid not null, filed_at timestamptz not null, primary key (company, employee, period, kind),
    foreign key (company, employee, period, kind) references payslip (company, employee, period, kind));
create table pay_reading (company text not null, reading uuid not null, employee uuid, run uuid, what text not null,
    actor text not null, on_behalf_of text, at timestamptz not null, primary key (company, reading));
create index pay_reading_of_employee on pay_reading (company, employee);
create function keep_pay_run() returns trigger language plpgsql as $$
begin
    if (new.run, new.pay_group, new.period, new.kind) is distinct from (old.run, old.pay_group, old.period, old.kind)
        or not (old.state, new.state) in (('calculating', 'calculating'), ('calculating', 'calculated'),
            ('calculated', 'calculating'), ('calculated', 'approved'), ('approved', 'paid'), ('paid', 'posted')) then
        raise exception 'a run does not go from % to %', old.state, new.state using errcode = 'check_violation';
    end if;
    if old.state in ('approved', 'paid') and (new.attempt, new.people, new.digest, new.totals, new.approved_by,
            new.started_by) is distinct from (old.attempt, old.people, old.digest, old.totals, old.approved_by,
            old.started_by) then
        raise exception 'what was approved stays as it is' using errcode = 'check_violation';
    end if;
    if new.state = 'approved' and exists (select from pay_run_step s where s.company = new.company
            and s.run = new.run and s.action in ('started', 'recalculated') and s.actor = new.approved_by) then
        raise exception 'who calculated a run does not approve it' using errcode = 'check_violation';
    end if;
    return new;
end $$;
create trigger keep_pay_run before update on pay_run for each row execute function keep_pay_run();
create function keep_payslips() returns trigger language plpgsql as $$
begin
    if exists (select from written w join pay_run r on r.company = w.company and r.run = w.run
            where r.state <> 'calculating' or r.attempt <> w.attempt) then
        raise exception 'payslips are written while their run is calculated' using errcode = 'check_violation';
    end if;
    return null;
end $$;
create trigger keep_new_payslips after insert on payslip referencing new table as written
    for each statement execute function keep_payslips();
create trigger keep_changed_payslips after update on payslip referencing new table as written
    for each statement execute function keep_payslips();
create function keep_payslip_place() returns trigger language plpgsql as $$
begin
    if new.run <> old.run then
        raise exception 'a person is paid once for a period' using errcode = 'check_violation';
    end if;
    return new;
end $$;
create trigger keep_payslip_place before update on payslip for each row execute function keep_payslip_place();
"""
FACTS = (
    "pay_group", "pay_member", "pay_term", "bank_account", "tax_profile", "pay_run_step",
    "pay_run_problem", "pay_file", "payslip_paper", "pay_reading",
)  # fmt: skip
RECORDS = ("pay_run", "pay_run_part", "payslip")


def upgrade() -> None:
    """Create the tables with their rights."""
    execute(SCRIPT)
    isolate(*FACTS, *RECORDS)
    facts(*FACTS)
    mutable(*RECORDS)
