"""A bank account is paid to when somebody has confirmed it who had not entered it.

Accounts that were entered before are to be confirmed too, before the next file. Files that were made before stay as
they are: the new rule of `pay_file_payment` holds for new rows.
"""

from chassis.migrating import execute, facts, isolate

revision = "payroll_0008"
down_revision = "payroll_0007"
branch_labels = None
depends_on = None

SCRIPT = """
alter table bank_account add constraint bank_account_with_who_entered_it
    unique (company, employee, effective_on, revision, recorded_by);
create table account_confirmation (company text not null, employee uuid not null, effective_on date not null,
    revision int not null, entered_by text not null, confirmed_by text not null, confirmed_at timestamptz not null,
    primary key (company, employee, effective_on, revision), check (confirmed_by <> entered_by),
    foreign key (company, employee, effective_on, revision, entered_by)
        references bank_account (company, employee, effective_on, revision, recorded_by));
alter table pay_file_payment add constraint paid_to_a_confirmed_account
    foreign key (company, employee, account_from, account_revision)
    references account_confirmation (company, employee, effective_on, revision) not valid;
"""


def upgrade() -> None:
    """Create the table with its rights, and hold new payments to it."""
    execute(SCRIPT)
    isolate("account_confirmation")
    facts("account_confirmation")
