"""FIFO of each warehouse by itself. Inventory is stopped meanwhile: code of before knows nothing of places.

A stored state without places reads as goods of MAIN, which is right for items that never were anywhere else. What went
out of others has its cost from layers over all warehouses: that was told, so they keep them.
"""

from chassis.migrating import execute

revision = "inventory_0008"
down_revision = "inventory_0007"
branch_labels = None
depends_on = None

SCRIPT = """
alter table item_cost add column apart boolean not null default false,
    add constraint item_cost_apart_check check (method = 'fifo' or not apart);
alter table item_cost no force row level security;
alter table stock_move no force row level security;
update item_cost c set apart = true where method = 'fifo' and not exists (select from stock_move m
    where m.company = c.company and m.sku = c.sku and m.warehouse <> 'MAIN');
alter table item_cost force row level security;
alter table stock_move force row level security;
"""


def upgrade() -> None:
    """A column, and which of the items there are may begin with it."""
    execute(SCRIPT)
