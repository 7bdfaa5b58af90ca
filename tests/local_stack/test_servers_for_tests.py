"""The fixtures every other test stands on."""

from __future__ import annotations

import asyncpg
import pytest

from deploy.local.kafka import answers
from tests.support.eventually import NeverHappened, eventually
from tests.support.stack import TestPostgres


async def test_a_fresh_database_lets_the_owner_create_and_the_runtime_role_only_connect(
    postgres_server: TestPostgres,
) -> None:
    urls = postgres_server.create_database("ledger")

    owner = await asyncpg.connect(urls.migration_url)
    runtime = await asyncpg.connect(urls.database_url)
    try:
        await owner.execute("create table fact (id int primary key)")
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await runtime.execute("create table mine (id int)")
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await runtime.fetch("select * from fact")
        assert await runtime.fetchval("show idle_in_transaction_session_timeout") == "5s"
        assert await runtime.fetchval("show synchronous_commit") == "on"
        assert await runtime.fetchval("show jit") == "off"
        assert await runtime.fetchval("select rolbypassrls from pg_roles where rolname = current_user") is False
    finally:
        await owner.close()
        await runtime.close()


async def test_a_wrong_password_is_refused(postgres_server: TestPostgres) -> None:
    urls = postgres_server.create_database("ledger")

    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(urls.database_url, password="guessed")


async def test_another_departments_role_cannot_enter_the_database(postgres_server: TestPostgres) -> None:
    ledger = postgres_server.create_database("ledger")
    payroll = postgres_server.create_database("payroll")

    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await asyncpg.connect(ledger.database_url, database=payroll.name)


async def test_a_clone_has_the_rows_and_the_rights_of_its_template(postgres_server: TestPostgres) -> None:
    template = postgres_server.create_database("inventory")
    owner = await asyncpg.connect(template.migration_url)
    await owner.execute("create table item (sku text)")
    await owner.execute("insert into item values ('A')")
    await owner.execute("grant select on item to inventory_service")
    await owner.close()

    clone = postgres_server.clone(template)

    assert clone.name != template.name
    runtime = await asyncpg.connect(clone.database_url)
    try:
        assert await runtime.fetchval("select sku from item") == "A"
    finally:
        await runtime.close()


async def test_the_broker_of_the_session_answers_an_admin_client(kafka_bootstrap: str) -> None:
    assert await answers(kafka_bootstrap)


async def test_what_never_happens_is_explained_in_a_sentence() -> None:
    with pytest.raises(NeverHappened, match=r"expected that three are there; after 0\.2 s last seen was \[1\]"):
        await eventually(lambda: [1], lambda seen: len(seen) == 3, what="three are there", within_s=0.2)
