"""The locks of sub-ledgers cost nothing where none is closed, else one look at each entry, whatever the planner does.

It might look for an entry once for each of its lines and of the accounts that have a sub-ledger.
"""

from chassis.migrating import execute

revision = "ledger_0021"
down_revision = "ledger_0020"
branch_labels = None
depends_on = None

GUARD = """
create or replace function guard_closed_subledgers() returns trigger language plpgsql as $$
begin
    if not exists (select from period_lock p where p.closed and p.company in (select company from added)) then
        return null;
    end if;
    if exists (with x as materialized (select k.company, k.entry, e.posted_on, e.actor
                from (select distinct company, entry from added) k
                cross join lateral (select posted_on, actor from journal_entry j
                    where j.company = k.company and j.id = k.entry and j.journal = 'general' offset 0) e)
            select from x
            join period_lock p on p.company = x.company and p.closed and x.posted_on between p.starts_on and p.ends_on
            join (values ('receivable', 'ar'), ('unapplied_cash', 'ar'), ('inventory', 'stock'),
                ('goods_received', 'stock'), ('wages_payable', 'payroll'), ('tax_payable', 'payroll'),
                ('contributions_payable', 'payroll'), ('training_payable', 'payroll')) r(role, subledger)
                on r.subledger = p.subledger
            join account a on a.company = x.company and a.role = r.role
            join added l on l.company = x.company and l.entry = x.entry and l.account = a.code
            where not exists (select from period_exception o where o.company = p.company
                and o.fiscal_year = p.fiscal_year and o.number = p.number and o.subledger = p.subledger
                and o.user_name = x.actor and o.until > now())) then
        raise exception 'the period of a sub-ledger is closed'
            using errcode = 'check_violation', constraint = 'journal_entry_period_open', table = 'journal_entry';
    end if;
    return null;
end $$;
"""


def upgrade() -> None:
    """The same question."""
    execute(GUARD)
