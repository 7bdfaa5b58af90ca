"""A stack that is stopped and started again, and a stack told to use servers that somebody else runs."""

from __future__ import annotations

import json

import asyncpg
import pytest

from deploy.local.cleaning import remove_data
from deploy.local.errors import StackFailed
from deploy.local.paths import StateFolder
from tests.local_stack.starter import dummy_stack
from tests.support.stack import TestPostgres


@pytest.fixture
def outside_kafka(kafka_bootstrap: str, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", kafka_bootstrap)
    return kafka_bootstrap


async def test_a_stopped_stack_starts_again_with_the_same_data_passwords_and_ports(
    state_folder: StateFolder, outside_kafka: str
) -> None:
    async with dummy_stack(state_folder.root, services=["ledger"]) as stack:
        urls, address = stack.urls["ledger"], stack.address("ledger")
        stack.remember(keys={"admin": "kept"})
        owner = await asyncpg.connect(urls.migration_url)
        await owner.execute("create table fact (id int); insert into fact values (1)")
        await owner.close()

    async with dummy_stack(state_folder.root, services=["ledger"]) as stack:
        assert stack.urls["ledger"] == urls
        assert stack.address("ledger") == address
        assert stack.file.content["keys"] == {"admin": "kept"}
        owner = await asyncpg.connect(urls.migration_url)
        assert await owner.fetchval("select id from fact") == 1
        await owner.close()

    assert json.loads(state_folder.stack_file.read_text())["state"] == "stopped"
    remove_data(state_folder)
    assert not state_folder.stack_file.exists()
    assert not (state_folder.root / "postgres").exists()


async def test_servers_named_in_the_environment_are_used_and_none_is_started(
    state_folder: StateFolder, outside_kafka: str, postgres_server: TestPostgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    urls = postgres_server.create_database("ledger")
    for name, value in urls.environment("ledger").items():
        monkeypatch.setenv(name, value)
    said: list[str] = []
    stack = dummy_stack(state_folder.root, services=["ledger"], progress=said.append)

    async with stack:
        assert stack.servers.names() == []
        assert stack.kafka_bootstrap == outside_kafka
        assert stack.urls["ledger"] == urls
        assert f"Kafka: the outside one at {outside_kafka} (KAFKA_BOOTSTRAP_SERVERS)" in said
        assert "PostgreSQL: outside servers for ledger (<SERVICE>_DATABASE_URL)" in said
        with pytest.raises(StackFailed, match="not ours to kill"):
            await stack.kill_postgres("ledger")
        with pytest.raises(StackFailed, match="not ours to kill"):
            await stack.kill_kafka()


async def test_half_an_outside_database_is_refused_naming_what_is_missing(
    state_folder: StateFolder, outside_kafka: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LEDGER_DATABASE_URL", "postgresql://ledger_service:x@127.0.0.1:1/ledger")

    with pytest.raises(StackFailed, match="LEDGER_RELAY_URL, LEDGER_MIGRATION_URL is not set"):
        await dummy_stack(state_folder.root, services=["ledger"]).start()


async def test_a_service_that_ends_while_starting_is_reported_with_the_end_of_its_log(
    state_folder: StateFolder, outside_kafka: str, postgres_server: TestPostgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in postgres_server.create_database("ledger").environment("ledger").items():
        monkeypatch.setenv(name, value)

    stack = dummy_stack(state_folder.root, services=["ledger"], environment={"DUMMY_FAILS_WITH": "no such table"})

    with pytest.raises(StackFailed, match=r"ledger ended while starting:\n(?s:.)*no such table"):
        await stack.start()
    with pytest.raises(StackFailed, match="not started"):
        stack.pid("ledger")
