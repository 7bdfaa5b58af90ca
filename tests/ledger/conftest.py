"""A ledger per test on a copy of one migrated database."""

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


@pytest_asyncio.fixture
async def make_desk(
    postgres_server: TestPostgres, ledger_template: DatabaseUrls, tmp_path: Path
) -> AsyncIterator[MakeDesk]:
    """Makes ledgers, each on its own database."""
    secret = tmp_path / "secret"
    secret.write_text(SECRET)
    made: list[Desk] = []

    def make() -> Desk:
        made.append(Desk.on(postgres_server.clone(ledger_template), postgres_server, secret))
        return made[-1]

    yield make
    for desk in made:
        await desk.close()


@pytest_asyncio.fixture
async def desk(make_desk: MakeDesk) -> Desk:
    """A ledger that keeps the books of `acme`."""
    made = make_desk()
    await made.set_up("acme")
    return made
