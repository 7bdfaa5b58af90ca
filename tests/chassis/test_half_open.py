"""A router lost its table: connections that are open carry nothing any more and nobody is told. New ones are well."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from copy import copy
from typing import cast
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest
from pydantic import SecretStr

from chassis.database import Database, is_transient
from chassis.service import Service
from chassis.settings import ServiceSettings
from tests.chassis.conftest import MakeToy
from tests.chassis.test_relay import drained, place, relaying
from tests.chassis.topics import empty_topics
from tests.chassis.toy import Toy, ToySettings
from tests.proof.injection.proxy import HOST, Proxy


def through(url: SecretStr, proxy: Proxy) -> SecretStr:
    """The same address by way of the proxy."""
    parts = urlsplit(url.get_secret_value())
    account = parts.netloc.rpartition("@")[0]
    return SecretStr(urlunsplit(parts._replace(netloc=f"{account}@{HOST}:{proxy.port}")))


def behind(settings: ServiceSettings, proxy: Proxy) -> ServiceSettings:
    """These settings with the database behind the proxy."""
    return settings.model_copy(
        update={
            "database_url": through(settings.database_url, proxy),
            "relay_url": through(settings.relay_url, proxy),
            "statement_timeout_ms": 1_000,
        }
    )


@pytest.fixture
async def wired(make_toy: MakeToy, kafka_bootstrap: str) -> Toy:
    await empty_topics(kafka_bootstrap, "sales.orders", "sales.payments", "sales.hires")
    return make_toy(kafka_bootstrap)


@pytest.fixture
async def proxy(wired: Toy) -> AsyncIterator[Proxy]:
    parts = urlsplit(wired.settings.database_url.get_secret_value())
    async with Proxy(HOST, parts.port or 5432) as proxy:
        yield proxy


async def test_a_statement_on_a_dead_connection_ends_and_the_next_one_is_on_a_new_connection(
    wired: Toy, proxy: Proxy
) -> None:
    database = Database(behind(wired.settings, proxy))
    await database.ping()
    proxy.forget()

    with pytest.raises(Exception) as ended:
        async with asyncio.timeout(15) as limit:
            await database.ping()
    assert not limit.expired()
    assert is_transient(ended.value)
    await database.ping()
    await database.close()


async def test_an_operators_statement_on_a_dead_connection_ends_and_the_next_one_is_on_a_new_connection(
    wired: Toy, proxy: Proxy
) -> None:
    service = Service(behind(wired.settings, proxy))
    operator = await service.open_operator()
    assert await operator.fetchval("select 1") == 1
    proxy.forget()

    with pytest.raises((TimeoutError, OSError, asyncpg.PostgresError, asyncpg.InterfaceError)):
        async with asyncio.timeout(20) as limit:
            await operator.fetchval("select 1")
    assert not limit.expired()
    assert await operator.fetchval("select 1") == 1
    operator.terminate()
    await service.database.close()


async def test_a_relay_whose_connections_died_silently_takes_new_ones_and_goes_on(wired: Toy, proxy: Proxy) -> None:
    far = copy(wired)
    far.settings = cast("ToySettings", behind(wired.settings, proxy))
    async with relaying(far):
        await place(wired, "a")
        await drained(wired)
        proxy.forget()
        await place(wired, "b")
        await drained(wired)
