"""A stock room per test on a copy of one migrated database."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import pytest_asyncio

from chassis.migrating import migrate
from deploy.local.postgres import DatabaseUrls
from tests.inventory.room import StockRoom
from tests.support.department import SECRET
from tests.support.stack import TestPostgres

MakeRoom = Callable[[], StockRoom]


@pytest.fixture(scope="session")
def inventory_template(postgres_server: TestPostgres) -> DatabaseUrls:
    """A migrated database to copy."""
    urls = postgres_server.create_database("inventory")
    with ThreadPoolExecutor(1) as thread:
        thread.submit(migrate, "inventory", urls.migration_url).result()
    return urls


@pytest_asyncio.fixture
async def make_room(
    postgres_server: TestPostgres, inventory_template: DatabaseUrls, tmp_path: Path
) -> AsyncIterator[MakeRoom]:
    """Makes stock rooms, each on its own database."""
    secret = tmp_path / "secret"
    secret.write_text(SECRET)
    made: list[StockRoom] = []

    def make() -> StockRoom:
        made.append(StockRoom.on(postgres_server.clone(inventory_template), postgres_server, secret))
        return made[-1]

    yield make
    for room in made:
        await room.close()


@pytest_asyncio.fixture
async def room(make_room: MakeRoom) -> StockRoom:
    """A stock room of the company `acme`."""
    made = make_room()
    await made.knows("acme")
    return made
