"""The gateway is put together here and nowhere else."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import cache, partial

from chassis.auth import TokenSigner
from chassis.freshness import Freshness
from chassis.service import Service
from contracts.topics import TOPICS
from services.gateway.admission import Admission, AdmissionMetrics, Limits
from services.gateway.api import census
from services.gateway.api.departments import Departments
from services.gateway.api.entry import Gateway
from services.gateway.api.openapi import document_of
from services.gateway.api.routes import ROUTERS, hot_routes, routes
from services.gateway.consumers import consumers
from services.gateway.keys import KeyRing, KeyVerifier, Peppers
from services.gateway.settings import GatewaySettings
from services.gateway.streams.backlog import Backlog
from services.gateway.streams.hub import Hubs
from services.gateway.tokens import OwnTokens, Tokens


def build(settings: GatewaySettings, parts: Sequence[str]) -> Service:
    """The service, with nothing started."""
    service = Service(
        settings,
        consumers=consumers,
        routers=ROUTERS,
        routes=routes(),
        background=[_keep_current, census.watch_census],
        accepts_without_kafka=True,
        parts=parts,
    )
    app, doors = service.app, service.app.state.doors
    if "api" in service.parts:
        app.router.routes[:0] = hot_routes()
    servers = settings.stack.kafka_bootstrap_servers
    pepper_file = settings.key_pepper_file or settings.stack.backbone_internal_secret_file
    usual = Limits(settings.client_events_per_s, settings.client_burst_events, settings.client_in_flight_events)
    keys = KeyRing(service.database, None if pepper_file is None else Peppers(pepper_file), settings.key_poll_s, usual)
    tokens = Tokens(OwnTokens(doors.secrets, keys, settings.access_token_life_s), settings.oidc_providers, usual)
    doors.verifier = KeyVerifier(doors.secrets, doors.clock, keys)
    counts = {name: TOPICS[name].partitions for name in consumers.topics}
    app.state.gateway = Gateway(
        settings=settings,
        database=service.database,
        commands=service.door,
        metrics=AdmissionMetrics(service.metrics),
        admission=Admission(),
        tally=doors.tally,
        clock=doors.clock,
        keys=keys,
        tokens=tokens,
        departments=Departments(settings, doors.secrets and TokenSigner(doors.secrets, doors.clock.seconds)),
        hubs=Hubs(servers, {topic.name: topic.partitions for topic in TOPICS.values()}),
        freshness=Freshness(servers, counts, consumers.name, doors.clock.now, settings.freshness_s),
        measured={},
    )
    app.openapi = cache(partial(document_of, app))  # type: ignore[method-assign]
    return service


async def _keep_current(service: Service) -> None:
    """What the doors know beside the database: the live keys, the ends of the topics; and what they hold open."""
    if "api" not in service.parts:
        return
    gateway: Gateway = service.app.state.gateway
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(gateway.keys.follow())
            group.create_task(gateway.freshness.follow())
            group.create_task(Backlog(gateway.settings, gateway.admission, gateway.metrics).follow())
            await service.stopping.wait()
            await gateway.hubs.close()  # streams have no end of their own, and a drain waits for open connections
    finally:
        await gateway.departments.close()
