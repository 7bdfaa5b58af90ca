"""`python -m services.payroll …` as an operator types it: each command asks for what it needs and for nothing more."""

from __future__ import annotations

import subprocess
import sys

import asyncpg

from deploy.local.paths import CHECKOUT
from deploy.local.processes import plain_environment
from tests.support.stack import TestPostgres


def migrate(**environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "services.payroll", "migrate"],
        cwd=CHECKOUT,
        env=plain_environment() | environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


async def test_migrating_needs_the_owners_address_and_nothing_else(postgres_server: TestPostgres) -> None:
    urls = postgres_server.create_database("payroll")

    done = migrate(PAYROLL_MIGRATION_URL=urls.migration_url)

    assert (done.returncode, "Traceback" in done.stderr) == (0, False), done.stderr
    service = await asyncpg.connect(urls.database_url)
    assert await service.fetchval("select count(*) from employee") == 0
    await service.close()


def test_migrating_without_the_owners_address_says_so_in_one_sentence() -> None:
    refused = migrate(PAYROLL_DATABASE_URL="postgresql://payroll_service@127.0.0.1:1/payroll")

    assert refused.returncode == 2
    assert refused.stdout == ""
    assert refused.stderr == "PAYROLL_MIGRATION_URL is not set: migrating needs the owner role.\n"
