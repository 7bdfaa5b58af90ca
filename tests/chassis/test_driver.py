"""Binding arrays quickly, and as rightly as before."""

from __future__ import annotations

import asyncpg
import pytest

from chassis import driver
from tests.support.stack import TestPostgres


def test_the_driver_asks_plain_types_for_every_element_of_an_array() -> None:
    """An upgrade of the driver that renames what is asked would silently cost a sixth of all speed."""
    assert driver.quicken()


async def test_arrays_of_all_kinds_go_and_come_as_they_were(postgres_server: TestPostgres) -> None:
    connection = await asyncpg.connect(postgres_server.superuser_url)
    try:
        for kind, values in {
            "text[]": ["a", "", "α{},\"'", None],
            "bytea[]": [b"\x00", b"", None],
            "bigint[]": [1, -1, None],
            "text[][]": [["a", "b"], ["c", None]],
        }.items():
            assert await connection.fetchval(f"select $1::{kind}", values) == values
        assert await connection.fetchval("select $1::int[]", (1, 2)) == [1, 2]
    finally:
        await connection.close()


async def test_what_is_no_array_is_refused_before_it_is_sent(postgres_server: TestPostgres) -> None:
    connection = await asyncpg.connect(postgres_server.superuser_url)
    try:
        for wrong in ("abc", {"a": 1}, 7):
            with pytest.raises(asyncpg.DataError):
                await connection.fetchval("select $1::text[]", wrong)
    finally:
        await connection.close()
