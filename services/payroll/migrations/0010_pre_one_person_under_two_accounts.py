"""Four eyes are two people: who has two accounts does not approve with one what they did with the other.

An account that was a person's at any time counts as theirs: taking the link away first opens nothing. And a run begins
by being calculated, whoever writes it.
"""

from chassis.migrating import execute

revision = "payroll_0010"
down_revision = "payroll_0009"
branch_labels = None
depends_on = None

SCRIPT = """
create function same_person(of_company text, one text, other text) returns boolean language sql stable as $$
    select one = other or exists (select from account_link a join account_link b using (company, employee)
        where a.company = of_company and a.actor = one and b.actor = other)
$$;
create or replace function keep_pay_run() returns trigger language plpgsql as $$
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
    if old.state = 'calculated' and new.state = 'approved' and exists (select from pay_run_step s
            where s.company = new.company and s.run = new.run and s.action in ('started', 'recalculated')
            and same_person(new.company, s.actor, new.approved_by)) then
        raise exception 'who calculated a run does not approve it' using errcode = 'check_violation';
    end if;
    return new;
end $$;
create function begin_pay_run() returns trigger language plpgsql as $$
begin
    if new.state <> 'calculating' or new.approved_by is not null then
        raise exception 'a run begins by being calculated' using errcode = 'check_violation';
    end if;
    return new;
end $$;
create trigger begin_pay_run before insert on pay_run for each row execute function begin_pay_run();
create function keep_account_confirmation() returns trigger language plpgsql as $$
begin
    if same_person(new.company, new.entered_by, new.confirmed_by) then
        raise exception 'who entered an account does not confirm it' using errcode = 'check_violation';
    end if;
    return new;
end $$;
create trigger keep_account_confirmation before insert on account_confirmation
    for each row execute function keep_account_confirmation();
"""


def upgrade() -> None:
    """Hold approvals and confirmations to the person behind an account."""
    execute(SCRIPT)
