"""Toys: a department per test on a copy of one migrated database."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable

import pytest
import pytest_asyncio

from deploy.local.postgres import DatabaseUrls
from tests.chassis.toy import Toy, migrate_toy, toy_settings
from tests.support.stack import TestPostgres

MakeToy = Callable[..., Toy]


@pytest.fixture(scope="session")
def toy_template(postgres_server: TestPostgres) -> DatabaseUrls:
    """A migrated database to copy."""
    urls = postgres_server.create_database("gateway")
    migrate_toy(urls.migration_url)
    return urls


@pytest_asyncio.fixture
async def make_toy(postgres_server: TestPostgres, toy_template: DatabaseUrls) -> AsyncIterator[MakeToy]:
    """Makes toys; each on its own database unless one is given."""
    made: list[Toy] = []

    def make(kafka: str = "127.0.0.1:1", *, urls: DatabaseUrls | None = None, name: str = "toy", **more: object) -> Toy:
        urls = urls or postgres_server.clone(toy_template)
        toy = Toy(urls, postgres_server, toy_settings(urls, kafka, **more), name)
        made.append(toy)
        return toy

    yield make
    for toy in made:
        await toy.database.close()


@pytest_asyncio.fixture
async def toy(make_toy: MakeToy) -> Toy:
    """One toy that knows the company `acme`."""
    made = make_toy()
    await made.knows("acme")
    return made
