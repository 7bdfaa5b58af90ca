"""What kind of leave somebody has may say something about their health: of such a kind it stands sealed.

A row names its kind either in clear or as sealed bytes, never both; the same kind of the same person gives the same
bytes, so the key of an entry still tells kinds apart. Whether days are paid stays in clear beside them: pay needs it.
"""

from chassis.migrating import execute

revision = "payroll_0014"
down_revision = "payroll_0013"
branch_labels = None
depends_on = None

SCRIPT = """
alter table leave_type add column confidential boolean not null default false;
alter table leave_request alter column leave_type drop not null, add column sealed_type bytea, add column paid boolean,
    add constraint leave_request_of_one_type check (num_nonnulls(leave_type, sealed_type) = 1),
    add constraint leave_request_paid_if_sealed check (num_nulls(sealed_type, paid) <> 1);
alter table leave_entry drop constraint leave_entry_pkey;
alter table leave_entry alter column leave_type drop not null, add column sealed_type bytea,
    add column type_key text not null generated always as (coalesce(leave_type, encode(sealed_type, 'hex'))) stored,
    add constraint leave_entry_of_one_type check (num_nonnulls(leave_type, sealed_type) = 1);
alter table leave_entry add primary key (company, employee, type_key, kind, period);
create function keep_leave_confidential() returns trigger language plpgsql as $$
begin
    if exists (select from leave_type t where t.company = new.company and t.leave_type = new.leave_type
            and t.confidential) then
        raise exception 'this kind of leave stands sealed' using errcode = 'check_violation';
    end if;
    return new;
end $$;
create trigger keep_leave_confidential before insert on leave_request
    for each row when (new.leave_type is not null) execute function keep_leave_confidential();
create trigger keep_leave_confidential before insert on leave_entry
    for each row when (new.leave_type is not null) execute function keep_leave_confidential();
"""


def upgrade() -> None:
    """Add the columns; kinds of leave that are there stay as they are, in clear."""
    execute(SCRIPT)
