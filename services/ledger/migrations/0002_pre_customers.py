"""Customers: what was agreed with them and since when."""

from chassis.migrating import execute, facts, isolate, mutable

revision = "ledger_0002"
down_revision = "ledger_0001"
branch_labels = None
depends_on = None

CUSTOMERS = """
create table customer (
    company text not null references legal_entity (company), code text not null, changes int not null
        check (changes > 0),
    at timestamptz not null default now(), primary key (company, code));
create table customer_change (
    company text not null, customer text not null, number int not null, valid_from date not null, name text,
    language text, address bytea, vat_number text, net_days int check (net_days between 0 and 366), discount text,
    discount_days int, at timestamptz not null default now(), primary key (company, customer, number),
    foreign key (company, customer) references customer (company, code),
    check (discount_days between 0 and net_days), check ((discount is null) = (discount_days is null)));
create table credit_limit (
    company text not null, customer text not null, currency text not null, number int not null,
    valid_from date not null, amount bigint check (amount >= 0), at timestamptz not null default now(),
    primary key (company, customer, currency, number),
    foreign key (company, customer) references customer (company, code));
"""


def upgrade() -> None:
    """Create customers."""
    execute(CUSTOMERS)
    isolate("customer", "customer_change", "credit_limit")
    mutable("customer")
    facts("customer_change", "credit_limit")
