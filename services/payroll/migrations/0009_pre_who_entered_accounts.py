"""Which person entered an account is written down, apart from `recorded_by`: that was the caller's own name once, which
may be a system's, and still is where an older process writes.

The audit record says for whom a system asked. Where nobody is known the account is entered again before it can be
confirmed; the database holds that too. Confirmations that were made before stay.

Files that were made before revision 7 get the accounts that they were made with: that revision read its tables as
their owner, who sees no row of an isolated table, and so found none.
"""

from chassis.migrating import execute

revision = "payroll_0009"
down_revision = "payroll_0008"
branch_labels = None
depends_on = None

READ = ("audit", "bank_account", "pay_file", "pay_file_payment", "pay_run", "payslip")
SCRIPT = """
alter table bank_account add column entered_by text;
update bank_account b set entered_by = coalesce(a.on_behalf_of, a.actor) from audit a
where a.company = b.company and a.subject = b.employee::text and a.action = 'bank-account-entered'
    and convert_from(a.detail, 'UTF8')::jsonb
        = jsonb_build_object('effective_on', b.effective_on::text, 'revision', b.revision);
alter table bank_account drop constraint bank_account_with_who_entered_it cascade,
    add constraint bank_account_with_who_entered_it
    unique (company, employee, effective_on, revision, entered_by);
alter table account_confirmation add constraint confirmed_is_what_a_known_person_entered
    foreign key (company, employee, effective_on, revision, entered_by)
    references bank_account (company, employee, effective_on, revision, entered_by) not valid;
alter table pay_file_payment drop constraint paid_to_a_confirmed_account;
insert into pay_file_payment (company, run, employee, account_from, account_revision)
select f.company, f.run, p.employee, b.effective_on, b.revision from pay_file f
join pay_run r on r.company = f.company and r.run = f.run
join payslip p on p.company = r.company and p.run = r.run and p.attempt = r.attempt and p.pays
cross join lateral (select b.effective_on, b.revision from bank_account b
    where b.company = p.company and b.employee = p.employee and b.effective_on <= f.execution_on
        and b.recorded_at <= f.exported_at
    order by b.effective_on desc, b.revision desc limit 1) b
where not exists (select from pay_file_payment q where q.company = f.company and q.run = f.run);
alter table pay_file_payment add constraint paid_to_a_confirmed_account
    foreign key (company, employee, account_from, account_revision)
    references account_confirmation (company, employee, effective_on, revision) not valid;
"""


def upgrade() -> None:
    """Name the persons, and have confirmations refer to them; read and write past the isolation meanwhile."""
    for table in READ:
        execute(f"alter table {table} no force row level security")
    execute(SCRIPT)
    for table in READ:
        execute(f"alter table {table} force row level security")
