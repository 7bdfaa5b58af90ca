"""A manual entry obeys the locks of the accounts that it touches: a closed sub-ledger stays what was reported of it.

Entries of documents belong to one sub-ledger as they are made; they are asked for their own lock alone, as before.
"""

from chassis.migrating import execute

revision = "ledger_0019"
down_revision = "ledger_0018"
branch_labels = None
depends_on = None

GUARD = """
create function guard_closed_subledgers() returns trigger language plpgsql as $$
begin
    if exists (select from (select distinct company, entry from added) x
            cross join lateral (select posted_on, actor from journal_entry j
                where j.company = x.company and j.id = x.entry and j.journal = 'general' offset 0) e
            join period_lock p on p.company = x.company and p.closed and e.posted_on between p.starts_on and p.ends_on
            join (values ('receivable', 'ar'), ('unapplied_cash', 'ar'), ('inventory', 'stock'),
                ('goods_received', 'stock'), ('wages_payable', 'payroll'), ('tax_payable', 'payroll'),
                ('contributions_payable', 'payroll'), ('training_payable', 'payroll')) r(role, subledger)
                on r.subledger = p.subledger
            join account a on a.company = x.company and a.role = r.role
            join added l on l.company = x.company and l.entry = x.entry and l.account = a.code
            where not exists (select from period_exception o where o.company = p.company
                and o.fiscal_year = p.fiscal_year and o.number = p.number and o.subledger = p.subledger
                and o.user_name = e.actor and o.until > now())) then
        raise exception 'the period of a sub-ledger is closed'
            using errcode = 'check_violation', constraint = 'journal_entry_period_open', table = 'journal_entry';
    end if;
    return null;
end $$;
create trigger guard_closed_subledgers after insert on journal_line
    referencing new table as added for each statement execute function guard_closed_subledgers();
"""


def upgrade() -> None:
    """Entries of before stand as they are."""
    execute(GUARD)
