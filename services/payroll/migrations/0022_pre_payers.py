"""A pay group's own account, name, address and words for the bank change from a day on.

What the group was defined with holds until then. The company's own account is master data of a bank as an employee's
is: entered by one person, confirmed by another, who gives the number once more. A pay file says which entries it was
made with, and is made with the account that holds on its day alone, whoever makes it: an older process, which knows
none of this, makes no file of a group whose account has changed.
"""

from chassis.migrating import execute, facts, isolate

revision = "payroll_0022"
down_revision = "payroll_0021"
branch_labels = None
depends_on = None

SCRIPT = """
create table payer_account (company text not null, pay_group text not null, effective_on date not null,
    revision int not null check (revision > 0), debtor_iban text not null, debtor_bic text, entered_by text not null,
    recorded_at timestamptz not null, primary key (company, pay_group, effective_on, revision),
    unique (company, pay_group, effective_on, revision, entered_by),
    foreign key (company, pay_group) references pay_group (company, pay_group));
create table payer_confirmation (company text not null, pay_group text not null, effective_on date not null,
    revision int not null, entered_by text not null, confirmed_by text not null, confirmed_at timestamptz not null,
    primary key (company, pay_group, effective_on, revision), check (confirmed_by <> entered_by),
    foreign key (company, pay_group, effective_on, revision, entered_by)
        references payer_account (company, pay_group, effective_on, revision, entered_by));
create table payer_details (company text not null, pay_group text not null, effective_on date not null,
    revision int not null check (revision > 0), debtor_name text not null, debtor_address text not null, words text,
    entered_by text not null, recorded_at timestamptz not null,
    primary key (company, pay_group, effective_on, revision),
    foreign key (company, pay_group) references pay_group (company, pay_group));
alter table pay_file add column account_from date, add column account_revision int,
    add column details_from date, add column details_revision int,
    add check ((account_from is null) = (account_revision is null)),
    add check ((details_from is null) = (details_revision is null));
create trigger keep_payer_confirmation before insert on payer_confirmation
    for each row execute function keep_account_confirmation();
create function keep_pay_file_payer() returns trigger language plpgsql as $$
declare
    held record;
begin
    select a.effective_on, a.revision, c.company is not null as confirmed into held
    from pay_run r join payer_account a on a.company = r.company and a.pay_group = r.pay_group
        and a.effective_on <= new.execution_on
    left join payer_confirmation c on c.company = a.company and c.pay_group = a.pay_group
        and c.effective_on = a.effective_on and c.revision = a.revision
    where r.company = new.company and r.run = new.run order by a.effective_on desc, a.revision desc limit 1;
    if (new.account_from, new.account_revision) is distinct from (held.effective_on, held.revision) then
        raise exception 'a pay file is paid from the account that holds on its day' using errcode = 'check_violation';
    end if;
    if not held.confirmed then
        raise exception 'nothing is paid from an account that nobody has confirmed' using errcode = 'check_violation';
    end if;
    return new;
end $$;
create trigger keep_pay_file_payer before insert on pay_file for each row execute function keep_pay_file_payer();
"""
FACTS = ("payer_account", "payer_confirmation", "payer_details")


def upgrade() -> None:
    """Create the tables with their rights, and hold files to them."""
    execute(SCRIPT)
    isolate(*FACTS)
    facts(*FACTS)
