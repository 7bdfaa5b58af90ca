"""Which orders are not invoiced in full, known whether or not their company asks for credit."""

from chassis.migrating import execute

revision = "ledger_0022"
down_revision = "ledger_0021"
branch_labels = None
depends_on = None

# Open is what is not decided yet, unless it is said otherwise: only what goes on after it was reserved is said.
OPEN = """
alter table order_to_bill add column unbilled boolean;
alter table order_to_bill drop constraint order_to_bill_closed_check,
    add constraint order_to_bill_closed_check
        check (closed in ('reservation-refused', 'released', 'cancelled', 'change-refused'));
create index order_to_bill_open on order_to_bill (company, order_id, revision)
    where has_terms and closed is null and coalesce(unbilled, reserved_at is null);
"""

# Of orders that are invoiced when their goods leave, what has left is taken off by its invoices.
BEFORE = """
update order_to_bill o set unbilled = true from order_terms t
where t.company = o.company and t.order_id = o.order_id and t.revision = o.revision
    and convert_from(t.body, 'UTF8')::jsonb ->> 'invoice_on' = 'dispatch'
    and o.has_terms and o.reserved_at is not null and o.closed is null;
"""


def upgrade() -> None:
    """An index of what is open alone: as small as what is under way, however long the history."""
    execute(OPEN)
    execute(BEFORE)
