"""Who asked for leave, or whose leave it is, does not decide about it under another of their accounts.

As for pay, an account that was a person's at any time counts as theirs. Taking a request back is no decision of a
second person, and stays open to both.
"""

from chassis.migrating import execute

revision = "payroll_0012"
down_revision = "payroll_0011"
branch_labels = None
depends_on = None

SCRIPT = """
create function keep_leave_decision() returns trigger language plpgsql as $$
begin
    if new.decision <> 'cancelled' and (same_person(new.company, new.asked_by, new.decided_by) or exists (
            select from leave_request r join account_link l on l.company = r.company and l.employee = r.employee
            where r.company = new.company and r.request = new.request and l.actor = new.decided_by)) then
        raise exception 'who asks for leave does not decide about it' using errcode = 'check_violation';
    end if;
    return new;
end $$;
create trigger keep_leave_decision before insert on leave_decision
    for each row execute function keep_leave_decision();
"""


def upgrade() -> None:
    """Hold decisions about leave to the person behind an account."""
    execute(SCRIPT)
