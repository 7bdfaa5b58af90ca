"""The day on which a document stands in the books, where its own was closed by then."""

from chassis.migrating import execute

revision = "ledger_0008"
down_revision = "ledger_0007"
branch_labels = None
depends_on = None

COLUMNS = """
alter table invoice add column posted_on date check (posted_on > issued_on);
alter table credit_note add column posted_on date check (posted_on > issued_on);
"""

FILL = """
update invoice i set posted_on = e.posted_on from journal_entry e
where e.company = i.company and e.document = i.id and e.journal = 'sales' and e.original_on is not null;
update credit_note n set posted_on = e.posted_on from journal_entry e
where e.company = n.company and e.document = n.id and e.journal = 'sales' and e.original_on is not null;
update allocation a set effective_on = e.posted_on from journal_entry e
where e.company = a.company and e.id = a.entry and e.posted_on <> a.effective_on;
update deduction d set effective_on = e.posted_on from journal_entry e
where e.company = d.company and e.id = d.entry and e.posted_on <> d.effective_on;
"""

FILLED = ("invoice", "credit_note", "allocation", "deduction", "journal_entry")


def upgrade() -> None:
    """Add the columns, and put right what was written before the day was known."""
    execute(COLUMNS)
    for table in FILLED:
        execute(f"alter table {table} no force row level security")
    execute(FILL)
    for table in FILLED:
        execute(f"alter table {table} force row level security")
