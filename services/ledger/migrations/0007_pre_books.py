"""Fiscal years, periods and their locks; dimensions; policies; entries made by people, with a second person's word.

The trigger on entries is what holds a closed period, whatever the code above it believes; it lets through whom an
exception names, while it lasts.
"""

from chassis.migrating import execute, facts, isolate, mutable

revision = "ledger_0007"
down_revision = "ledger_0006"
branch_labels = None
depends_on = None

CALENDAR = """
create table fiscal_year (
    company text not null references legal_entity (company), year int not null, starts_on date not null,
    ends_on date not null, at timestamptz not null default now(), primary key (company, year),
    check (starts_on < ends_on));
create table fiscal_period (
    company text not null, fiscal_year int not null, number int not null check (number between 1 and 18),
    starts_on date not null, ends_on date not null, primary key (company, fiscal_year, number),
    foreign key (company, fiscal_year) references fiscal_year (company, year), check (starts_on < ends_on));
create unique index fiscal_period_starts on fiscal_period (starts_on, company);
create table period_lock (
    company text not null, fiscal_year int not null, number int not null,
    subledger text not null check (subledger in ('ar', 'ap', 'stock', 'payroll', 'gl')),
    starts_on date not null, ends_on date not null, closed boolean not null,
    primary key (company, fiscal_year, number, subledger),
    foreign key (company, fiscal_year, number) references fiscal_period (company, fiscal_year, number));
create table period_exception (
    company text not null, fiscal_year int not null, number int not null, subledger text not null,
    user_name text not null, until timestamptz not null, reason text not null, granted_by text not null,
    at timestamptz not null default now(),
    primary key (company, fiscal_year, number, subledger, user_name, until),
    foreign key (company, fiscal_year, number, subledger)
        references period_lock (company, fiscal_year, number, subledger),
    check (user_name <> granted_by));
"""

ENTRIES = """
alter table journal_entry add column subledger text not null default 'ar'
    check (subledger in ('ar', 'ap', 'stock', 'payroll', 'gl'));
alter table journal_entry add column original_on date check (original_on < posted_on);
alter table journal_entry add column actor text;
alter table journal_entry add column narration text;
alter table journal_entry drop constraint journal_entry_journal_check;
alter table journal_entry add check (journal ~ '^[a-z]([a-z-]*[a-z])?$');
create index journal_entry_at on journal_entry using brin (at) with (pages_per_range = 16, autosummarize = on);
alter table journal_line add column department text;
alter table journal_line add column cost_centre text;
create table entry_proposal (
    company text not null, id uuid not null, posted_on date not null, body bytea not null,
    proposed_by text not null, on_behalf_of text, at timestamptz not null default now(), primary key (company, id));
create table entry_decision (
    company text not null, id uuid not null, approved boolean not null, reason text not null,
    decided_by text not null, on_behalf_of text, at timestamptz not null default now(), primary key (company, id),
    foreign key (company, id) references entry_proposal (company, id));
"""

DIMENSIONS = """
create table dimension_value (
    company text not null references legal_entity (company),
    dimension text not null check (dimension in ('department', 'cost_centre')), code text not null, name text not null,
    at timestamptz not null default now(), primary key (company, dimension, code));
create table allocation_rule (
    company text not null references legal_entity (company), code text not null, name text not null,
    at timestamptz not null default now(), primary key (company, code));
create table allocation_share (
    company text not null, rule text not null, place int not null, department text, cost_centre text,
    millionths int not null check (millionths between 1 and 1000000), primary key (company, rule, place),
    foreign key (company, rule) references allocation_rule (company, code));
create table company_policy (
    company text not null references legal_entity (company), number int not null, valid_from date not null,
    invoicing text check (invoicing in ('on_order', 'on_dispatch')), net_days int check (net_days between 0 and 366),
    approval_limit bigint check (approval_limit >= 0), dimensions_required boolean, default_department text,
    default_cost_centre text, decided_by text not null, at timestamptz not null default now(),
    primary key (company, number));
create table dimension_day (
    company text not null, account text not null, currency text not null, department text not null,
    cost_centre text not null, effective_on date not null, recorded_on date not null,
    debit numeric(38, 0) not null check (debit >= 0), credit numeric(38, 0) not null check (credit >= 0),
    primary key (company, account, currency, department, cost_centre, effective_on, recorded_on),
    foreign key (company, account) references account (company, code)) with (fillfactor = 50);
"""

# A batch has few days: they are looked up, not its entries. Who decides is refused by the key of the decision when two
# decide at once, and here when the proposer decides.
GUARDS = """
create function guard_journal_entries() returns trigger language plpgsql as $$
begin
    if exists (select from (select distinct company, subledger, posted_on, actor from added) a
            join period_lock p on p.company = a.company and p.closed and p.subledger in (a.subledger, 'gl')
                and a.posted_on between p.starts_on and p.ends_on
            where not exists (select from period_exception x where x.company = p.company
                and x.fiscal_year = p.fiscal_year and x.number = p.number and x.subledger = p.subledger
                and x.user_name = a.actor and x.until > now())) then
        raise exception 'the period is closed'
            using errcode = 'check_violation', constraint = 'journal_entry_period_open', table = 'journal_entry';
    end if;
    return null;
end $$;
create trigger guard_journal_entries after insert on journal_entry
    referencing new table as added for each statement execute function guard_journal_entries();
create function guard_entry_decision() returns trigger language plpgsql as $$
begin
    if exists (select from entry_proposal p where p.company = new.company and p.id = new.id
            and (p.proposed_by in (new.decided_by, new.on_behalf_of)
                or p.on_behalf_of in (new.decided_by, new.on_behalf_of))) then
        raise exception 'who proposed an entry does not decide on it'
            using errcode = 'check_violation', constraint = 'entry_decision_four_eyes', table = 'entry_decision';
    end if;
    return new;
end $$;
create trigger guard_entry_decision before insert on entry_decision
    for each row execute function guard_entry_decision();
"""

FILL = """
alter table journal_entry no force row level security;
update journal_entry set subledger = journal where journal in ('payroll', 'stock');
alter table journal_entry force row level security;
"""

KEPT = (
    *("fiscal_year", "fiscal_period", "period_exception", "entry_proposal", "entry_decision"),
    *("dimension_value", "allocation_rule", "allocation_share", "company_policy"),
)
CHANGING = ("period_lock", "dimension_day")


def upgrade() -> None:
    """Create them; entries that stand belong to receivables, but for those of pay runs and stock."""
    for script in (CALENDAR, ENTRIES, FILL, DIMENSIONS, GUARDS):
        execute(script)
    isolate(*KEPT, *CHANGING)
    facts(*KEPT)
    mutable(*CHANGING)
