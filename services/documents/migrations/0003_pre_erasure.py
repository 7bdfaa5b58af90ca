"""A person's key can be erased, and with it everything that was sealed about them."""

from chassis.migrating import execute, mutable

revision = "documents_0003"
down_revision = "documents_0002"
branch_labels = None
depends_on = None

SCRIPT = """
alter table person_key alter column wrapped drop not null;
alter table person_key add column erased_at timestamptz;
alter table person_key add constraint erased_whole check ((wrapped is null) = (erased_at is not null));
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
    """A key can be emptied, and neither changed nor brought back."""
    execute(SCRIPT)
    mutable("person_key")
