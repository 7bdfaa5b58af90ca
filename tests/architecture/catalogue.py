"""What a migrated database says of itself: tables, keys, policies, rights, roles."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib import import_module
from typing import NamedTuple, TypeVar
from unittest.mock import patch

import asyncpg

from chassis import migrating
from deploy.local.postgres import DatabaseUrls

T = TypeVar("T")

TABLES = """
select relname, relrowsecurity, relforcerowsecurity, pg_get_userbyid(relowner) from pg_class
where relnamespace = 'public'::regnamespace and relkind in ('r', 'p') order by 1
"""
COLUMNS = """
select c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull from pg_attribute a
join pg_class c on c.oid = a.attrelid and c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p')
where a.attnum > 0 and not a.attisdropped order by 1, a.attnum
"""
KEYS = """
select t.relname, x.relname, i.indisprimary, array(
    select coalesce(a.attname::text, '(expression)') from unnest(i.indkey::int2[]) with ordinality k(n, o)
    left join pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.n and k.n > 0 order by k.o)
from pg_index i
join pg_class t on t.oid = i.indrelid and t.relnamespace = 'public'::regnamespace and t.relkind in ('r', 'p')
join pg_class x on x.oid = i.indexrelid where i.indisunique order by 1, 2
"""
REFERENCES = """
select t.relname, c.conname, array(select a.attname::text from unnest(c.conkey) with ordinality k(n, o)
    join pg_attribute a on a.attrelid = c.conrelid and a.attnum = k.n order by k.o), c.confrelid::regclass::text
from pg_constraint c join pg_class t on t.oid = c.conrelid and t.relnamespace = 'public'::regnamespace
where c.contype = 'f' order by 1, 2
"""
POLICIES = """
select tablename, policyname, permissive, roles::text[], cmd, coalesce(qual, ''), coalesce(with_check, '')
from pg_policies where schemaname = 'public' order by 1, 2
"""
RIGHTS = """
select c.relname, coalesce(r.rolname, 'public'), g.privilege_type from pg_class c
cross join lateral (select * from aclexplode(c.relacl) union
    select x.* from pg_attribute a cross join lateral aclexplode(a.attacl) x where a.attrelid = c.oid) g
left join pg_roles r on r.oid = g.grantee
where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p', 'v', 'm') order by 1, 2, 3
"""
ROLES = """
select r.rolname, array_remove(array[
    case when r.rolsuper then 'is a superuser' end,
    case when r.rolbypassrls then 'bypasses row-level security' end,
    case when r.rolcreaterole then 'makes roles' end,
    case when r.rolcreatedb then 'makes databases' end,
    case when has_schema_privilege(r.oid, 'public', 'create') then 'makes tables' end,
    case when exists (select from pg_auth_members m where m.member = r.oid) then 'acts as another role' end,
    case when exists (select from pg_class c where c.relowner = r.oid) then 'owns something' end], null)
from pg_roles r where r.rolname = any($1::text[]) order by 1
"""
DEFERRED = """
select conrelid::regclass::text || ': ' || conname from pg_constraint
where connamespace = 'public'::regnamespace and condeferrable order by 1
"""
DEFINERS = """
select 'function ' || p.proname from pg_proc p where p.pronamespace = 'public'::regnamespace and p.prosecdef
union all select 'view ' || c.relname from pg_class c where c.relnamespace = 'public'::regnamespace and (c.relkind = 'm'
    or c.relkind = 'v' and not coalesce(c.reloptions && array['security_invoker=true', 'security_invoker=on'], false))
