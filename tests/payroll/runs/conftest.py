"""A payroll office with a master key, and its background work."""

from __future__ import annotations

from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
import pytest_asyncio

from chassis import faults
from chassis.migrating import migrate
from chassis.starting import PARTS
from deploy.local.postgres import DatabaseUrls
from services.documents.main import build
from services.documents.settings import DocumentsSettings
from services.payroll.filing import FilingCabinet
from tests.documents.archive import Archive
from tests.payroll.office import company
from tests.payroll.runs.bureau import Bureau, bureau_on
from tests.payroll.runs.filed import Filed
from tests.support.department import SECRET
from tests.support.stack import TestPostgres


@pytest_asyncio.fixture
async def bureau(
    postgres_server: TestPostgres, payroll_template: DatabaseUrls, tmp_path: Path
) -> AsyncIterator[Bureau]:
    """The payroll office of `acme`, which nobody works for yet, with a pay group of the example country."""
    secret = tmp_path / "secret"
    secret.write_text(SECRET)
    made = bureau_on(postgres_server.clone(payroll_template), postgres_server, secret, tmp_path / "vault")
    await made.office.hear(company())
    await made.set_up()
    yield made
    faults.arm("")
    await made.close()


@pytest.fixture(scope="session")
def documents_urls(postgres_server: TestPostgres) -> DatabaseUrls:
    """A migrated database of documents to copy."""
    urls = postgres_server.create_database("documents")
    with ThreadPoolExecutor(1) as thread:
        thread.submit(migrate, "documents", urls.migration_url).result()
    return urls


@pytest_asyncio.fixture
async def filed(
    bureau: Bureau, postgres_server: TestPostgres, documents_urls: DatabaseUrls, tmp_path: Path
) -> AsyncIterator[Filed]:
    """The payroll office of `acme` with documents next door."""
    seal_key = tmp_path / "seal-key"
    seal_key.write_text(SECRET[::-1])
    urls, secret = postgres_server.clone(documents_urls), tmp_path / "secret"
    archive = Archive.on(urls, postgres_server, secret, tmp_path / "store", seal_key_file=seal_key)
    await archive.knows("acme")
    assert isinstance(archive.settings, DocumentsSettings)
    service = build(archive.settings, PARTS)
    await service.app.state.doors.clock.fresh()
    door = httpx.ASGITransport(service.app, raise_app_exceptions=False)
    cabinet = FilingCabinet("http://documents", secret, bureau.office.database, door)
    bureau.cabinet, bureau.filing = lambda _: cabinet, cabinet
    yield Filed(bureau, archive, cabinet)
    await service.app.state.desk.close()
    await service.database.close()
    await archive.close()
