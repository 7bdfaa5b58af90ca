"""A task that needs a certificate of its person is done by nobody while that is missing or expired, whoever writes it.

The code says so by name; the table holds it too, as it holds who decides about leave. A certificate holds from the day
it was issued to its last day, by the days of where the company is; a task can still be waived.
"""

from chassis.migrating import execute

revision = "payroll_0023"
down_revision = "payroll_0022"
branch_labels = None
depends_on = None

SCRIPT = """
create function keep_checklist_outcome() returns trigger language plpgsql as $$
begin
    if new.outcome = 'done' and exists (select from checklist_task t
        left join company_profile p on p.company = t.company
        where t.company = new.company and t.employee = new.employee and t.occasion = new.occasion
            and t.task = new.task and t.requires is not null
            and not exists (select from certificate c where c.company = t.company and c.employee = t.employee
                and c.course = t.requires and (now() at time zone coalesce(p.time_zone, 'UTC'))::date
                    between c.issued_on and coalesce(c.valid_until, 'infinity'))) then
        raise exception 'a task that needs a certificate is done while one holds' using errcode = 'check_violation';
    end if;
    return new;
end $$;
create trigger keep_checklist_outcome before insert on checklist_outcome
    for each row execute function keep_checklist_outcome();
"""


def upgrade() -> None:
    """Hold what is written about tasks to the certificates that are there; what was written before stays."""
    execute(SCRIPT)
