"""Two persons are two humans: who acts through a system is not another one than who acts in person."""

from chassis.migrating import execute

revision = "ledger_0009"
down_revision = "ledger_0008"
branch_labels = None
depends_on = None

GUARD = """
create or replace function guard_entry_decision() returns trigger language plpgsql as $$
begin
    if exists (select from entry_proposal p where p.company = new.company and p.id = new.id
            and coalesce(p.on_behalf_of, p.proposed_by) = coalesce(new.on_behalf_of, new.decided_by)) then
        raise exception 'who proposed an entry does not decide on it'
            using errcode = 'check_violation', constraint = 'entry_decision_four_eyes', table = 'entry_decision';
    end if;
    return new;
end $$;
"""


def upgrade() -> None:
    """Compare the humans, as everywhere else (`Cause.person`); refunds name them in their columns."""
    execute(GUARD)