order by 1
"""


class Table(NamedTuple):
    """A table and its protection."""

    name: str
    secured: bool
    forced: bool
    owner: str


class ColumnOf(NamedTuple):
    """A column as PostgreSQL names its type."""

    table: str
    name: str
    type: str
    required: bool


class Key(NamedTuple):
    """A unique index."""

    table: str
    name: str
    primary: bool
    columns: list[str]


class Reference(NamedTuple):
    """A foreign key."""

    table: str
    name: str
    columns: list[str]
    to: str


class Policy(NamedTuple):
    """A policy of row-level security."""

    table: str
    name: str
    permissive: str
    roles: list[str]
    command: str
    reads: str
    writes: str


class Right(NamedTuple):
    """One right of one role on one table."""

    table: str
    role: str
    right: str


class Kinds(NamedTuple):
    """What the migrations declared with `facts` and `mutable`."""

    facts: frozenset[str]
    mutable: frozenset[str]


@dataclass(frozen=True, slots=True)
class Catalogue:
    """One service's database."""

    service: str
    kinds: Kinds
    tables: Sequence[Table]
    columns: Sequence[ColumnOf]
    keys: Sequence[Key]
    references: Sequence[Reference]
    policies: Sequence[Policy]
    rights: Sequence[Right]
    roles: dict[str, list[str]]
    definers: Sequence[str]
    deferred: Sequence[str]

    @property
    def runtime(self) -> str:
        """The role of the running service."""
        return f"{self.service}_service"

    @property
    def relay(self) -> str:
        """The role of relay and operator."""
        return f"{self.service}_relay"

    @property
    def own_exempt(self) -> dict[str, str]:
        """The service's own tables without company data."""
        exempt: dict[str, str] = import_module(f"services.{self.service}.tables").EXEMPT
        return exempt

    @property
    def exempt(self) -> dict[str, str]:
        """All tables without company data."""
        return migrating.EXEMPT | self.own_exempt


def in_thread(work: Callable[[], Awaitable[T]]) -> T:
    """Run a coroutine to its end, wherever a loop may run."""

    async def run() -> T:
        return await work()

    with ThreadPoolExecutor(1) as thread:
        return thread.submit(lambda: asyncio.run(run())).result()


def migrate(service: str, urls: DatabaseUrls) -> Kinds:
    """Run a service's migrations, and note which tables they declare as what."""
    facts: set[str] = set()
    mutable: set[str] = set()
    grant_facts, grant_mutable = migrating.facts, migrating.mutable

    def note_facts(*tables: str) -> None:
        facts.update(tables)
        grant_facts(*tables)

    def note_mutable(*tables: str) -> None:
        mutable.update(tables)
        grant_mutable(*tables)

    with (
        patch.object(migrating, "facts", note_facts),
        patch.object(migrating, "mutable", note_mutable),
        ThreadPoolExecutor(1) as thread,
    ):
        thread.submit(migrating.migrate, service, urls.migration_url).result()
    return Kinds(frozenset(facts), frozenset(mutable))


async def look(service: str, connection: asyncpg.Connection, kinds: Kinds) -> Catalogue:
    """Read the catalogue of a service's database."""
    return Catalogue(
        service,
        kinds,
        [Table(*row) for row in await connection.fetch(TABLES)],
        [ColumnOf(*row) for row in await connection.fetch(COLUMNS)],
        [Key(*row) for row in await connection.fetch(KEYS)],
        [Reference(*row) for row in await connection.fetch(REFERENCES)],
        [Policy(*row) for row in await connection.fetch(POLICIES)],
        [Right(*row) for row in await connection.fetch(RIGHTS)],
        {row[0]: row[1] for row in await connection.fetch(ROLES, [f"{service}_service", f"{service}_relay"])},
        [row[0] for row in await connection.fetch(DEFINERS)],
        [row[0] for row in await connection.fetch(DEFERRED)],
    )


def look_after(service: str, superuser_url: str, kinds: Kinds, statement: str = "select 1") -> Catalogue:
    """Read the catalogue as it is after a statement, which is undone."""

    async def run() -> Catalogue:
        connection = await asyncpg.connect(superuser_url)
        try:
            undone = connection.transaction()
            await undone.start()
            await connection.execute(statement)
            catalogue = await look(service, connection, kinds)
            await undone.rollback()
            return catalogue
        finally:
            await connection.close()

    return in_thread(run)
