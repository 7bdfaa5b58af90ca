"""One revision of a database done once more: on rows that it finds, when it is long behind us."""

from __future__ import annotations

import asyncio

from alembic import command
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from chassis.migrating import configuration, driver_url


async def done_again(service: str, owner_url: str, revision: str, *, undone_by: str, before: str) -> None:
    """Undo one revision by hand, do it again upon what is there, and leave all later ones as they are.

    `before` is the revision before it. Raises what the database says.
    """
    await asyncio.to_thread(asyncio.run, _again(service, owner_url, revision, undone_by, before))


async def _again(service: str, owner_url: str, revision: str, undone_by: str, before: str) -> None:
    engine = create_async_engine(driver_url(owner_url), poolclass=NullPool)
    try:
        async with engine.begin() as connection:
            newest = (await connection.execute(text("select version_num from alembic_version"))).scalar_one()
            raw = (await connection.get_raw_connection()).driver_connection
            assert raw is not None
            await raw.execute(undone_by)
            await _stand_at(raw, before)
            await connection.run_sync(_upgrade, service, revision)
            await _stand_at(raw, newest)
    finally:
        await engine.dispose()


async def _stand_at(raw: object, revision: str) -> None:
    await raw.execute("update alembic_version set version_num = $1", revision)  # type: ignore[attr-defined]


def _upgrade(connection: Connection, service: str, revision: str) -> None:
    config = configuration(service)
    config.attributes["connection"] = connection
    command.upgrade(config, revision)
