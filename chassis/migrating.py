"""Migrations: the tables of the chassis, the rules of isolation, and the command that runs a service's own revisions.

Runs under the owner role, as a step of its own, one runner at a time (advisory lock). The runtime role gets what a
table's kind allows: facts may be read and added, records may also be changed, and only queues may be emptied.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from pathlib import Path

from alembic import command, op
from alembic.config import Config
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from chassis.schema import migrations_folder
from chassis.settings import MigrationSettings
from chassis.telemetry import configure_logging

ISOLATION = "(company = any((select string_to_array(current_setting('app.companies', true), ','))::text[])) is true"
"""Inside a select of its own the setting is read once per statement, not once per row. `is true` keeps it from being a
condition that an index may search by: there it would make every index that has the company look ten times as dear as it
is, and all of them alike, so that the planner looks for one row among all of its company."""
MIGRATION_LOCK = 7_203_311

EXEMPT: dict[str, str] = {
    "inbox_offset": "positions in topics; a partition carries many companies",
    "inbox_unreadable": "records without a readable envelope have no company",
    "outbox_unsent": "ids of outbox rows only",
    "relay_owner": "which process relays",
    "relay_position": "end offsets of partitions",
    "job_lease": "which process runs a periodic job",
    "alembic_version": "the schema's own version",
    "code_floor": "the oldest code that may run on this schema",
}
"""Tables without company data, and why. A service adds its own in `tables.py` as EXEMPT; a test holds the list."""

ISOLATED = (
    "known_company", "outbox", "outbox_sequence", "outbox_count", "inbox", "inbox_count", "held", "audit", "request",
    "job",
)  # fmt: skip
"""Tables with company data: a session sees and writes its own companies' rows."""

CORRIDOR = """
create table known_company (company text primary key, at timestamptz not null default now());
create table outbox_sequence (company text not null, topic text not null, key text not null, last bigint not null,
    primary key (company, key, topic)) with (fillfactor = 80);
create table outbox (id bigint generated always as identity primary key, company text not null, topic text not null,
    key text not null, sequence bigint not null check (sequence > 0), event_id uuid not null, headers bytea not null,
    body bytea not null, at timestamptz not null default now(), unique (company, key, topic, sequence));
create table outbox_unsent (id bigint primary key)
    with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000);
create table relay_owner (one boolean primary key default true check (one), pid int not null, replica text not null,
    beat timestamptz not null);
create table relay_position (topic text not null, partition int not null, cluster_id text not null,
    end_offset bigint not null, primary key (topic, partition));
create table inbox (company text not null, consumer text not null, topic text not null, key text not null,
    sequence bigint not null, hash bytea, held int not null default 0 check (held >= 0),
    primary key (company, key, topic, consumer)) with (fillfactor = 80);
create table inbox_offset (consumer text not null, topic text not null, partition int not null, next bigint not null,
    last_event_id text, cluster_id text, primary key (consumer, topic, partition)) with (fillfactor = 50);
create table inbox_count (company text not null, consumer text not null, topic text not null, partition int not null,
    day date not null, outcome text not null, events bigint not null,
    primary key (company, consumer, topic, partition, day, outcome)) with (fillfactor = 50);
create table outbox_count (company text not null, topic text not null, day date not null, lane int not null,
    events bigint not null, primary key (company, topic, day, lane)) with (fillfactor = 50);
create table held (id bigint generated always as identity primary key, company text not null, consumer text not null,
    topic text not null, partition int not null, key text not null, sequence bigint not null, event_id uuid not null,
    headers bytea not null, body bytea not null, reason text not null
        check (reason in ('gap', 'poison', 'behind', 'waiting', 'conflict')),
    detail text not null default '', attempts int not null default 0, next_at timestamptz not null default now(),
    deadline timestamptz, hash bytea not null, at timestamptz not null default now());
create unique index held_once on held (company, consumer, topic, key, sequence, event_id, hash);
create table inbox_unreadable (consumer text not null, topic text not null, partition int not null,
    "offset" bigint not null, hash bytea not null, key bytea, headers bytea not null, body bytea, error text not null,
    at timestamptz not null default now(), settled_by text, settled_at timestamptz,
    primary key (consumer, topic, partition, "offset", hash));
create table audit (id bigint generated always as identity primary key, company text not null,
    at timestamptz not null default now(), actor text not null, on_behalf_of text, action text not null,
    subject text not null, cause uuid not null, correlation text not null, detail bytea);
create index audit_subject on audit (company, subject);
create index audit_at on audit using brin (at);
create table request (company text not null, scope text not null, key text not null, hash bytea not null,
    status int not null, body bytea not null, at timestamptz not null default now(),
    primary key (company, scope, key));
create table job (id bigint generated always as identity primary key, company text not null, queue text not null,
    key text not null, payload bytea not null, run_at timestamptz not null, attempts int not null default 0, lease uuid,
    leased_until timestamptz, error text, at timestamptz not null default now(), unique (company, queue, key));
create index job_due on job (queue, run_at);
create table job_lease (name text primary key, lease uuid not null, until timestamptz not null);
create table code_floor (one boolean primary key default true check (one), version int not null);
insert into code_floor (version) values (1);
"""

ERROR_COUNTS = """
create table inbox_refusal (company text not null, consumer text not null, topic text not null, partition int not null,
    day date not null, code text not null, events bigint not null,
    primary key (company, consumer, topic, partition, day, code)) with (fillfactor = 50);
create table command_count (company text not null, day date not null, door text not null, code text not null,
    replica int not null, commands bigint not null,
    primary key (company, day, door, code, replica)) with (fillfactor = 50);
"""
"""Which rules refused events, and what became of commands. Came after the first databases: a revision of its own."""

