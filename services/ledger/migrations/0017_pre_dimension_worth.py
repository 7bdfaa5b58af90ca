"""What balances by department and cost centre are worth in the company's own currency, as those of accounts are.

A replica of before that posts while this runs beside it adds no worth to what it adds: upgrade it within the same step.
"""

from chassis.migrating import execute

revision = "ledger_0017"
down_revision = "ledger_0016"
branch_labels = None
depends_on = None

COLUMNS = """
alter table dimension_day add column base_debit numeric(38, 0) not null default 0 check (base_debit >= 0);
alter table dimension_day add column base_credit numeric(38, 0) not null default 0 check (base_credit >= 0);
"""

FILL = """
insert into dimension_day as d (company, account, currency, department, cost_centre, effective_on, recorded_on, debit,
    credit, base_debit, base_credit)
select l.company, l.account, l.currency, coalesce(l.department, ''), coalesce(l.cost_centre, ''), e.posted_on,
    (e.at at time zone 'UTC')::date, 0, 0, sum(greatest(coalesce(l.base, l.debit - l.credit), 0)),
    sum(greatest(-coalesce(l.base, l.debit - l.credit), 0))
from journal_line l join journal_entry e on e.company = l.company and e.id = l.entry
where l.department is not null or l.cost_centre is not null group by 1, 2, 3, 4, 5, 6, 7
on conflict (company, account, currency, department, cost_centre, effective_on, recorded_on)
do update set base_debit = excluded.base_debit, base_credit = excluded.base_credit;
"""

READ = ("journal_line", "journal_entry", "dimension_day", "account")


def upgrade() -> None:
    """Add the columns, and say what lines of before are worth."""
    execute(COLUMNS)
    for table in READ:
        execute(f"alter table {table} no force row level security")
    execute(FILL)
    for table in READ:
        execute(f"alter table {table} force row level security")
