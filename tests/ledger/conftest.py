"""Ledgers on copies of one migrated database."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import pytest_asyncio

from chassis.migrating import migrate
from deploy.local.postgres import DatabaseUrls
from tests.ledger.desk import Desk
from tests.support.department import SECRET
from tests.support.stack import TestPostgres

MakeDesk = Callable[[], Desk]


@pytest.fixture(scope="session")
def ledger_template(postgres_server: TestPostgres) -> DatabaseUrls:
    """A migrated database to copy."""
    urls = postgres_server.create_database("ledger")
    with ThreadPoolExecutor(1) as thread:
        thread.submit(migrate, "ledger", urls.migration_url).result()
    return urls


@pytest.fixture(scope="session")
def secret(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file with the secret that internal tokens are signed with."""
    file = tmp_path_factory.mktemp("ledger") / "secret"
    file.write_text(SECRET)
    return file


@pytest_asyncio.fixture
async def make_desk(
    postgres_server: TestPostgres, ledger_template: DatabaseUrls, secret: Path
) -> AsyncIterator[MakeDesk]:
    """Makes ledgers, each on a database of its own."""
    made: list[Desk] = []

    def make() -> Desk:
        made.append(Desk.on(postgres_server.clone(ledger_template), postgres_server, secret))
        return made[-1]

    yield make
    for desk in made:
        await desk.close()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def shared_desk(
    postgres_server: TestPostgres, ledger_template: DatabaseUrls, secret: Path
) -> AsyncIterator[Desk]:
    """The ledger that most tests use one after the other: a copy of a database per test would be dear."""
    desk = Desk.on(postgres_server.clone(ledger_template), postgres_server, secret)
    yield desk
    await desk.close()


@pytest_asyncio.fixture
async def blank(shared_desk: Desk) -> Desk:
    """A ledger that knows no company."""
    await shared_desk.forget()
    return shared_desk


@pytest_asyncio.fixture
async def desk(blank: Desk) -> Desk:
    """A ledger that keeps the books of `acme`."""
    await blank.set_up("acme")
    return blank
