"""A department for tests on a database of its own: events go through its real corridor, requests through its real app.

department = Department(urls, server, settings, consumers)
placed = event(OrderPlaced, "acme", data)
await department.hear(placed)                      # one batch, one commit
for told in await department.told("StockReserved"): …
"""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import asyncpg
import httpx
import orjson
from aiokafka.structs import ConsumerRecord

from chassis import companies
from chassis.auth import Caller, InternalSecrets, TokenSigner
from chassis.consumers import Consumers
from chassis.corridor import Corridor
from chassis.database import Database
from chassis.holding import Drainer
from chassis.ids import new_id
from chassis.inbox import Place
from chassis.service import Service
from chassis.settings import ServiceSettings
from chassis.starting import PARTS
from chassis.telemetry import Metrics
from contracts import published
from contracts.base import EventData
from contracts.envelope import Envelope, to_headers
from contracts.registry import key_of, owner_of
from deploy.local.postgres import DatabaseUrls
from tests.contracts.outbox_rows import assert_row_matches_contract
from tests.support.stack import TestPostgres
from tests.support.superuser import Superuser

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
CAUSELESS = """
select o.topic, o.key from outbox o where not exists (
    select from audit a where a.company = o.company and convert_from(o.headers, 'UTF8') like '%' || a.cause || '%')
"""
SECRET = "a-secret-for-tests-that-is-long-enough-0123456789"


@dataclass(frozen=True, slots=True)
class Event:
    """An event as another department would have sent it."""

    company: str
    topic: str
    key: str
    sequence: int
    headers: tuple[tuple[str, bytes], ...]
    body: bytes

    def record(self, offset: int) -> ConsumerRecord[Any, Any]:
        """The event as Kafka hands it over, at this offset of partition 0."""
        return ConsumerRecord(
            self.topic, 0, offset, 1_764_000_000_000, 0, self.key.encode(), self.body, None, len(self.key),
            len(self.body), self.headers,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Told:
    """An event in a department's own outbox, after a look at the contract files."""

    type: str
    company: str
    key: str
    sequence: int
    envelope: Envelope
    data: dict[str, Any]


def event(
    kind: type[EventData], company: str, data: Mapping[str, Any], *, sequence: int = 1, at: datetime = NOON
) -> Event:
    """An event with data that its own contract accepts. Raises pydantic's ValidationError for other data."""
    body = orjson.dumps(data, default=str)
    kind.model_validate_json(body)
    identity = str(new_id())
    key = key_of(kind.event_type, company, data)
    envelope = Envelope(
        identity, kind.event_type, f"/{owner_of(kind.event_type)}", key, at, company, sequence, identity, identity,
        "webshop", kind.dataschema,
    )  # fmt: skip
    return Event(company, kind.topic, key, sequence, tuple(to_headers(envelope)), body)


def sample_event(event_type: str) -> Event:
    """The golden sample of an event type."""
    sample = published.sample(event_type)
    headers = dict(sample.headers)
    company, sequence = headers["ce_company"].decode(), int(headers["ce_sequence"])
    return Event(company, sample.topic, sample.key, sequence, sample.headers, sample.body)


@dataclass
class Department:
    """One department in one process, without Kafka: what it hears, what it tells, what it stores."""

    urls: DatabaseUrls
    server: TestPostgres
    settings: ServiceSettings
    consumers: Consumers
    database: Database = field(init=False)
    corridor: Corridor = field(init=False)
    metrics: Metrics = field(init=False)
    _offsets: dict[str, itertools.count[int]] = field(default_factory=dict)
    _superuser: Superuser = field(init=False)

    def __post_init__(self) -> None:
        self._superuser = Superuser(self.server.superuser_url_of(self.urls))
        self.database = Database(self.settings)
        self.metrics = Metrics(self.settings.service)
        self.corridor = Corridor(self.database, self.consumers, self.metrics)

    async def close(self) -> None:
        """Give the connections back."""
        await self._superuser.close()
        await self.database.close()

    async def knows(self, *names: str) -> None:
        """Let it know companies without an event."""
        async with self.database.unit(names) as unit:
            await companies.learn(unit.raw, names)

    async def hear(self, *events: Event) -> None:
        """Take events through the corridor, as one batch in one commit."""
        await self.corridor.take(self.records(events))

    def records(self, events: Sequence[Event]) -> list[ConsumerRecord[Any, Any]]:
        """The events at the next offsets of their topics."""
        return [e.record(next(self._offsets.setdefault(e.topic, itertools.count()))) for e in events]

    async def try_held(self) -> None:
        """Try everything that is held once more, due or not."""
        pool = await asyncpg.create_pool(self.urls.relay_url, min_size=0, max_size=1)
        try:
            drainer = Drainer(self.database, self.consumers, self.metrics, pool)
            for company, topic, key in await self.rows("select distinct company, topic, key from held"):
                await drainer.drain(Place(company, topic, key))
        finally:
            await pool.close()

    async def held(self) -> list[tuple[str, str]]:
        """Reason and detail of what is held."""
        return [(r, d) for r, d in await self.rows("select reason, detail from held order by id")]

    async def rows(self, query: str, *arguments: object) -> list[tuple[Any, ...]]:
        """What the superuser sees, past row-level security."""
        return await self._superuser.rows(query, *arguments)

    async def told(self, *types: str) -> list[Told]:
        """What stands in the outbox, in its order, each checked against the contract files."""
        rows = await self.rows("select company, topic, key, sequence, headers, body from outbox order by id")
        told: list[Told] = []
        for company, topic, key, sequence, headers, body in rows:
            envelope = assert_row_matches_contract(topic, key, headers, body, sequence)
            told.append(Told(envelope.type.partition(".")[0], company, key, sequence, envelope, orjson.loads(body)))
        return [one for one in told if not types or one.type in types]

    async def told_without_record(self) -> list[tuple[Any, ...]]:
        """Events in the outbox whose cause has no record in the audit trail: somebody changed something unseen."""
        return await self.rows(CAUSELESS)

    @asynccontextmanager
    async def client(
        self,
        build: Callable[[Any, Sequence[str]], Service],
        *,
        companies: Collection[str] = ("acme",),
        scopes: Collection[str] | None = None,
        actor: str | None = None,
        name: str = "warehouse",
        on_behalf_of: str | None = None,
    ) -> AsyncIterator[httpx.AsyncClient]:
        """A caller of its HTTP app, with a token as the gateway signs it; by default one who may do everything."""
        secret = self.settings.stack.backbone_internal_secret_file
        assert secret is not None, "the department's settings name no secret"
        service = build(self.settings, PARTS)
        clock = service.app.state.doors.clock
        await clock.fresh()
        audience = self.settings.service
        rights = frozenset(scopes if scopes is not None else {f"{audience}:read", f"{audience}:write"})
        caller = Caller(name, actor or f"key:{name}", on_behalf_of, frozenset(companies), rights)
        signer = TokenSigner(InternalSecrets(secret), clock.seconds)

        def signed(request: httpx.Request) -> httpx.Request:
            # A token lives for 60 s, which a long test on a busy machine outlives.
            request.headers.setdefault("authorization", f"Bearer {signer.sign(caller, audience)}")
            return request

        transport = httpx.ASGITransport(service.app, raise_app_exceptions=False)
        try:
            async with httpx.AsyncClient(transport=transport, base_url="http://department", auth=signed) as client:
                yield client
        finally:
            await service.database.close()
