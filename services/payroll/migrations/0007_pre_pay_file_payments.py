"""Which bank account each payment of a pay file goes to is chosen once, when the file is made."""

from chassis.migrating import execute, facts, isolate

revision = "payroll_0007"
down_revision = "payroll_0006"
branch_labels = None
depends_on = None

SCRIPT = """
create table pay_file_payment (company text not null, run uuid not null, employee uuid not null,
    account_from date not null, account_revision int not null, primary key (company, run, employee),
    foreign key (company, run) references pay_file (company, run),
    foreign key (company, employee, account_from, account_revision)
        references bank_account (company, employee, effective_on, revision));
insert into pay_file_payment (company, run, employee, account_from, account_revision)
select f.company, f.run, p.employee, b.effective_on, b.revision from pay_file f
join pay_run r on r.company = f.company and r.run = f.run
join payslip p on p.company = r.company and p.run = r.run and p.attempt = r.attempt and p.pays
cross join lateral (select b.effective_on, b.revision from bank_account b
    where b.company = p.company and b.employee = p.employee and b.effective_on <= f.execution_on
        and b.recorded_at <= f.exported_at
    order by b.effective_on desc, b.revision desc limit 1) b;
"""


def upgrade() -> None:
    """Create the table with its rights; files that were made before keep the accounts that they were made with."""
    execute(SCRIPT)
    isolate("pay_file_payment")
    facts("pay_file_payment")
