"""What the gateway's database itself keeps, whatever the code above it believes."""

from __future__ import annotations

import asyncpg
import pytest

from chassis import migrating
from services.gateway import tables
from tests.gateway.front import FrontOffice, Gateway, cloud_event
from tests.support.schema import schema_differences

OPEN = """
select relname from pg_class
where relkind = 'r' and relnamespace = 'public'::regnamespace and not (relrowsecurity and relforcerowsecurity)
"""


async def test_the_declared_tables_are_those_of_the_database(gateway: Gateway) -> None:
    declared = tables.ApiKey.metadata
    assert len(declared.tables) == 9
    assert await schema_differences(gateway.server.superuser_url_of(gateway.urls), declared) == []


async def test_every_table_is_isolated_by_company_or_listed_as_exempt(gateway: Gateway) -> None:
    assert {name for (name,) in await gateway.rows(OPEN)} == set(migrating.EXEMPT) | set(tables.EXEMPT)


@pytest.mark.parametrize("table", ["accepted", "timeline_fact", "outbox", "request"])
async def test_the_runtime_role_cannot_change_or_delete_facts(gateway: Gateway, table: str) -> None:
    for statement in (f"update {table} set company = 'acme'", f"delete from {table}"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with gateway.database.unit(["acme"]) as unit:
                await unit.raw.execute(statement)


async def test_the_runtime_role_deletes_no_key(gateway: Gateway) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with gateway.database.unit(["acme"]) as unit:
            await unit.raw.execute("delete from api_key")


async def test_a_company_sees_its_own_rows_alone(office: FrontOffice, gateway: Gateway) -> None:
    """X7: held by the database itself."""
    await office.send(cloud_event())
    for table in ("accepted", "request", "outbox"):
        for company, count in (("acme", 1), ("umbrella", 0)):
            async with gateway.database.read([company]) as unit:
                assert await unit.raw.fetchval(f"select count(*) from {table}") == count
