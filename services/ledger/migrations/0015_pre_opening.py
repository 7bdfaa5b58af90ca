"""What was open when the books were taken over from an earlier system, under the numbers that it gave."""

from chassis.migrating import execute

revision = "ledger_0015"
down_revision = "ledger_0014"
branch_labels = None
depends_on = None

STATED = """
alter table invoice add column stated_number text;
alter table invoice add column stated_total bigint;
alter table invoice add constraint invoice_stated check (
    (stated_number is null) = (stated_total is null) and (stated_total is null or stated_total >= total));
create unique index invoice_stated_number on invoice (stated_number, company) where stated_number is not null;
alter table payment add column stated_on date;
create unique index payment_stated on payment (reference, company) where stated_on is not null;
"""


def upgrade() -> None:
    """A number of an earlier system is taken over once."""
    execute(STATED)
