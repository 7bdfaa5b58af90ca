"""Items, stock with its moves, receipts, reservations.

The database itself refuses to oversell: `reserved <= on_hand` is a CHECK, whatever the code above it believes.
"""

from chassis.migrating import create_corridor, execute, facts, isolate, mutable

revision = "inventory_0001"
down_revision = None
branch_labels = None
depends_on = None

SCRIPT = """
create table item (company text not null references known_company (company), sku text collate "C" not null,
    item uuid not null, name text not null, unit text not null check (unit in ('pcs')),
    defined_at timestamptz not null,
    primary key (company, sku), unique (company, item));
create table stock_level (company text not null, warehouse text collate "C" not null, sku text collate "C" not null,
    on_hand bigint not null default 0 constraint on_hand_not_negative check (on_hand >= 0),
    reserved bigint not null default 0 constraint reserved_not_negative check (reserved >= 0),
    constraint never_oversold check (reserved <= on_hand),
    primary key (company, warehouse, sku),
    foreign key (company, sku) references item (company, sku)) with (fillfactor = 50);
create table receipt (company text not null references known_company (company), receipt uuid not null,
    reference text collate "C" not null, warehouse text collate "C" not null, received_on date not null,
    recorded_at timestamptz not null, actor text not null,
    primary key (company, receipt),
    constraint receipt_reference_once unique (company, reference));
create table stock_move (company text not null, move bigint generated always as identity,
    warehouse text collate "C" not null, sku text collate "C" not null,
    quantity bigint not null check (quantity <> 0), kind text not null check (kind in ('receipt')),
    receipt uuid not null, line int not null check (line > 0), effective_on date not null,
    recorded_at timestamptz not null,
    primary key (company, move), unique (company, receipt, line),
    foreign key (company, warehouse, sku) references stock_level (company, warehouse, sku),
    foreign key (company, receipt) references receipt (company, receipt));
create index stock_move_of_item on stock_move (company, sku, move);
create table reservation (company text not null, order_id uuid not null,
    state text not null check (state in ('reserved', 'refused', 'released', 'cancelled')),
    reservation uuid not null, warehouse text collate "C" not null,
    code text check (code in ('insufficient-stock', 'item-unknown', 'order-cancelled')), detail text,
    release_reason text check (release_reason in ('order-cancelled', 'invoice-refused')),
    decided_at timestamptz, released_at timestamptz,
    primary key (company, order_id),
    constraint refused_has_code check ((state = 'refused') = (code is not null)),
    constraint released_has_reason check ((state = 'released') = (release_reason is not null)),
    constraint decided_has_time check ((state = 'cancelled') = (decided_at is null))) with (fillfactor = 80);
create table reservation_line (company text not null, order_id uuid not null, line int not null check (line > 0),
    sku text collate "C" not null, quantity bigint not null check (quantity > 0),
    primary key (company, order_id, line),
    foreign key (company, order_id) references reservation (company, order_id));
"""


def upgrade() -> None:
    """Create the tables with their rights: facts are added and never changed; nothing is ever deleted."""
    create_corridor()
    execute(SCRIPT)
    isolate("item", "stock_level", "receipt", "stock_move", "reservation", "reservation_line")
    facts("item", "receipt", "stock_move", "reservation_line")
    mutable("stock_level", "reservation")
