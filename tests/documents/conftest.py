"""An archive per test on a copy of one migrated database, with a store of files of its own."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import pytest_asyncio

from chassis.migrating import migrate
from deploy.local.postgres import DatabaseUrls
from services.documents.rendering.typesetter import Typesetter
from tests.documents.archive import Archive
from tests.support.department import SECRET
from tests.support.stack import TestPostgres

MakeArchive = Callable[..., Archive]


@pytest.fixture(scope="session")
def documents_template(postgres_server: TestPostgres) -> DatabaseUrls:
    """A migrated database to copy."""
    urls = postgres_server.create_database("documents")
    with ThreadPoolExecutor(1) as thread:
        thread.submit(migrate, "documents", urls.migration_url).result()
    return urls


@pytest_asyncio.fixture
async def make_archive(
    postgres_server: TestPostgres, documents_template: DatabaseUrls, tmp_path: Path
) -> AsyncIterator[MakeArchive]:
    """Makes archives, each on its own database."""
    secret = tmp_path / "secret"
    secret.write_text(SECRET)
    seal_key = tmp_path / "seal-key"
    seal_key.write_text(SECRET[::-1])
    made: list[Archive] = []

    def make(**more: object) -> Archive:
        urls = postgres_server.clone(documents_template)
        options = {"seal_key_file": seal_key, **more}
        made.append(Archive.on(urls, postgres_server, secret, tmp_path / f"store-{len(made)}", **options))
        return made[-1]

    yield make
    for archive in made:
        await archive.close()


@pytest_asyncio.fixture
async def archive(make_archive: MakeArchive) -> Archive:
    """An archive of the company `acme`."""
    made = make_archive()
    await made.knows("acme")
    return made


@pytest.fixture(scope="session")
def typesetter() -> Typesetter:
    """Typst in this process."""
    return Typesetter()
