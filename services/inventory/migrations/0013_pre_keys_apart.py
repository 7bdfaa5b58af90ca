"""Keys by which rows are looked up begin with what singles out: the primary key alone begins with the company.

All delivery numbers of the company were looked through for each shipment that was packed or left, as long as the table
had no statistics: an index that begins as the key does costs the planner the same as the key. References stay as they
are: lists are read in their order.
"""

from chassis.migrating import execute

revision = "inventory_0013"
down_revision = "inventory_0012"
branch_labels = None
depends_on = None

KEYS = (
    ("item", "item_company_item_key", "item, company"),
    ("stock_move", "move_of_document_once", "document, company, kind, line"),
    ("shipment", "delivery_number_once", "number, company"),
    ("bin_move", "bin_move_of_document_once", "document, company, kind, line, bin"),
    ("parcel", "sscc_once", "sscc, company"),
)

# As before, but that levels are looked up one by one.
INSTANTS = """
create or replace function guard_every_instant() returns trigger language plpgsql as $$
begin
    if exists (select from (select company, warehouse, sku, min(effective_on) as since from added where quantity < 0
            group by 1, 2, 3) a
        cross join lateral (select * from stock_level v where v.company = a.company and v.warehouse = a.warehouse
            and v.sku = a.sku and not v.negative_allowed offset 0) s
        cross join lateral (select s.on_hand - sum(m.quantity) over (order by m.effective_on desc, m.move desc)
            as there from stock_move m where m.company = a.company and m.warehouse = a.warehouse and m.sku = a.sku
            and m.effective_on > a.since) b where b.there < 0) then
        raise exception 'stock would have been below zero at a later instant'
            using errcode = 'check_violation', constraint = 'never_negative_later', table = 'stock_move';
    end if;
    return null;
end $$;
"""


def upgrade() -> None:
    """The same keys in another order, under the same names."""
    for table, name, columns in KEYS:
        renamed = "item_item_company_key" if name == "item_company_item_key" else name
        execute(f"alter table {table} drop constraint {name}, add constraint {renamed} unique ({columns})")
    execute(INSTANTS)
