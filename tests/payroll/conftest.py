"""A personnel office per test on a copy of one migrated database."""

from __future__ import annotations

from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import pytest_asyncio

from chassis.migrating import migrate
from deploy.local.postgres import DatabaseUrls
from tests.payroll.office import company, office_on
from tests.support.department import SECRET, Department
from tests.support.stack import TestPostgres


@pytest.fixture(scope="session")
def payroll_template(postgres_server: TestPostgres) -> DatabaseUrls:
    """A migrated database to copy."""
    urls = postgres_server.create_database("payroll")
    with ThreadPoolExecutor(1) as thread:
        thread.submit(migrate, "payroll", urls.migration_url).result()
    return urls


@pytest_asyncio.fixture
async def new_office(
    postgres_server: TestPostgres, payroll_template: DatabaseUrls, tmp_path: Path
) -> AsyncIterator[Department]:
    """A personnel office that knows no company."""
    secret = tmp_path / "secret"
    secret.write_text(SECRET)
    made = office_on(postgres_server.clone(payroll_template), postgres_server, secret)
    yield made
    await made.close()


@pytest_asyncio.fixture
async def office(new_office: Department) -> Department:
    """A personnel office of the company `acme`."""
    await new_office.hear(company())
    return new_office
