"""Toys: a department per test on a copy of one migrated database."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import suppress

import asyncpg
import pytest
import pytest_asyncio

from chassis import faults
from chassis.jobs import Jobs, JobWorkers
from deploy.local.postgres import DatabaseUrls
from tests.chassis.toy import Toy, migrate_toy, toy_settings
from tests.support.stack import TestPostgres

MakeToy = Callable[..., Toy]
Start = Callable[..., "asyncio.Task[None]"]


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
        await toy.close()


@pytest_asyncio.fixture
async def toy(make_toy: MakeToy) -> Toy:
    """One toy that knows the company `acme`."""
    made = make_toy()
    await made.knows("acme")
    return made


@pytest_asyncio.fixture
async def operator(toy: Toy) -> AsyncIterator[asyncpg.Pool]:
    """Connections of the relay and operator role."""
    async with asyncpg.create_pool(toy.settings.relay_url.get_secret_value(), min_size=0, max_size=4) as pool:
        yield pool


@pytest_asyncio.fixture
async def start(toy: Toy, operator: asyncpg.Pool) -> AsyncIterator[Start]:
    """Starts workers of this toy (or of another process on its database), ended with the test."""
    tasks: list[asyncio.Task[None]] = []

    def begin(jobs: Jobs, process: Toy = toy) -> asyncio.Task[None]:
        task = asyncio.create_task(JobWorkers(jobs, process.database, operator, process.metrics).run())
        tasks.append(task)
        return task

    yield begin
    faults.arm("")
    for task in tasks:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


@pytest.fixture
def quick_jobs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pauses a hundredth as long."""
    monkeypatch.setattr("chassis.jobs.POLL_S", 0.05)
    monkeypatch.setattr("chassis.jobs.BACKOFF_MAX_S", 0.02)
