"""Units, warehouses, what goods cost, transfers, counts, and stock that may go below zero where a company says so.

`stock_move.value` is what a move was worth when it was booked, in minor units of the company's currency; a move that
only changes the place of goods has none, nor has a move of an item that nobody values. It is never changed: what a late
move makes different stands in `revaluation`, on the day on which it was found out.
"""

from chassis.migrating import execute, facts, isolate, mutable

revision = "inventory_0004"
down_revision = "inventory_0003"
branch_labels = None
depends_on = None

GOODS = """
create table stock_company (company text primary key references known_company (company), currency text not null,
    time_zone text not null);
alter table item drop constraint item_unit_check,
    add constraint item_unit_check check (unit ~ '^[a-z][a-z0-9-]{0,15}$'),
    add column packagings jsonb not null default '{}',
    add column valuation text not null default 'none'
        constraint item_valuation_check check (valuation in ('none', 'moving-average', 'fifo'));
create table warehouse (company text not null references known_company (company), code text collate "C" not null,
    name text not null, defined_at timestamptz not null, primary key (company, code));
insert into warehouse (company, code, name, defined_at)
    select distinct company, warehouse, warehouse, now() from stock_level where warehouse <> 'MAIN';
alter table receipt add column kind text not null default 'receipt'
    constraint receipt_kind_check check (kind in ('receipt', 'opening'));
"""

LEVELS = """
alter table stock_level drop constraint on_hand_not_negative, drop constraint never_oversold,
    add column negative_allowed boolean not null default false,
    add constraint on_hand_not_negative check (on_hand >= 0 or negative_allowed),
    add constraint never_oversold check (reserved <= on_hand or negative_allowed);
create index stock_move_of_day on stock_move (sku, company, warehouse, effective_on, move);
"""

# A move out that comes late takes from every day after its own as well. The levels are raised and lowered before their
# moves are written, so that `on_hand` is what there is now; going back from there, every instant must bear it.
INSTANTS = """
create function guard_every_instant() returns trigger language plpgsql as $$
begin
    if exists (select from (select company, warehouse, sku, min(effective_on) as since from added where quantity < 0
            group by 1, 2, 3) a
        join stock_level s on s.company = a.company and s.warehouse = a.warehouse and s.sku = a.sku
            and not s.negative_allowed
        cross join lateral (select s.on_hand - sum(m.quantity) over (order by m.effective_on desc, m.move desc)
            as there from stock_move m where m.company = a.company and m.warehouse = a.warehouse and m.sku = a.sku
            and m.effective_on > a.since) b where b.there < 0) then
        raise exception 'stock would have been below zero at a later instant'
            using errcode = 'check_violation', constraint = 'never_negative_later', table = 'stock_move';
    end if;
    return null;
end $$;
create trigger guard_every_instant after insert on stock_move
    referencing new table as added for each statement execute function guard_every_instant();
"""

VALUES = """
alter table stock_move add column value bigint;
create index stock_move_valued on stock_move (sku, company, effective_on, move) include (quantity, value)
    where value is not null;
create table order_wish (company text not null, order_id uuid not null, if_short text, priority smallint not null,
    reserve_until timestamptz, primary key (company, order_id));
create table item_cost (company text not null, sku text collate "C" not null,
    method text not null check (method in ('moving-average', 'fifo')), state bytea not null,
    quantity bigint not null default 0, value bigint not null default 0, last_on date, since int not null default 0,
    primary key (company, sku), foreign key (company, sku) references item (company, sku)) with (fillfactor = 50);
create table cost_checkpoint (company text not null, sku text collate "C" not null, on_day date not null,
    state bytea not null, valid boolean not null default true, primary key (company, sku, on_day),
    foreign key (company, sku) references item_cost (company, sku));
create table value_day (company text not null, sku text collate "C" not null, posted_on date not null,
    quantity bigint not null, value bigint not null, primary key (company, sku, posted_on),
    foreign key (company, sku) references item_cost (company, sku)) with (fillfactor = 50);
create table revaluation (company text not null, revaluation uuid not null, sku text collate "C" not null,
    document uuid not null, posted_on date not null, value bigint not null check (value <> 0),
    recorded_at timestamptz not null, primary key (company, revaluation, sku),
    foreign key (company, sku) references item_cost (company, sku));
create index revaluation_of_day on revaluation (company, posted_on);
create index stock_move_valued_day on stock_move (company, effective_on, document) where value is not null;
"""

TRANSFERS = """
create table transfer (company text not null references known_company (company), transfer uuid not null,
    reference text collate "C" not null, source text collate "C" not null, target text collate "C" not null,
    sent_on date not null, state text not null check (state in ('sent', 'closed')), recorded_at timestamptz not null,
    actor text not null, primary key (company, transfer),
    constraint transfer_reference_once unique (company, reference), check (source <> target));
create table transfer_line (company text not null, transfer uuid not null, line int not null check (line > 0),
    sku text collate "C" not null, sent bigint not null check (sent > 0),
    arrived bigint not null default 0 check (arrived >= 0), lost bigint not null default 0 check (lost >= 0),
    primary key (company, transfer, line), foreign key (company, transfer) references transfer (company, transfer),
    constraint no_more_than_was_sent check (arrived + lost <= sent)) with (fillfactor = 70);
"""

COUNTS = """
create table stock_policy (company text primary key references known_company (company),
    count_tolerance bigint not null default 0 check (count_tolerance between 0 and 1000000));
create table stock_count (company text not null references known_company (company), count uuid not null,
    reference text collate "C" not null, warehouse text collate "C" not null, counted_on date not null,
    reason text not null, state text not null check (state in ('pending', 'adjusted', 'rejected')),
    counted_by text not null, decided_by text, recorded_at timestamptz not null, decided_at timestamptz,
    primary key (company, count), constraint count_reference_once unique (company, reference),
    constraint decided_by_another check (state = 'pending' or decided_by is not null)) with (fillfactor = 70);
create table count_line (company text not null, count uuid not null, line int not null check (line > 0),
    sku text collate "C" not null, expected bigint not null, counted bigint not null check (counted >= 0),
    primary key (company, count, line), foreign key (company, count) references stock_count (company, count));
"""


def upgrade() -> None:
    """Facts are added; what changes is the state beside them."""
    for script in (GOODS, LEVELS, INSTANTS, VALUES, TRANSFERS, COUNTS):
        execute(script)
    isolate("stock_company", "warehouse", "item_cost", "cost_checkpoint", "value_day", "revaluation", "order_wish")
    isolate("transfer", "transfer_line", "stock_policy", "stock_count", "count_line")
    facts("stock_company", "warehouse", "revaluation", "count_line", "order_wish")
    mutable("item_cost", "cost_checkpoint", "value_day", "transfer", "transfer_line", "stock_policy", "stock_count")
