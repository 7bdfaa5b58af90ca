"""Who calls: what every door of the gateway looks at first, and what all of them share."""

from __future__ import annotations

from collections.abc import Mapping
from time import monotonic
from typing import Annotated, NamedTuple, cast

import asyncpg
from fastapi import Depends
from starlette.requests import Request

from chassis.auth import EVERYTHING, Caller
from chassis.database import Database
from chassis.database_clock import DatabaseClock
from chassis.errors import Problem
from chassis.form import check_query
from chassis.freshness import Freshness
from chassis.http import read
from chassis.ids import UUID
from chassis.requests import CommandDoor, company_not_found
from chassis.tally import Tally
from services.gateway.admission import Admission, AdmissionMetrics, headers_of
from services.gateway.api.departments import Departments
from services.gateway.keys import Key, KeyRing, missing_scope, presented_key
from services.gateway.queries import companies
from services.gateway.queries.answers import Current
from services.gateway.settings import GatewaySettings
from services.gateway.streams.hub import Hubs
from services.gateway.tokens import Tokens

CREDENTIAL_NAMES = frozenset(
    {"access_token", "api-key", "api_key", "apikey", "authorization", "bearer", "key", "secret", "token", "x-api-key"}
)
NO_PARAMETERS: frozenset[str] = frozenset()


class Gateway(NamedTuple):
    """What the doors of one process share; at `app.state.gateway`."""

    settings: GatewaySettings
    database: Database
    commands: CommandDoor
    metrics: AdmissionMetrics
    tally: Tally
    """What became of the commands of each company."""
    clock: DatabaseClock
    keys: KeyRing
    tokens: Tokens
    departments: Departments
    hubs: Hubs
    freshness: Freshness
    admission: Admission
    """What each key has left, and what all of them share."""
    measured: dict[str, tuple[float, Mapping[str, tuple[int, int]]]]
    """Recent times per company, with when they were measured."""


def gateway_of(request: Request) -> Gateway:
    """The gateway that a request came to."""
    return cast(Gateway, request.app.state.gateway)


async def admit(request: Request, *, sends: bool = False) -> Key:
    """The caller's key; nothing of the body is read yet. `sends`: an event, which needs room in the group commit.

    Raises Problem 400 for credentials in the address, 401 for whoever is not known, 429 for whoever sends more than it
    may, 503 when there is more than can be worked on.
    """
    scope = request.scope
    if scope["query_string"]:
        refuse_credentials_in_url(request)
    gateway = gateway_of(request)
    await gateway.clock.fresh()
    presented = presented_key(scope["headers"])
    ring = gateway.tokens if gateway.tokens.looks_like_one(presented) else gateway.keys
    key = await ring.admit(presented, gateway.clock.now())
    state = scope["state"]
    try:
        if sends:
            gateway.commands.check_wait()
        bucket = gateway.admission.enter(key.id, key.limits, monotonic(), shared=sends)
    except Problem as problem:
        gateway.metrics.refused.labels(problem.code).inc()
        raise
    state["bucket"] = bucket
    state["headers"] = headers_of(bucket)
    return key


def refuse_credentials_in_url(request: Request) -> None:
    """Raises Problem 400: addresses end in logs and histories, so what opens doors must not stand in them."""
    for name in request.query_params:
        if name.lower() in CREDENTIAL_NAMES:
            raise Problem(400, "credentials-in-url", "Send the key in the Authorization header, never in the address.")


class Asked(NamedTuple):
    """One query, by a key that may ask it."""

    key: Key
    gateway: Gateway
    scope: str = ""

    async def companies(self, wanted: str | None = None) -> list[str]:
        """The companies to look at: the one that is asked for, or all that the caller sees.

        Raises Problem 404 for one that does not exist for this caller.
        """
        seen = self.key.caller.companies
        if EVERYTHING in seen:
            seen = frozenset(await all_companies(self.gateway.database))
        if wanted is None:
            return sorted(name for name in seen if not self.scope or self.key.caller.may(self.scope, name))
        if wanted not in seen:
            raise company_not_found()
        if self.scope and not self.key.caller.may(self.scope, wanted):
            raise missing_scope(self.scope)
        return [wanted]

    async def current(self, connection: asyncpg.Connection) -> Current:
        """How current the timelines are that this connection reads."""
        as_of, lag = await self.gateway.freshness.look(connection)
        return Current(as_of=as_of, lag_events=lag)


async def all_companies(database: Database) -> list[str]:
    """Every company there is, for callers who see them all."""
    held = await database.take()
    broken = True
    try:
        found = await companies.all_companies(held)
        broken = False
    finally:
        await database.give_back(held, broken=broken)
    return found


class ask(read):  # noqa: N801 - used as a word: Depends(ask("orders:read"))
    """The door for queries of front offices: an API key instead of the departments' internal token."""

    async def admit(self, request: Request) -> Caller:
        """The caller. Raises Problem 400, 401 or 403."""
        key = await admit(request)
        if self.scope and not key.caller.may_somewhere(self.scope):
            raise missing_scope(self.scope)
        request.state.caller = key.caller
        request.state.gateway_key = key
        return key.caller

    async def __call__(self, request: Request) -> Asked:  # type: ignore[override]
        return Asked(request.state.gateway_key, gateway_of(request), self.scope)


AskOrders = Annotated[Asked, Depends(ask("orders:read"))]
AskRequests = Annotated[Asked, Depends(ask(""))]
"""Whoever may read what the request is about; which right that is, the request itself says."""


def a_uuid(text: str) -> UUID:
    """An id in an address. Raises Problem 404 for what is none."""
    try:
        return UUID(text)
    except ValueError:
        raise Problem(404, "not-found", "There is nothing at this address.") from None


def no_parameters(request: Request) -> None:
    """Raises Problem 400 or 422 for any query parameter."""
    check_query(request, NO_PARAMETERS)
