"""What a started stack promises: private files, separate departments, everything can be killed and comes back."""

from __future__ import annotations

import asyncio
import json
import signal
import stat
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import httpx
import pytest
import pytest_asyncio
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from deploy.local.errors import StackFailed
from deploy.local.stack import LocalStack
from tests.local_stack.starter import dummy_stack
from tests.support.eventually import eventually
from tests.support.stack import new_state_folder, remove_state


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def stack() -> AsyncIterator[LocalStack]:
    folder = new_state_folder()
    async with dummy_stack(folder.root) as stack:
        yield stack
    remove_state(folder)


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


async def test_only_the_owner_can_read_addresses_passwords_and_the_internal_secret(stack: LocalStack) -> None:
    about = json.loads(stack.folder.stack_file.read_text())

    assert mode_of(stack.folder.stack_file) == 0o600
    assert mode_of(stack.folder.internal_secret) == 0o600
    assert mode_of(stack.folder.root / "logs") == 0o700
    assert about["state"] == "running"
    assert about["gateway"] == stack.address("gateway")
    assert about["services"]["ledger"]["database_url"] == stack.urls["ledger"].database_url
    assert about["kafka"]["bootstrap_servers"] == stack.kafka_bootstrap


async def test_a_service_finds_its_own_database_in_its_environment_and_nobody_elses(stack: LocalStack) -> None:
    environment = json.loads(await stack.run_command("ledger", "environment"))

    urls = {name for name in environment if name.endswith(("_DATABASE_URL", "_RELAY_URL", "_MIGRATION_URL"))}
    assert urls == {"LEDGER_DATABASE_URL", "LEDGER_RELAY_URL"}
    assert environment["KAFKA_BOOTSTRAP_SERVERS"] == stack.kafka_bootstrap
    assert Path(environment["BACKBONE_INTERNAL_SECRET_FILE"]).read_text() == stack.folder.internal_secret.read_text()


async def test_the_first_admin_key_is_made_once_and_kept_for_scripts(stack: LocalStack) -> None:
    key = await stack.admin_key()

    assert key.startswith("made by process")
    assert await stack.admin_key() == key
    assert json.loads(stack.folder.stack_file.read_text())["keys"] == {"admin": key}


async def test_a_second_start_in_the_same_folder_is_refused(stack: LocalStack) -> None:
    with pytest.raises(StackFailed, match="runs already"):
        await dummy_stack(stack.folder.root).start()

    assert stack.keeper.runs("ledger")


async def test_a_service_killed_on_purpose_stays_down_until_it_is_restarted_at_the_same_address(
    stack: LocalStack,
) -> None:
    address, pid = stack.address("ledger"), stack.pid("ledger")

    await stack.kill("ledger")
    async with httpx.AsyncClient() as client:
        with pytest.raises(httpx.ConnectError):
            await client.get(f"{address}/readyz")
        await stack.restart("ledger")
        assert (await client.get(f"{address}/readyz")).status_code == 200
    assert stack.pid("ledger") != pid


async def is_started_again(stack: LocalStack, name: str, old: int) -> None:
    await eventually(lambda: stack.pid(name), lambda pid: pid != old, what=f"{name} is started again")
    await eventually(lambda: stack.keeper.runs(name), what=f"{name} runs")


async def test_what_ends_unasked_is_started_again_by_the_supervisor(stack: LocalStack) -> None:
    supervising = asyncio.create_task(stack.supervise())
    try:
        for name in ("gateway", "postgres-ledger"):
            pid = stack.pid(name)
            stack.keeper.signal(name, signal.SIGKILL, tree=True)
            await is_started_again(stack, name, pid)
    finally:
        supervising.cancel()
    await stack.ready("gateway")


async def test_a_process_that_cannot_get_ready_keeps_no_other_one_waiting(stack: LocalStack) -> None:
    await stack.stop_service("gateway")
    await stack.restart("gateway", environment={"DUMMY_IS_NEVER_READY": "yes"}, wait=False)
    supervising = asyncio.create_task(stack.supervise())
    try:
        for name in ("gateway", "ledger"):
            pid = stack.pid(name)
            stack.keeper.signal(name, signal.SIGKILL, tree=True)
            await is_started_again(stack, name, pid)
    finally:
        supervising.cancel()
    await stack.stop_service("gateway")
    await stack.restart("gateway", environment={"DUMMY_IS_NEVER_READY": ""})


async def test_a_replica_is_a_process_of_its_own_with_its_own_address(stack: LocalStack) -> None:
    name = await stack.start_service("ledger", only="relay,jobs", replica=1)

    assert name == "ledger-relay+jobs-1"
    assert stack.address(name) != stack.address("ledger")
    assert await stack.stop_service(name) == -signal.SIGTERM


async def test_a_killed_database_server_comes_back_with_every_committed_row(stack: LocalStack) -> None:
    owner = await asyncpg.connect(stack.urls["ledger"].migration_url)
    await owner.execute("create table fact (id int); insert into fact values (1)")

    await stack.kill_postgres("ledger")
    await stack.restart_postgres("ledger")

    owner = await asyncpg.connect(stack.urls["ledger"].migration_url)
    assert await owner.fetchval("select id from fact") == 1
    await owner.close()


async def test_a_killed_broker_comes_back_with_its_topics(stack: LocalStack) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=stack.kafka_bootstrap)
    await admin.start()
    await admin.create_topics([NewTopic("kept", num_partitions=2, replication_factor=1)])
    await admin.close()

    await stack.kill_kafka()
    await stack.restart_kafka()

    admin = AIOKafkaAdminClient(bootstrap_servers=stack.kafka_bootstrap)
    await admin.start()
    assert "kept" in await admin.list_topics()
    await admin.close()
