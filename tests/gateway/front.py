"""A gateway of one test, and a front office that speaks to it over HTTP."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import orjson

from chassis.database_clock import DatabaseClock
from chassis.service import Service
from chassis.settings import StackSettings
from contracts import published
from contracts.ledger import CompanyRegistered
from deploy.local.postgres import DatabaseUrls
from services.gateway.consumers import consumers
from services.gateway.key_commands import create
from services.gateway.main import build
from services.gateway.settings import GatewaySettings
from tests.support.department import Department, Event, event
from tests.support.stack import TestPostgres

STRUCTURED = "application/cloudevents+json"
BATCHED = "application/cloudevents-batch+json"
SOURCE = "/sales/webshop"
NOWHERE = "127.0.0.1:1"
"""A Kafka that is not there: the gateway accepts all the same."""

ORDER: dict[str, Any] = {
    "reference": "WEB-1",
    "placed_at": "2026-11-20T10:00:00Z",
    "currency": "EUR",
    "customer": {
        "id": "C-7",
        "name": "Καφέ Ακρόπολη Ο.Ε.",
        "language": "el",
        "address": {"line1": "Αδριανού 24", "city": "Αθήνα", "postcode": "10556", "country": "GR"},
    },
    "lines": [
        {
            "line": 1,
            "item": "BEANS",
            "description": "Κόκκοι",
            "quantity": "2.5",
            "unit_price": "7.125",
            "tax_code": "VAT24",
        },
        {"line": 2, "item": "CUP", "description": "Cup", "quantity": "3", "unit_price": "4.00", "tax_code": "VAT24"},
    ],
}
PAYMENT: dict[str, Any] = {
    "reference": "PAY-1",
    "received_on": "2026-11-20",
    "amount": {"amount": "12.50", "currency": "EUR"},
    "payer": {"name": "Καφέ Ακρόπολη"},
    "order_reference": "WEB-1",
}
EMPLOYEE: dict[str, Any] = {
    "reference": "HR-1",
    "name": "Νίκος Παππάς",
    "job_title": "Barista",
    "department": "Bar",
    "starts_on": "2026-12-01",
    "language": "el",
}


@dataclass
class FrontOffice:
    """One client with its key."""

    client: httpx.AsyncClient
    key: str
    _ids: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    @property
    def headers(self) -> dict[str, str]:
        """What each of its requests carries."""
        return {"authorization": f"Bearer {self.key}"}

    async def send(self, body: object, media_type: str = STRUCTURED, **headers: str) -> httpx.Response:
        """POST something to /v1/events."""
        content = body if isinstance(body, bytes) else orjson.dumps(body)
        return await self.client.post(
            "/v1/events", content=content, headers={**self.headers, "content-type": media_type, **headers}
        )

    async def post(self, path: str, body: object, key: str | None = "", **headers: str) -> httpx.Response:
        """POST a typed body; with a key of its own unless one is given, with none for None."""
        named = {} if key is None else {"idempotency-key": key or f"k-{next(self._ids)}"}
        return await self.client.post(path, json=body, headers={**self.headers, **named, **headers})

    async def get(self, path: str, **parameters: str) -> httpx.Response:
        """GET something."""
        return await self.client.get(path, params=parameters, headers=self.headers)


@dataclass
class Gateway(Department):
    """The gateway with a few words of its own for tests."""

    service: Service = field(init=False)

    @classmethod
    def on(cls, urls: DatabaseUrls, server: TestPostgres, secret: Path, **more: Any) -> Gateway:
        """A gateway on a migrated database."""
        stack = StackSettings(kafka_bootstrap_servers=more.pop("kafka", NOWHERE), backbone_internal_secret_file=secret)
        settings = GatewaySettings(database_url=urls.database_url, relay_url=urls.relay_url, stack=stack, **more)
        return cls(urls, server, settings, consumers)

    async def opens_for(self, *companies: str) -> None:
        """Let it hear that companies were registered."""
        await self.hear(*(company_registered(company) for company in companies))

    async def make_key(
        self, client: str = "webshop", companies: str = "acme", scopes: str = "*", source: str | None = None,
        employee: str | None = None,
    ) -> dict[str, Any]:  # fmt: skip
        """A new API key, as the operator's command makes it."""
        made: dict[str, Any] = await self.command(
            create, client=client, companies=companies, scopes=scopes, source=source, expires_days=None,
            employee=employee,
        )  # fmt: skip
        return made

    async def command(self, work: Any, **asked: Any) -> Any:
        """Run one of the `keys` commands."""
        connection = await asyncpg.connect(self.urls.database_url)
        try:
            return await work(connection, self.settings, _Asked(asked))
        finally:
            await connection.close()

    @asynccontextmanager
    async def open(self) -> AsyncIterator[httpx.AsyncClient]:
        """Its HTTP app, in this process, without its background."""
        assert isinstance(self.settings, GatewaySettings)
        self.service = build(self.settings, ("api",))
        await self.service.app.state.doors.clock.fresh()  # departments look at the tokens that it signs
        doors = self.service.app.state.gateway
        self.service.app.state.gateway = doors._replace(clock=NoonClock(self.service.database))
        transport = httpx.ASGITransport(self.service.app, raise_app_exceptions=False)
        try:
            async with httpx.AsyncClient(transport=transport, base_url="http://gateway") as client:
                yield client
        finally:
            await self.service.app.state.gateway.departments.close()
            await self.service.database.close()

    async def counts(self) -> tuple[int, int, int]:
        """Rows of requests, of accepted things and of the outbox: what "nothing was written" is measured by."""
        ((requests, accepted, events),) = await self.rows(
            "select (select count(*) from request), (select count(*) from accepted), (select count(*) from outbox)"
        )
        return requests, accepted, events


class NoonClock(DatabaseClock):
    """It is always noon of one day, whatever the machine believes."""

    def now(self) -> datetime:
        """Three weeks after what the samples tell of."""
        return datetime(2026, 12, 13, 12, tzinfo=UTC)

    def seconds(self) -> float:
        """The same in seconds since 1970."""
        return self.now().timestamp()

    async def fresh(self) -> None:
        """Nothing to look at."""


class _Asked:
    def __init__(self, asked: Mapping[str, Any]) -> None:
        self.__dict__.update(asked)


def company_registered(company: str) -> Event:
    """The event by which a company exists."""
    data = published.sample("CompanyRegistered.v1").data | {"company": company, "name": company.title()}
    return event(CompanyRegistered, company, data)


def cloud_event(data: Mapping[str, Any] = ORDER, kind: str = "OrderPlaced.v1", **attributes: Any) -> dict[str, Any]:
    """A structured CloudEvent; an attribute given as None is left out."""
    made = {
        "specversion": "1.0",
        "id": f"{kind}-{data.get('reference')}",
        "source": SOURCE,
        "type": kind,
        "company": "acme",
        "data": dict(data),
    } | attributes
    return {name: value for name, value in made.items() if value is not None}


def pointers(problem: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Pointer and code of each fault of a problem."""
    return [(e["pointer"], e["code"]) for e in problem.get("errors", ())]
