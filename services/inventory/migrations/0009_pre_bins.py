"""Bins: places within a warehouse, what lies in them, and how it came there.

What lies in no bin is loose: on a receiving bay, a packing table, or in a warehouse that has none. `stock_level.binned`
is the sum of the bins, so that the database can hold that no more lies in them than is on hand. Bins of an item in a
warehouse are changed under the lock of its stock level alone.
"""

from chassis.migrating import execute, facts, isolate, mutable

revision = "inventory_0009"
down_revision = "inventory_0008"
branch_labels = None
depends_on = None

PLACES = """
alter table stock_level add column binned bigint not null default 0,
    add constraint binned_not_negative check (binned >= 0),
    add constraint binned_is_there check (binned <= greatest(on_hand, 0) or negative_allowed);
create table bin (company text not null references known_company (company), warehouse text collate "C" not null,
    bin text collate "C" not null, name text not null, defined_at timestamptz not null,
    primary key (company, warehouse, bin));
create table bin_level (company text not null, warehouse text collate "C" not null, sku text collate "C" not null,
    bin text collate "C" not null, on_hand bigint not null default 0
        constraint bin_not_negative check (on_hand >= 0),
    primary key (company, warehouse, sku, bin),
    foreign key (company, warehouse, sku) references stock_level (company, warehouse, sku),
    foreign key (company, warehouse, bin) references bin (company, warehouse, bin)) with (fillfactor = 50);
create index bin_level_of_bin on bin_level (company, warehouse, bin, sku) where on_hand > 0;
create table bin_move (company text not null, move bigint generated always as identity, warehouse text collate "C"
        not null, sku text collate "C" not null, bin text collate "C" not null,
    quantity bigint not null check (quantity <> 0), kind text not null check (kind in ('receipt', 'opening', 'move',
        'pick', 'withdrawal', 'count', 'transfer-out', 'transfer-in')), document uuid not null,
    line int not null check (line > 0), effective_on date not null, recorded_at timestamptz not null,
    primary key (company, move), constraint bin_move_of_document_once unique (company, document, kind, line, bin),
    foreign key (company, warehouse, sku, bin) references bin_level (company, warehouse, sku, bin));
create index bin_move_of_item on bin_move (sku, company, warehouse, effective_on, move);
create index bin_move_of_day on bin_move (company, warehouse, effective_on);
"""

# As for stock: a move out that comes late takes from every day after its own as well.
INSTANTS = """
create function guard_every_instant_of_bins() returns trigger language plpgsql as $$
begin
    if exists (select from (select company, warehouse, sku, bin, min(effective_on) as since from added
            where quantity < 0 group by 1, 2, 3, 4) a
        join bin_level s on s.company = a.company and s.warehouse = a.warehouse and s.sku = a.sku and s.bin = a.bin
        cross join lateral (select s.on_hand - sum(m.quantity) over (order by m.effective_on desc, m.move desc)
            as there from bin_move m where m.company = a.company and m.warehouse = a.warehouse and m.sku = a.sku
            and m.bin = a.bin and m.effective_on > a.since) b where b.there < 0) then
        raise exception 'less than nothing would have been in a bin at a later instant'
            using errcode = 'check_violation', constraint = 'bin_never_negative_later', table = 'bin_move';
    end if;
    return null;
end $$;
create trigger guard_every_instant_of_bins after insert on bin_move
    referencing new table as added for each statement execute function guard_every_instant_of_bins();
"""

DOCUMENTS = """
create table bin_policy (company text primary key references known_company (company),
    pick_from text not null check (pick_from in ('by-code', 'emptiest-first', 'fullest-first')));
create table shipment_bin (company text not null, shipment uuid not null, line int not null,
    bin text collate "C" not null, quantity bigint not null check (quantity > 0),
    primary key (company, shipment, line, bin),
    foreign key (company, shipment, line) references shipment_line (company, shipment, line));
alter table stock_count add column bin text collate "C";
"""


def upgrade() -> None:
    """What was there before is loose."""
    for script in (PLACES, INSTANTS, DOCUMENTS):
        execute(script)
    isolate("bin", "bin_level", "bin_move", "bin_policy", "shipment_bin")
    facts("bin", "bin_move", "shipment_bin")
    mutable("bin_level", "bin_policy")
