"""Refunds are listed page by page, and four eyes hold for what the second person saw: a wish stays as it was asked for.

Without it, whoever writes as the service could approve a refund by putting another name under the wish first.
"""

from chassis.migrating import execute

revision = "ledger_0025"
down_revision = "ledger_0024"
branch_labels = None
depends_on = None

LISTED = """
create index refund_listed on refund (company, at, id);
create index refund_waiting on refund (company, at, id) where state = 'requested';
"""

GUARD = """
create function keep_refund() returns trigger language plpgsql as $$
begin
    if tg_op = 'INSERT' and new.state <> 'requested' then
        raise exception 'a refund begins by being asked for'
            using errcode = 'check_violation', constraint = 'refund_asked', table = 'refund';
    end if;
    if tg_op = 'UPDATE' and (old.state <> 'requested' or (new.company, new.id, new.payment, new.currency, new.amount,
            new.reason, new.refund_on, new.requested_by, new.at) is distinct from (old.company, old.id, old.payment,
            old.currency, old.amount, old.reason, old.refund_on, old.requested_by, old.at)) then
        raise exception 'a refund is decided once, as it was asked for'
            using errcode = 'check_violation', constraint = 'refund_kept', table = 'refund';
    end if;
    return new;
end $$;
create trigger keep_refund before insert or update on refund for each row execute function keep_refund();
"""


def upgrade() -> None:
    """Two indexes for the list, one of them for what waits; and a guard around the one change that a refund knows."""
    execute(LISTED)
    execute(GUARD)
