"""Whose a key is, if it is a person's: it opens nothing any more once they have left."""

from chassis.migrating import execute

revision = "gateway_0004"
down_revision = "gateway_0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    execute("""
    alter table api_key add column employee uuid;
    create index api_key_employee on api_key (employee) where employee is not null;
    """)
