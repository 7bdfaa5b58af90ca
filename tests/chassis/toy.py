"""A toy department for tests of the chassis: it notes each order it sees, and fails on command.

An order whose reference is `poison` breaks a constraint of the database, `refuse` is refused, `bug` raises.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, ClassVar

import orjson
from aiokafka.structs import ConsumerRecord
from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from chassis import companies
from chassis.cause import Cause
from chassis.consumers import Consumers, Received
from chassis.corridor import Corridor
from chassis.database import Database, UnitOfWork
from chassis.errors import Outcomes, Refused
from chassis.ids import UUID, derive, new_id
from chassis.migrating import create_corridor, create_error_counts, driver_url, execute, facts, isolate
from chassis.settings import ServiceSettings
from chassis.telemetry import Metrics
from contracts.base import EventView
from contracts.gateway import OrderCancelled, OrderPlaced
from contracts.ledger import AccountOpened, CompanyRegistered, TaxCodeDefined
from deploy.local.postgres import DatabaseUrls
from tests.support.pinned_clock import BEGAN
from tests.support.stack import TestPostgres
from tests.support.superuser import Superuser

NOTED = """
create table noted (company text not null, n bigint generated always as identity, topic text not null,
    key text not null, sequence bigint not null, event_id uuid not null,
    reference text not null check (reference <> 'poison'), primary key (company, n));
"""


class OrderSeen(EventView, of=OrderPlaced):
    """What the toy uses of an order."""

    order: str
    reference: str


class OrderGone(EventView, of=OrderCancelled):
    """What the toy uses of a cancellation."""

    order: str
    reference: str


class CompanySeen(EventView, of=CompanyRegistered):
    """What the toy uses of a company."""

    company: str


class ToySettings(ServiceSettings):
    """Settings of the toy; it may write the topics of the gateway."""

    service: ClassVar[str] = "gateway"


def migrate_toy(url: str) -> None:
    """Make the chassis's tables and the toy's own."""
    import asyncio
    from concurrent.futures import ThreadPoolExecutor

    async def run() -> None:
        engine = create_async_engine(driver_url(url), poolclass=NullPool)
        async with engine.begin() as connection:
            await connection.run_sync(_upgrade)
        await engine.dispose()

    with ThreadPoolExecutor(1) as thread:
        thread.submit(lambda: asyncio.run(run())).result()


def _upgrade(connection: Connection) -> None:
    with Operations.context(MigrationContext.configure(connection)):
        execute("create table alembic_version (version_num text primary key);")
        create_corridor()
        create_error_counts()
        execute(NOTED)
        isolate("noted")
        facts("noted")


def toy_settings(urls: DatabaseUrls, kafka: str = "127.0.0.1:1", **more: Any) -> ToySettings:
    """Settings for one toy on a database of its own."""
    from chassis.settings import StackSettings

    return ToySettings(
        database_url=urls.database_url,
        relay_url=urls.relay_url,
        stack=StackSettings(kafka_bootstrap_servers=kafka),
        **more,
    )


async def note(events: Sequence[Received[Any]], unit: UnitOfWork) -> Outcomes:
    """Write each event down, unless told otherwise by its reference."""
    if any(event.data.reference == "bug" for event in events):
        raise RuntimeError("a bug in a handler")
    await unit.raw.execute(
        "insert into noted (company, topic, key, sequence, event_id, reference) "
        "select * from unnest($1::text[], $2::text[], $3::text[], $4::bigint[], $5::uuid[], $6::text[])",
        [e.cause.company for e in events],
        [e.topic for e in events],
        [e.key for e in events],
        [e.sequence for e in events],
        [e.cause.id for e in events],
        [e.data.reference for e in events],
    )
    return [Refused("no", "no") if event.data.reference == "refuse" else None for event in events]


async def learn(events: Sequence[Received[CompanySeen]], unit: UnitOfWork) -> Outcomes:
    """Remember the companies."""
    await companies.learn(unit.raw, [event.data.company for event in events])
    return None


def toy_consumers(name: str = "toy") -> Consumers:
    """Handles orders and cancellations, learns companies, ignores the rest of their topics."""
    consumers = Consumers(name)
    consumers.on(OrderSeen)(note)
    consumers.on(OrderGone)(note)
    consumers.on(CompanySeen, introduces_company=True)(learn)
    consumers.ignore(AccountOpened, TaxCodeDefined, because="the toy keeps no accounts")
    return consumers


class Toy:
    """A toy department on its own database, with a look past row-level security."""

    def __init__(self, urls: DatabaseUrls, server: TestPostgres, settings: ToySettings, name: str = "toy") -> None:
        self.urls = urls
        self.settings = settings
        self.database = Database(settings)
        self.metrics = Metrics("toy")
        self.consumers = toy_consumers(name)
        self.corridor = Corridor(self.database, self.consumers, self.metrics)
        self._superuser = Superuser(server.superuser_url_of(urls))

    async def rows(self, query: str, *arguments: object) -> list[tuple[Any, ...]]:
        """What the superuser sees."""
        return await self._superuser.rows(query, *arguments)

    async def close(self) -> None:
        """Give the connections back."""
        await self._superuser.close()
        await self.database.close()

    async def noted(self, key: str | None = None) -> list[int]:
        """Sequences in the order in which they were noted."""
        rows = await self.rows("select sequence from noted where $1::text is null or key = $1 order by n", key)
        return [row[0] for row in rows]

    async def knows(self, *names: str) -> None:
        """Let the toy know companies without an event."""
        async with self.database.unit(names) as unit:
            await companies.learn(unit.raw, names)


def cause(company: str = "acme", request: UUID | None = None) -> Cause:
    """A front office's request."""
    request = request or new_id()
    return Cause(request, company, str(request), "webshop", None, None, BEGAN)


def order_data(order: str, reference: str = "R-1") -> dict[str, object]:
    """The data of an OrderPlaced."""
    from pathlib import Path

    sample = json.loads((Path(__file__).parents[2] / "contracts/samples/OrderPlaced.v1.json").read_text())
    data: dict[str, object] = sample["data"]
    return data | {"order": order, "reference": reference}


def order_id(name: str) -> str:
    """A key for a name."""
    return str(derive("order", name))


def record(
    key: str,
    sequence: int,
    offset: int,
    *,
    company: str = "acme",
    reference: str = "R-1",
    topic: str = "sales.orders",
    partition: int = 0,
    kind: str = "OrderPlaced.v1",
    event_id: str | None = None,
    body: bytes | None = None,
    headers: Sequence[tuple[str, bytes | None]] | None = None,
) -> ConsumerRecord[Any, Any]:
    """A record as Kafka would give it."""
    event_id = event_id or str(derive(topic, key, sequence, reference))
    if headers is None:
        headers = [
            ("ce_specversion", b"1.0"), ("ce_id", event_id.encode()), ("ce_type", kind.encode()),
            ("ce_source", b"/sales/webshop"), ("ce_subject", key.encode()), ("ce_time", b"2026-11-22T10:00:00.000000Z"),
            ("ce_dataschema", f"urn:backbone:schema:{kind}".encode()), ("ce_company", company.encode()),
            ("ce_sequence", str(sequence).encode()), ("ce_causationid", event_id.encode()),
            ("ce_correlationid", b"c-1"), ("ce_actor", b"webshop"), ("content-type", b"application/json"),
        ]  # fmt: skip
    if body is None:
        body = orjson.dumps({"order": key, "reference": reference, "company": company})
    return ConsumerRecord(
        topic, partition, offset, 1_764_000_000_000, 0, key.encode(), body, None, len(key), len(body), tuple(headers)
    )  # fmt: skip
