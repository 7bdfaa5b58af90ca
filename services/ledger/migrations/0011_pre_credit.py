"""Orders whose credit was asked for: what they are worth, what was answered, how much of them is billed."""

from chassis.migrating import execute, isolate, mutable

revision = "ledger_0011"
down_revision = "ledger_0010"
branch_labels = None
depends_on = None

CREDIT = """
alter table company_policy add column credit_check boolean;
create table order_credit (
    company text not null, order_id uuid not null, revision int not null check (revision > 0),
    customer_id text not null, state text not null check (state in ('held', 'approved', 'ended')),
    amount bigint not null check (amount >= 0), billed bigint not null default 0 check (billed >= 0),
    exposure bigint not null, credit_limit bigint, asked_at timestamptz not null, decided_by text, remark text,
    at timestamptz not null default now(), primary key (company, order_id, revision),
    constraint order_credit_held_by_limit check (state <> 'held' or credit_limit is not null));
create index order_credit_of_customer on order_credit (customer_id, company) where state in ('held', 'approved');
create index order_credit_held on order_credit (company, asked_at, order_id) where state = 'held';
create index unapplied_cash_left on unapplied_cash (customer_id, company) where unapplied > 0;
"""


def upgrade() -> None:
    """A row changes when it is decided, billed, or over; companies that ask for no credit have none."""
    execute(CREDIT)
    isolate("order_credit")
    mutable("order_credit")
