"""A gateway per test on an emptied database, with a front office that has a key."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import pytest
import pytest_asyncio
from aiokafka import AIOKafkaProducer

from chassis.kafka import admin, create_topics
from chassis.migrating import migrate
from contracts.topics import TOPICS
from deploy.local.postgres import DatabaseUrls
from tests.gateway.front import FrontOffice, Gateway
from tests.gateway.listening import TOPIC, Payroll
from tests.support.department import SECRET
from tests.support.stack import TestPostgres

MakeGateway = Callable[..., Gateway]
KEPT = ("alembic_version", "code_floor", "api_key_version")
FILLED = "select tablename from pg_tables where schemaname = 'public' and tablename <> all($1::text[])"


@pytest.fixture(scope="session")
def gateway_template(postgres_server: TestPostgres) -> DatabaseUrls:
    """A migrated database to copy."""
    urls = postgres_server.create_database("gateway")
    with ThreadPoolExecutor(1) as thread:
        thread.submit(migrate, "gateway", urls.migration_url).result()
    return urls


@pytest.fixture(scope="session")
def gateway_database(postgres_server: TestPostgres, gateway_template: DatabaseUrls) -> DatabaseUrls:
    """The database that tests use one after the other: emptied, which is quicker than copied."""
    return postgres_server.clone(gateway_template)


@pytest_asyncio.fixture
async def emptied(postgres_server: TestPostgres, gateway_database: DatabaseUrls) -> DatabaseUrls:
    """The same with nothing in it but its schema."""
    connection = await asyncpg.connect(postgres_server.superuser_url_of(gateway_database))
    try:
        tables = [row[0] for row in await connection.fetch(FILLED, list(KEPT))]
        await connection.execute(f"truncate {', '.join(tables)} restart identity")
    finally:
        await connection.close()
    return gateway_database


@pytest_asyncio.fixture
async def make_gateway(
    postgres_server: TestPostgres, emptied: DatabaseUrls, tmp_path: Path
) -> AsyncIterator[MakeGateway]:
    """Makes gateways, replicas of one another where a test makes several."""
    secret = tmp_path / "secret"
    secret.write_text(SECRET)
    made: list[Gateway] = []

    def make(**settings: object) -> Gateway:
        made.append(Gateway.on(emptied, postgres_server, secret, **settings))
        return made[-1]

    yield make
    for gateway in made:
        await gateway.close()


@pytest_asyncio.fixture
async def gateway(make_gateway: MakeGateway) -> Gateway:
    """A gateway that knows the companies `acme` and `umbrella`."""
    made = make_gateway()
    await made.opens_for("acme", "umbrella")
    return made


@pytest_asyncio.fixture
async def office(gateway: Gateway) -> AsyncIterator[FrontOffice]:
    """The webshop of `acme`, which may do everything for it."""
    key = await gateway.make_key()
    async with gateway.open() as client:
        yield FrontOffice(client, key["key"])


@asynccontextmanager
async def one_for_all(
    server: TestPostgres, template: DatabaseUrls, folder: Path
) -> AsyncIterator[tuple[FrontOffice, Gateway]]:
    secret = folder / "secret"
    secret.write_text(SECRET)
    gateway = Gateway.on(server.clone(template), server, secret)
    await gateway.opens_for("acme", "umbrella")
    key = await gateway.make_key()
    async with gateway.open() as client:
        yield FrontOffice(client, key["key"]), gateway
    await gateway.close()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def strict(
    postgres_server: TestPostgres, gateway_template: DatabaseUrls, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[tuple[FrontOffice, Gateway]]:
    """A front office and a gateway for tests in which nothing is ever written: one for all of them."""
    async with one_for_all(postgres_server, gateway_template, tmp_path_factory.mktemp("strict")) as both:
        yield both


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def written(
    postgres_server: TestPostgres, gateway_template: DatabaseUrls, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[tuple[FrontOffice, Gateway]]:
    """The same for tests that do not look at what is written."""
    async with one_for_all(postgres_server, gateway_template, tmp_path_factory.mktemp("written")) as both:
        yield both


@pytest_asyncio.fixture
async def payroll(kafka_bootstrap: str) -> AsyncIterator[Payroll]:
    """Somebody who writes events to a topic."""
    async with admin(kafka_bootstrap) as client:
        await create_topics(client, [TOPICS[TOPIC], TOPICS["inventory.stock"]], replication=1)
    producer = AIOKafkaProducer(bootstrap_servers=kafka_bootstrap, linger_ms=2)
    await producer.start()
    yield Payroll(producer)
    await producer.stop()
