"""No company is learnt without what stands at the head of its papers; and `ledger.companies` is read again once more.

Revision 6 had that topic read again while code of before could still run: it read the companies again, kept no
letterhead, and left cursors behind which nobody passes twice. So from here on such code cannot take a company: its
batch is transient (40001), tried again and never committed, until the new code has its partition.

The locks are taken in the order in which a batch takes them, so that a batch that runs is waited for, not crossed.
"""

from chassis.migrating import execute

revision = "documents_0007"
down_revision = "documents_0006"
branch_labels = None
depends_on = None

SCRIPT = """
lock table inbox_offset, inbox, known_company, held, inbox_count in access exclusive mode;
alter table letterhead alter constraint letterhead_company_fkey deferrable initially deferred;
create or replace function letterhead_comes_first() returns trigger language plpgsql as $$
begin
    if not exists (select from letterhead where company = new.company) then
        raise exception 'company % is learnt without its letterhead', new.company using errcode = '40001';
    end if;
    return new;
end $$;
create or replace trigger letterhead_comes_first before insert on known_company
    for each row execute function letterhead_comes_first();
"""
READ_ANEW = ("inbox", "held", "inbox_count")


def upgrade() -> None:
    """A rule; and what was read without it is read again: cursors, offsets, counts and what is held go together."""
    execute(SCRIPT)
    execute("delete from inbox_offset where topic = 'ledger.companies'")
    for table in READ_ANEW:
        execute(f"alter table {table} no force row level security")
        execute(f"delete from {table} where topic = 'ledger.companies'")
        execute(f"alter table {table} force row level security")
