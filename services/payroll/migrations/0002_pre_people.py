"""A key per person, under which personal data is sealed."""

from chassis.migrating import execute, isolate, mutable

revision = "payroll_0002"
down_revision = "payroll_0001"
branch_labels = None
depends_on = None

SCRIPT = """
create table person_key (company text not null, employee uuid not null, wrapped bytea, made_at timestamptz not null,
    erased_at timestamptz, primary key (company, employee),
    foreign key (company, employee) references employee (company, employee),
    check ((wrapped is null) = (erased_at is not null)));
create function keep_keys() returns trigger language plpgsql as $$
begin
    if old.wrapped is null or new.wrapped is not null then
        raise exception 'a key is erased or stays as it is' using errcode = 'check_violation';
    end if;
    return new;
end $$;
create trigger keep_keys before update on person_key for each row execute function keep_keys();
"""


def upgrade() -> None:
    """Create the table; a key can be erased, and neither changed nor brought back."""
    execute(SCRIPT)
    isolate("person_key")
    mutable("person_key")
