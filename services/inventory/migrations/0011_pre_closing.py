"""Who gives up goods in transit does not agree with it: the database compares the two.

A transfer that was closed before has neither name: nobody asked for them.
"""

from chassis.migrating import execute

revision = "inventory_0011"
down_revision = "inventory_0010"
branch_labels = None
depends_on = None

SCRIPT = """
alter table transfer add column closing_by text, add column closed_by text,
    drop constraint transfer_state_check,
    add constraint transfer_state_check check (state in ('sent', 'closing', 'closed')),
    add constraint closed_by_another check (closed_by is null or closed_by <> closing_by),
    add constraint closing_by_somebody check (closing_by is not null or (state <> 'closing' and closed_by is null));
create index transfer_closing on transfer (company, reference) where state = 'closing';
"""


def upgrade() -> None:
    """A loss within the tolerance is agreed with by the company's rule, which is nobody's name."""
    execute(SCRIPT)
