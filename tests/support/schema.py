"""Compares a service's `tables.py` with the database that its migrations make."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, MetaData, Table, UniqueConstraint
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from chassis.migrating import driver_url


async def schema_differences(superuser_url: str, declared: MetaData) -> list[str]:
    """In words, where columns, keys or references of the declared tables are not those of the database."""
    engine = create_async_engine(driver_url(superuser_url), poolclass=NullPool)
    try:
        async with engine.connect() as connection:
            return await connection.run_sync(_compare, declared)
    finally:
        await engine.dispose()


def _compare(connection: Connection, declared: MetaData) -> list[str]:
    actual = MetaData()
    actual.reflect(connection)
    found: list[str] = []
    for name, table in declared.tables.items():
        if name not in actual.tables:
            found.append(f"{name} is not in the database")
            continue
        for what, look in (("columns", _columns), ("key", _key), ("unique", _unique), ("references", _references)):
            ours, theirs = look(table), look(actual.tables[name])
            if ours != theirs:
                found.append(f"{what} of {name}: declared {ours}, in the database {theirs}")
    return found


def _columns(table: Table) -> list[tuple[str, str, bool]]:
    return sorted((c.name, _type(c.type), bool(c.nullable)) for c in table.columns)


def _type(kind: Any) -> str:
    name = type(kind).__name__.upper()
    return {
        "BIGINTEGER": "BIGINT",
        "SMALLINTEGER": "SMALLINT",
        "AUTOSTRING": "TEXT",
        "VARCHAR": "TEXT",
        "DATETIME": "TIMESTAMP",
        "LARGEBINARY": "BYTEA",
    }.get(name, name)


def _key(table: Table) -> list[str]:
    return [c.name for c in table.primary_key.columns]


def _unique(table: Table) -> list[list[str]]:
    return sorted(sorted(c.name for c in u.columns) for u in table.constraints if isinstance(u, UniqueConstraint))


def _references(table: Table) -> list[tuple[list[str], str]]:
    """References within the declared tables; those to `known_company` belong to the chassis."""
    return sorted(
        ([c.name for c in key.columns], key.elements[0].target_fullname.split(".")[0])
        for key in table.foreign_key_constraints
        if not key.elements[0].target_fullname.startswith("known_company.")
    )