RENEW_POLICIES = f"""
do $$ declare old name;
begin
    for old in select tablename from pg_policies where schemaname = 'public' and policyname = 'company'
            and (qual not like '%IS TRUE%' or with_check not like '%IS TRUE%') loop
        execute format($policy$ alter policy company on %I using ({ISOLATION}) with check ({ISOLATION}) $policy$, old);
    end loop;
end $$
"""
"""How companies are kept apart is the chassis's business and no service's revision: a database that was made when the
policy was written in another way gets today's. Old code and new see the same rows under either."""


def driver_url(url: str) -> str:
    """A plain PostgreSQL address with the driver that Alembic shall use."""
    return re.sub(r"^postgres(ql)?://", "postgresql+asyncpg://", url)


def roles() -> tuple[str, str]:
    """Names of the runtime role and of the relay role, from the name of the role that migrates (`<service>_owner`)."""
    owner = str(op.get_bind().execute(text("select current_user")).scalar_one())
    service = owner.removesuffix("_owner")
    return f"{service}_service", f"{service}_relay"


def execute(script: str) -> None:
    """Run statements one by one; `;` at a line's end parts them, except inside a $$ body."""
    for statement in _statements(script):
        op.execute(text(statement.replace(":", "\\:")))


def create_corridor() -> None:
    """All tables of the chassis, with their rights. Called by a service's first revision."""
    execute(CORRIDOR)
    runtime, relay = roles()
    isolate(*ISOLATED)
    facts("known_company", "outbox", "audit", "request")
    mutable("outbox_sequence", "outbox_count", "inbox", "inbox_offset", "inbox_count", "inbox_unreadable")
    execute(f"""
    grant select, insert, update, delete on held, job, job_lease to {runtime};
    grant insert on outbox_unsent to {runtime};
    grant select on code_floor, alembic_version, relay_position, relay_owner to {runtime}, {relay};
    grant usage on schema public to {runtime}, {relay};
    grant select on outbox, outbox_sequence, outbox_count, inbox, inbox_offset, inbox_count to {relay};
    grant select on held, inbox_unreadable, audit to {relay};
    grant select, insert, delete on outbox_unsent to {relay};
    grant select, insert, update on relay_owner, relay_position to {relay};
    grant select, insert, update, delete on job, job_lease to {relay};
    """)
    for table in ("outbox", "outbox_sequence", "outbox_count", "inbox", "inbox_count", "held", "audit"):
        execute(f"create policy operator on {table} for select to {relay} using (true)")
    execute(f"create policy operator on job to {relay} using (true) with check (true)")


def create_error_counts() -> None:
    """The tables behind the error rate. Called by a revision of every service."""
    execute(ERROR_COUNTS)
    isolate("inbox_refusal", "command_count")
    mutable("inbox_refusal", "command_count")


def isolate(*tables: str) -> None:
    """Force row-level security by company; without a company set, a session sees and writes nothing."""
    for table in tables:
        execute(f"""
        alter table {table} enable row level security;
        alter table {table} force row level security;
        create policy company on {table} using ({ISOLATION}) with check ({ISOLATION});
        """)


def facts(*tables: str) -> None:
    """The runtime role may read and add, never change or delete: history is not rewritten."""
    runtime, _ = roles()
    for table in tables:
        execute(f"grant select, insert on {table} to {runtime}")


def mutable(*tables: str) -> None:
    """The runtime role may read, add and change. Deleting is granted nowhere but on queues."""
    runtime, _ = roles()
    for table in tables:
        execute(f"grant select, insert, update on {table} to {runtime}")


def migrate_from_environment(service: str) -> bool:
    """The command: migrate as the owner whom `<SERVICE>_MIGRATION_URL` names; False where nothing names one."""
    owner = MigrationSettings.from_environment(service).migration_url
    if owner is None:
        return False
    configure_logging(service, 0)
    migrate(service, owner.get_secret_value())
    return True


def migrate(service: str, url: str) -> None:
    """Bring a service's database to its newest revision. Raises what the database says, after rolling back."""
    asyncio.run(_migrate(service, url))


def configuration(service: str) -> Config:
    """Alembic's configuration for a service, made in code: no file carries an address."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "alembic"))
    config.set_main_option("version_locations", str(migrations_folder(service)))
    config.set_main_option("path_separator", "os")
    return config


async def _migrate(service: str, url: str) -> None:
    engine = create_async_engine(driver_url(url), poolclass=NullPool)
    try:
        async with engine.begin() as connection:
            await connection.execute(text(f"select pg_advisory_xact_lock({MIGRATION_LOCK})"))
            await connection.run_sync(_upgrade, configuration(service))
            await connection.execute(text(RENEW_POLICIES))
    finally:
        await engine.dispose()


def _upgrade(connection: Connection, config: Config) -> None:
    config.attributes["connection"] = connection
    command.upgrade(config, "heads")


def _statements(script: str) -> Sequence[str]:
    bodies: list[str] = []

    def keep(match: re.Match[str]) -> str:
        bodies.append(match.group(0))
        return f"\x00{len(bodies) - 1}\x00"

    flat = re.sub(r"\$\$.*?\$\$", keep, script, flags=re.DOTALL)
    parts = [part.strip() for part in re.split(r";\s*(?:\n|$)", flat)]
    return [re.sub(r"\x00(\d+)\x00", lambda m: bodies[int(m.group(1))], part) for part in parts if part]
