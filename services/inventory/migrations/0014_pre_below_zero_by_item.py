"""Whether an item may go below zero where a warehouse has no word of its own.

What a level may is written into its row, where the checks look. The item's row is locked by whoever makes a level, so
that none is made by a rule that is just being changed.
"""

from chassis.migrating import execute, isolate, mutable

revision = "inventory_0014"
down_revision = "inventory_0013"
branch_labels = None
depends_on = None

SCRIPT = """
create table item_policy (company text not null, sku text not null, negative_allowed boolean not null default false,
    primary key (company, sku), foreign key (company, sku) references item (company, sku));
insert into item_policy (company, sku) select company, sku from item;
alter table stock_level add column negative_own boolean not null default false;
update stock_level set negative_own = true where negative_allowed;
"""


def upgrade() -> None:
    """What was said of a warehouse before stays its own word."""
    execute(SCRIPT)
    isolate("item_policy")
    mutable("item_policy")
