"""A personnel office of one test: hires come through the corridor."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx

from chassis.ids import derive, new_id
from chassis.settings import StackSettings
from contracts import published
from contracts.gateway import EmployeeHired
from contracts.ledger import CompanyRegistered
from deploy.local.postgres import DatabaseUrls
from services.payroll.consumers import consumers
from services.payroll.settings import PayrollSettings
from tests.support.department import Department, Event, event
from tests.support.stack import TestPostgres


def office_on(urls: DatabaseUrls, server: TestPostgres, secret: Path) -> Department:
    """A personnel office on a migrated database."""
    settings = PayrollSettings(
        database_url=urls.database_url,
        relay_url=urls.relay_url,
        database_connections=16,
        stack=StackSettings(kafka_bootstrap_servers="127.0.0.1:1", backbone_internal_secret_file=secret),
    )
    return Department(urls, server, settings, consumers)


def person(name: str) -> str:
    """The id of the person with this name."""
    return str(derive("test-person", name))


def company(code: str = "acme") -> Event:
    """A company is registered."""
    return event(CompanyRegistered, code, published.sample("CompanyRegistered.v1").data | {"company": code})


def hired(who: str, *, code: str = "acme", sequence: int = 1, **changes: Any) -> Event:
    """A person is hired; what is not named is as in the golden sample."""
    data = published.sample("EmployeeHired.v1").data | {"employee": person(who), "name": who}
    return event(EmployeeHired, code, data | changes, sequence=sequence)


async def asked(client: httpx.AsyncClient, path: str, **body: Any) -> dict[str, Any]:
    """What a command answers that is accepted."""
    answer = await sent(client, path, **body)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def refused(client: httpx.AsyncClient, path: str, **body: Any) -> tuple[int, str, str | None]:
    """Status, code and field of a command that is refused."""
    answer = await sent(client, path, **body)
    assert answer.status_code >= 400, answer.text
    told = answer.json()
    pointer = told["errors"][0]["pointer"] if told.get("errors") else None
    return answer.status_code, str(told["type"]).removeprefix("/problems/"), pointer


async def sent(client: httpx.AsyncClient, path: str, **body: Any) -> httpx.Response:
    """The answer to a command with a key of its own."""
    return await client.post(path, json=body, headers={"Idempotency-Key": str(new_id())})
