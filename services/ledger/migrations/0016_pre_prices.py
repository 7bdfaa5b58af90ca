"""Price lists: what an item costs from a quantity on, from a day on; and which list holds for a customer."""

from chassis.migrating import execute, facts, isolate, mutable

revision = "ledger_0016"
down_revision = "ledger_0015"
branch_labels = None
depends_on = None

LISTS = """
create table price_list (
    company text not null references legal_entity (company), code text not null, name text not null,
    currency text not null check (currency ~ '^[A-Z]{3}$'), usual boolean not null,
    changes int not null default 0 check (changes >= 0), at timestamptz not null default now(),
    primary key (company, code));
create unique index price_list_usual on price_list (currency, company) where usual;
create table list_price (
    company text not null, list text not null, item text not null,
    from_quantity bigint not null check (from_quantity >= 0), valid_from date not null,
    change int not null check (change > 0), unit_price text, at timestamptz not null default now(),
    primary key (company, list, item, from_quantity, valid_from, change),
    foreign key (company, list) references price_list (company, code));
alter table customer_change add column price_list text;
"""


def upgrade() -> None:
    """Lists count what was said about them; prices are facts."""
    execute(LISTS)
    isolate("price_list", "list_price")
    mutable("price_list")
    facts("list_price")
