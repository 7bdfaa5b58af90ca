"""A payroll office with a master key, and its background work."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio

from chassis import faults
from deploy.local.postgres import DatabaseUrls
from tests.payroll.office import company
from tests.payroll.runs.bureau import Bureau, bureau_on
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
