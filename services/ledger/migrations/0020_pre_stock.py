"""What each document about goods says that it is worth: inventory's side of the comparison with the inventory account.

Documents of before are taken from the entries that were made of them: of those the two sides agree by construction.
"""

from chassis.migrating import execute, facts, isolate

revision = "ledger_0020"
down_revision = "ledger_0019"
branch_labels = None
depends_on = None

SCRIPT = """
create table stock_document (company text not null, document uuid not null, kind text not null, posted_on date not null,
    currency text not null, value bigint not null, primary key (company, document));
create index stock_document_of_day on stock_document (company, posted_on) include (currency, value);
"""
EARLIER = """
alter table journal_entry no force row level security;
alter table journal_line no force row level security;
alter table account no force row level security;
insert into stock_document (company, document, kind, posted_on, currency, value)
select e.company, e.document, 'earlier', min(e.posted_on), l.currency, sum(l.debit - l.credit)
from journal_entry e join journal_line l on l.company = e.company and l.entry = e.id
join account a on a.company = l.company and a.code = l.account and a.role = 'inventory'
where e.subledger = 'stock' group by 1, 2, 5 having sum(l.debit - l.credit) <> 0;
alter table journal_entry force row level security;
alter table journal_line force row level security;
alter table account force row level security;
"""


def upgrade() -> None:
    """Facts."""
    execute(SCRIPT)
    execute(EARLIER)
    isolate("stock_document")
    facts("stock_document")
