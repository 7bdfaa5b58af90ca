"""Leave that has begun is taken back by another person than whose it is or who asked for it.

Until its first day a request may be taken back by both. From then on it was taken, unpaid leave may have lessened a
month's pay, and taking it back gives something: that needs a second person, as approving it did. Entries that set right
what a closed month wrote, under a period of their own, may have either sign.
"""

from chassis.migrating import execute

revision = "payroll_0019"
down_revision = "payroll_0018"
branch_labels = None
depends_on = None

SCRIPT = """
create function leave_has_begun(of_company text, of_request uuid) returns boolean language sql stable as $$
    select exists (select from leave_request r left join company_profile p using (company)
        where r.company = of_company and r.request = of_request
        and (r.first_day <= (now() at time zone coalesce(p.time_zone, 'UTC'))::date
            or exists (select from leave_month m where m.company = r.company
                and m.month >= to_char(r.first_day, 'YYYY-MM')))
        and (select d.decision from leave_decision d where d.company = r.company and d.request = r.request
            order by d.revision desc limit 1) = 'approved')
$$;
create or replace function keep_leave_decision() returns trigger language plpgsql as $$
begin
    if (new.decision <> 'cancelled' or leave_has_begun(new.company, new.request))
        and (same_person(new.company, new.asked_by, new.decided_by) or exists (
            select from leave_request r join account_link l on l.company = r.company and l.employee = r.employee
            where r.company = new.company and r.request = new.request and l.actor = new.decided_by)) then
        raise exception 'who asks for leave does not decide about it, nor takes it back once it has begun'
            using errcode = 'check_violation';
    end if;
    return new;
end $$;
do $$
declare sign name;
begin
    for sign in select conname from pg_constraint where conrelid = 'leave_entry'::regclass and contype = 'c'
        and pg_get_constraintdef(oid) like '%hundredths%' and pg_get_constraintdef(oid) like '%kind%' loop
        execute format('alter table leave_entry drop constraint %I', sign);
    end loop;
end $$;
alter table leave_entry
    add constraint leave_entry_takes check (
        (kind = 'taken' or kind = 'forfeited' and period not like '% corrected %') <= (hundredths < 0)),
    add constraint leave_entry_gives check (
        (kind = 'returned' or kind = 'accrual' and period not like '% corrected %') <= (hundredths > 0));
"""


def upgrade() -> None:
    """Hold who takes leave back to the person behind an account; let entries correct what a closed month wrote."""
    execute(SCRIPT)
