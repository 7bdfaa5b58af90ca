"""Orders leave the house: what was ordered, how far each line is, shipments, and moves that are no receipts.

What a line holds is `quantity - waiting - dropped - shipped` while its order is reserved: the line stays a fact, and a
line that was reserved in full has no progress beside it until somebody picks it, so reserving costs what it did.
"""

from chassis.migrating import execute, facts, isolate, mutable

revision = "inventory_0003"
down_revision = "inventory_0002"
branch_labels = None
depends_on = None

LINES = """
alter table reservation drop constraint reservation_state_check, add constraint reservation_state_check
    check (state in ('reserved', 'shipped', 'refused', 'released', 'cancelled'));
create table line_progress (company text not null, order_id uuid not null, revision int not null default 1,
    line int not null, sku text collate "C" not null, quantity bigint not null check (quantity > 0),
    waiting bigint not null default 0 constraint waiting_not_negative check (waiting >= 0),
    dropped bigint not null default 0 constraint dropped_not_negative check (dropped >= 0),
    picked bigint not null default 0 constraint picked_not_negative check (picked >= 0),
    shipped bigint not null default 0 constraint shipped_not_negative check (shipped >= 0),
    primary key (company, order_id, revision, line),
    foreign key (company, order_id) references reservation (company, order_id),
    constraint never_shipped_twice check (picked + shipped + waiting + dropped <= quantity)) with (fillfactor = 70);
create index line_progress_waiting on line_progress (sku, company) where waiting > 0;
create table order_paper (company text not null references known_company (company), order_id uuid not null,
    revision int not null default 1, body bytea not null, primary key (company, order_id, revision));
"""

SHIPMENTS = """
create table shipment (company text not null, shipment uuid not null, order_id uuid not null,
    revision int not null default 1, warehouse text collate "C" not null,
    state text not null check (state in ('picked', 'packed', 'shipped', 'withdrawn')),
    picked_at timestamptz not null, packed_at timestamptz, closed_at timestamptz, packages int check (packages > 0),
    number text, dispatched_on date, carrier text, tracking text, complete boolean,
    primary key (company, shipment),
    foreign key (company, order_id) references reservation (company, order_id),
    constraint delivery_number_once unique (company, number),
    constraint shipped_has_papers check ((state = 'shipped') = (number is not null and dispatched_on is not null
        and complete is not null))) with (fillfactor = 80);
create index shipment_of_order on shipment (order_id, company);
create index shipment_open on shipment (company, picked_at, shipment) where state in ('picked', 'packed');
create table shipment_line (company text not null, shipment uuid not null, line int not null,
    sku text collate "C" not null, quantity bigint not null check (quantity > 0),
    primary key (company, shipment, line),
    foreign key (company, shipment) references shipment (company, shipment));
create table delivery_counter (company text not null, year int not null, last bigint not null check (last > 0),
    primary key (company, year)) with (fillfactor = 50);
"""

MOVES = """
alter table stock_move drop constraint stock_move_company_receipt_fkey;
alter table stock_move drop constraint stock_move_company_receipt_line_key;
alter table stock_move drop constraint stock_move_kind_check;
alter table stock_move rename column receipt to document;
alter table stock_move add constraint stock_move_kind_check check (kind in ('receipt', 'opening', 'issue',
        'transfer-out', 'transfer-in', 'transit-loss', 'count'));
alter table stock_move add constraint move_of_document_once unique (company, document, kind, line);
"""


def upgrade() -> None:
    """Facts stay facts: how far a line is stands beside it."""
    execute(LINES)
    execute(SHIPMENTS)
    execute(MOVES)
    isolate("line_progress", "order_paper", "shipment", "shipment_line", "delivery_counter")
    facts("order_paper", "shipment_line")
    mutable("line_progress", "shipment", "delivery_counter")
