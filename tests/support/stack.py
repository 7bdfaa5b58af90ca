"""Real servers for tests: one PostgreSQL and one Kafka per test session, ended with it whatever happens.

    async def test_…(postgres_server: TestPostgres, kafka_bootstrap: str) -> None:
        urls = postgres_server.create_database("ledger")     # a fresh database with its three roles
        copy = postgres_server.clone(urls)                   # a copy of a migrated one, in a few milliseconds

`TEST_POSTGRES_URL` (a superuser's connection string) and `TEST_KAFKA_BOOTSTRAP` name outside servers instead.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import secrets
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TypeVar

import asyncpg
import pytest
import pytest_asyncio

from deploy.local.kafka import Broker, KafkaCluster, new_cluster_id
from deploy.local.paths import STATE, StateFolder
from deploy.local.ports import Ports
from deploy.local.postgres import DatabaseUrls, PostgresServer, make_database_at, new_password, urls_at
from deploy.local.postgres_user import folder_outside, postgres_user
from deploy.local.processes import Keeper
from tests.support.pinned_clock import HOW_FAR, LOOKED_AT, pinned_clock

T = TypeVar("T")
TEST_STATES = STATE / "tests"
"""Below the checkout's state folder, so that `make clean` also removes what a killed test run left."""


@dataclass(slots=True)
class TestPostgres:
    """The session's PostgreSQL server. All services' databases of all tests live on it, each under its own name."""

    __test__ = False

    superuser_url: str
    passwords: dict[str, str] = field(default_factory=dict)
    _services: dict[str, str] = field(default_factory=dict)
    _ahead_s: float | None = None
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    def create_database(self, service: str) -> DatabaseUrls:
        """A fresh, empty database with the roles `<service>_owner`, `_service` and `_relay`."""
        name = self._new_name(service)
        urls = _blocking(lambda: make_database_at(self.superuser_url, service, self.passwords, name))
        self.execute(pinned_clock(self._seconds_to_the_pinned_day()), urls)
        self.execute(LOOKED_AT.format(name=name))
        return urls

    def clone(self, template: DatabaseUrls | str) -> DatabaseUrls:
        """A copy of a database made by `create_database`; nobody may be connected to the template."""
        source = template if isinstance(template, str) else template.name
        service = self._services[source]
        name = self._new_name(service)
        self.execute(f'create database "{name}" template "{source}" owner {service}_owner')
        self.execute(f'revoke all on database "{name}" from public')
        self.execute(f'grant connect on database "{name}" to {service}_service, {service}_relay')
        self.execute(LOOKED_AT.format(name=name))
        return urls_at(self.superuser_url, service, self.passwords, name)

    def superuser_url_of(self, database: DatabaseUrls) -> str:
        """The superuser's connection string to one database: for looking at rows past row-level security."""
        return f"{self.superuser_url.rpartition('/')[0]}/{database.name}"

    def execute(self, statement: str, database: DatabaseUrls | None = None) -> None:
        """Run one statement as superuser, outside any transaction."""
        url = self.superuser_url if database is None else self.superuser_url_of(database)
        _connected(url, lambda connection: connection.execute(statement))

    def _seconds_to_the_pinned_day(self) -> float:
        if self._ahead_s is None:
            self._ahead_s = _connected(self.superuser_url, lambda connection: connection.fetchval(HOW_FAR))
        return self._ahead_s

    def _new_name(self, service: str) -> str:
        name = f"{service}_{next(self._numbers)}_{secrets.token_hex(3)}"
        self._services[name] = service
        return name


def _connected(url: str, act: Callable[[asyncpg.Connection], Awaitable[T]]) -> T:
    """Do one thing on a connection of its own."""

    async def run() -> T:
        connection = await asyncpg.connect(url)
        try:
            return await act(connection)
        finally:
            await connection.close()

    return _blocking(run)


def _blocking(make: Callable[[], Awaitable[T]]) -> T:
    """Run a coroutine to its end from a plain function, also while the test's own event loop runs."""

    async def run() -> T:
        return await make()

    with ThreadPoolExecutor(1) as thread:
        return thread.submit(lambda: asyncio.run(run())).result()


def new_state_folder() -> StateFolder:
    """A folder for one stack of one test; `remove_state` removes it with everything outside that belongs to it."""
    folder = StateFolder(TEST_STATES / secrets.token_hex(4))
    STATE.mkdir(exist_ok=True)
    STATE.chmod(0o711)
    folder.make()
    TEST_STATES.chmod(0o711)
    return folder


def remove_state(folder: StateFolder) -> None:
    """Remove a stack's folder after its processes ended. `rm` takes a fraction of Python's time for 10^5 files."""
    subprocess.run(["rm", "-rf", str(folder.root), str(folder_outside(folder.root))], check=False)


@pytest.fixture(scope="session")
def stack_folder() -> Iterator[StateFolder]:
    """The state folder of this session's servers; kept when the session was interrupted by `kill -9`."""
    folder = new_state_folder()
    yield folder
    remove_state(folder)


@pytest.fixture(scope="session")
def keeper(stack_folder: StateFolder) -> Iterator[Keeper]:
    """Ends this session's servers, even when the session itself is killed."""
    keeper = Keeper(stack_folder.log("keeper"))
    yield keeper
    keeper.close_now()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def postgres_server(request: pytest.FixtureRequest) -> AsyncIterator[TestPostgres]:
    """One real PostgreSQL per session (fsync off, synchronous_commit on)."""
    outside = os.environ.get("TEST_POSTGRES_URL")
    if outside:
        yield TestPostgres(outside)
        return
    folder: StateFolder = request.getfixturevalue("stack_folder")
    server = PostgresServer(
        name="postgres",
        port=Ports().take(),
        password=new_password(),
        user=postgres_user(folder.root),
        log=folder.log("postgres"),
        durable=False,
    )
    await server.initialise()
    await server.start(request.getfixturevalue("keeper"))
    yield TestPostgres(server.superuser_url)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def kafka_bootstrap(request: pytest.FixtureRequest) -> str:
    """The address of one real Kafka broker per session. Tests make topics and groups under names of their own."""
    outside = os.environ.get("TEST_KAFKA_BOOTSTRAP")
    if outside:
        return outside
    folder: StateFolder = request.getfixturevalue("stack_folder")
    ports = Ports()
    broker = Broker(1, ports.take(), ports.take(), folder.kafka(1), folder.log("kafka"))
    cluster = KafkaCluster([broker], new_cluster_id(), for_tests=True)
    await cluster.start(request.getfixturevalue("keeper"))
    return cluster.bootstrap


@pytest.fixture
def free_port() -> Callable[[], int]:
    """A function that hands out free ports."""
    return Ports().take


@pytest.fixture
def state_folder() -> Iterator[StateFolder]:
    """A state folder of this test alone."""
    folder = new_state_folder()
    yield folder
    remove_state(folder)
