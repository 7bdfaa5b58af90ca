"""The shell of a service: HTTP, consumers, relay and jobs in one process, or one of them alone.

It starts with its dependencies absent, says *not ready* and why, and becomes ready by itself. On SIGTERM it stops
taking work, finishes what runs, acknowledges, and leaves.
"""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from functools import cache, partial
from types import FrameType
from typing import TypeVar

import asyncpg
import uvicorn
import uvloop
from fastapi import APIRouter, FastAPI
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute

from chassis import census, error_rates, faults, operating, operating_jobs, operating_records, trail
from chassis.auditing import Audits
from chassis.cluster import ClusterWatch
from chassis.consumers import Consumers
from chassis.consuming import Deaf, Subscription
from chassis.corridor import Corridor
from chassis.database import SILENCE_S, Database
from chassis.freshness import Freshness, Standing, documented
from chassis.holding import Drainer
from chassis.http import install
from chassis.http_protocol import BoundedProtocol
from chassis.jobs import Jobs, JobWorkers
from chassis.kafka_sockets import take_lost_sockets_for_lost_connections
from chassis.relay import Relay
from chassis.requests import CommandDoor
from chassis.schema import SchemaGate, TooOld
from chassis.settings import ServiceSettings
from chassis.starting import PARTS
from chassis.telemetry import Metrics, configure_logging, configure_tracing, logger, safe_text
from contracts.topics import TOPICS

RETRY_S = 1.0
GAUGES_S = 5.0
FRESHNESS_S = 2.0

OUTBOX_GAUGES = """
select count(*), coalesce(extract(epoch from now() - (select at from outbox where id = min(u.id))), 0)::float8
from outbox_unsent u
"""
HELD_GAUGES = "select reason, count(*), count(distinct (company, topic, key)) from held group by reason"
ALARMS = ("held-for-a-person", "conflicting-content", "unreadable-records", "buried-jobs", "held-too-long")
ALARM_GAUGES = """
select exists (select from held where next_at = 'infinity'), exists (select from held where reason = 'conflict'),
       exists (select from inbox_unreadable where settled_at is null),
       exists (select from job where run_at = 'infinity'),
       exists (select from held where at < now() - make_interval(secs => $1))
"""
DOORS = (
    operating.router, operating_jobs.router, operating_records.router, census.router, trail.router, error_rates.router,
)  # fmt: skip
"""What every department opens to its operators."""
REASONS = ("gap", "poison", "behind", "waiting", "conflict")


class _Server(uvicorn.Server):
    """uvicorn that tells at once that it is asked to stop (long streams must end themselves), and then exits with 0."""

    def __init__(self, stopping: asyncio.Event, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._stopping = stopping

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """SIGTERM or SIGINT came; a second SIGINT does not wait any longer."""
        self._stopping.set()
        if self.should_exit and sig == signal.SIGINT:
            self.force_exit = True
        self.should_exit = True


class Service:
    """One department's process. Building it has no effect outside; `run` does."""

    def __init__(
        self,
        settings: ServiceSettings,
        *,
        consumers: Consumers | None = None,
        routers: Sequence[APIRouter] = (),
        routes: Sequence[BaseRoute] = (),
        jobs: Jobs | None = None,
        background: Sequence[Callable[[Service], Awaitable[None]]] = (),
        accepts_without_kafka: bool = False,
        parts: Sequence[str] = PARTS,
    ) -> None:
        self.settings = settings
        self.parts = frozenset(parts)
        self.metrics = Metrics(settings.service, settings.replica)
        self.database = Database(settings)
        self.door = CommandDoor(self.database, self.metrics)
        self.schema = SchemaGate(settings.service)
        self.cluster = ClusterWatch(settings.stack.kafka_bootstrap_servers)
        self.relay = Relay(settings, self.database.signals, self.metrics, self.cluster)
        self.relay.writers_signal = self.parts >= {"api", "consumers"}
        self.stopping = asyncio.Event()
        self.census: census.Counting | None = None
        """This department's half of the census, once its database is there."""
        self.audits: Audits | None = None
        self.subscription: Subscription | None = None
        self.corridor: Corridor | None = None
        self._consumers = consumers
        self._jobs = jobs
        self._background = background
        self._accepts_without_kafka = accepts_without_kafka
        self._operator: asyncpg.Pool | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._died = False
        if consumers is not None:
            self.corridor = Corridor(self.database, consumers, self.metrics)
        self.app = self._build_app(routers, routes)
        self.standing: Standing | None = None
        """How current the answers are; the gateway's own say it in their bodies."""
        if consumers is not None and "api" in self.parts and not accepts_without_kafka:
            self.standing = self.app.state.standing = self._standing(consumers)

    async def run(self) -> None:
        """Serve until SIGTERM or SIGINT, then drain. Raises TooOld when the schema refuses this code."""
        server = _Server(
            self.stopping,
            uvicorn.Config(
                self.app,
                host=self.settings.http_host,
                port=self.settings.http_port,
                http=BoundedProtocol,
                ws="none",
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=False,
                timeout_graceful_shutdown=int(self.settings.drain_s),
            ),
        )
        self.schema.on_too_old = lambda: setattr(server, "should_exit", True)
        await server.serve()
        if self.schema.too_old is not None:
            raise TooOld(self.schema.too_old)
        if self._died:
            raise SystemExit(1)

    async def unready_because(self) -> list[str]:
        """Why this process should not be given work now; empty when it may."""
        reasons: list[str] = []
        try:
            async with asyncio.timeout(2):
                await self.database.ping()
        except Exception as error:
            reasons.append(f"database: {safe_text(error)}")
        if not self.schema.fits:
            reasons.append(f"schema: {self.schema.state}")
        if self.relay.diverged is not None:
            keys = len(self.relay.diverged)  # which ones is in the log: this answer is for anybody
            reasons.append(f"topics hold what this database does not know, on {keys} partitions")
        if not self._accepts_without_kafka:
            reasons += self._kafka_reasons()
        return reasons

    # -- life ---------------------------------------------------------------------------------------------------------

    @asynccontextmanager
    async def _life(self, _app: FastAPI) -> AsyncIterator[None]:
        self._tasks.append(asyncio.create_task(self._part(self._start_parts())))
        gc.freeze()  # what exists now lives as long as the process: no collection ever needs to look at it
        gc.set_threshold(50_000, 20, 100)
        try:
            yield
        finally:
            await self._stop()

    async def _start_parts(self) -> None:
        """Wait for the schema, then start each part; each looks after its own dependencies."""
        url = self.settings.database_url.get_secret_value()
        await self.schema.wait(url)
        if self.schema.too_old is not None:
            return
        self._operator = await self.open_operator()
        self.census = census.Counting(self._operator, self.settings.service, self._consumers)
        servers = self.settings.stack.kafka_bootstrap_servers
        self.audits = Audits(self._operator, servers, self.settings.service, self._consumers)
        starters: list[Callable[[], Awaitable[None]]] = [self._measure, partial(self.schema.watch, url)]
        if "api" in self.parts:
            starters.append(self.app.state.doors.tally.run)
        if self.standing is not None:
            starters.append(partial(self.standing.follow, self._operator))
        if self.parts & {"relay", "consumers"}:
            starters.append(self.cluster.run)
        if "relay" in self.parts:
            starters.append(self.relay.run)
        if "consumers" in self.parts and self.corridor is not None and self._consumers is not None:
            starters.append(self._consume)
            starters.append(Drainer(self.database, self._consumers, self.metrics, self._operator).run)
        if "jobs" in self.parts and self._jobs is not None:
            starters.append(JobWorkers(self._jobs, self.database, self._operator, self.metrics).run)
        self._tasks += [asyncio.create_task(self._part(start())) for start in starters]
        self._tasks += [asyncio.create_task(self._part(start(self))) for start in self._background]

    async def _part(self, work: Awaitable[None]) -> None:
        """A part that ends by an error is a bug: it is logged, and the process ends with 1, to be started anew."""
        try:
            await work
        except asyncio.CancelledError:
            raise
        except BaseException as error:
            logger.error("a part of the service has died", action="stop", exc_info=error)
            self._died = True
            os.kill(os.getpid(), signal.SIGTERM)

    async def _consume(self) -> None:
        """Join the group once Kafka is there, watch which cluster answers, and replace a client that is deaf."""
        corridor, consumers = self.corridor, self._consumers
        if corridor is None or consumers is None:
            return
        self.cluster.on_change(self._on_cluster_change)
        while not self.stopping.is_set():
            subscription = Subscription(self.settings, consumers, corridor, self.metrics)
            try:
                await subscription.start()
                self.subscription = subscription
                await subscription.watch_lag(self.cluster)
            except Deaf as error:
                logger.error("consumers get a new client", action="retry", error=safe_text(error))
            except Exception as error:
                logger.warning("consumers wait for Kafka", action="retry", error=safe_text(error))
            self.subscription = None
            await subscription.abandon()
            await asyncio.sleep(RETRY_S)

    def _on_cluster_change(self, identity: str) -> None:
        if self.subscription is not None:
            self.subscription.on_cluster_change(identity)

    async def _measure(self) -> None:
        """Keep the gauges of outbox and held events."""
        while True:
            try:
                await self._measure_once()
            except Exception as error:
                logger.warning("gauges are stale", action="retry", error=safe_text(error))
            await asyncio.sleep(GAUGES_S)

    async def _measure_once(self) -> None:
        if self._operator is None:
            return
        await self._measure_alarms(self._operator)
        depth, age = await self._operator.fetchrow(OUTBOX_GAUGES)  # type: ignore[misc]
        self.metrics.outbox(depth, age)
        self.metrics.owns_relay(self.relay.is_owner)
        found = {row[0]: (row[1], row[2]) for row in await self._operator.fetch(HELD_GAUGES)}
        for reason in REASONS:
            self.metrics.held(reason, *found.get(reason, (0, 0)))

    async def _measure_alarms(self, operator: asyncpg.Pool) -> None:
        """What needs a person, as long as it does."""
        for kind, found in zip(
            ALARMS, await operator.fetchrow(ALARM_GAUGES, self.settings.held_alarm_s) or (), strict=False
        ):
            self.metrics.alarm(kind, raised=bool(found))
        self.metrics.alarm("topics-know-more", raised=self.relay.diverged is not None)

    async def open_operator(self) -> asyncpg.Pool:
        """Connections of the relay and operator role, once they are to be had; the caller closes them."""
        while True:
            try:
                return await asyncpg.create_pool(
                    self.settings.relay_url.get_secret_value(), min_size=0, max_size=3, timeout=5,
                    command_timeout=self.settings.statement_timeout_ms / 1_000 + SILENCE_S,
                    server_settings={"application_name": f"{self.settings.service}-{self.settings.replica}-operator"},
                )  # fmt: skip
            except Exception as error:
                logger.warning("operator role cannot connect", action="retry", error=safe_text(error))
                await asyncio.sleep(RETRY_S)

    async def _stop(self) -> None:
        """Stop taking, finish what runs, acknowledge, leave."""
        self.stopping.set()
        if self.subscription is not None:
            with suppress(Exception):
                async with asyncio.timeout(self.settings.drain_s):
                    await self.subscription.stop()
        with suppress(Exception):
            async with asyncio.timeout(self.settings.drain_s):
                await self.door.drain()
                await self.app.state.doors.tally.write()
        if self.audits is not None:
            await self.audits.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._operator is not None:
            with suppress(Exception):
                async with asyncio.timeout(2):
                    await self._operator.close()
        await self.database.close()

    def _standing(self, consumers: Consumers) -> Standing:
        now = self.app.state.doors.clock.now
        counts = {name: TOPICS[name].partitions for name in consumers.topics}
        servers = self.settings.stack.kafka_bootstrap_servers
        openapi = self.app.openapi
        self.app.openapi = cache(lambda: documented(openapi()))  # type: ignore[method-assign]
        return Standing(Freshness(servers, counts, consumers.name, now, FRESHNESS_S), now, FRESHNESS_S)

    # -- HTTP ---------------------------------------------------------------------------------------------------------

    def _build_app(self, routers: Sequence[APIRouter], routes: Sequence[BaseRoute]) -> FastAPI:
        app = FastAPI(
            title=f"Backbone {self.settings.service}", lifespan=self._life, docs_url=None, redoc_url=None, version="1",
            telemetry={"tracing": False, "metrics": False, "logs": False},  # ours are per batch, see telemetry.py
        )  # fmt: skip
        app.state.service = self
        app.add_route("/healthz", self._healthz, include_in_schema=False)
        app.add_route("/readyz", self._readyz, include_in_schema=False)
        app.add_route("/metrics", self._metrics, include_in_schema=False)
        if "api" in self.parts:
            app.router.routes.extend(routes)
            for router in (*routers, *DOORS):
                app.router.routes.extend(router.routes)  # `include_router` matches every request twice as slowly
        install(app, self)
        return app

    async def _healthz(self, _request: Request) -> Response:
        return JSONResponse({"alive": True})

    async def _readyz(self, _request: Request) -> Response:
        reasons = await self.unready_because()
        return JSONResponse({"ready": not reasons, "because": reasons}, status_code=503 if reasons else 200)

    async def _metrics(self, _request: Request) -> Response:
        text, media_type = self.metrics.exposition()
        return Response(text, media_type=media_type)

    def _kafka_reasons(self) -> list[str]:
        reasons: list[str] = []
        if "consumers" in self.parts and self.corridor is not None:
            if self.corridor.stuck is not None:
                reasons.append(f"consumers: a batch cannot be taken: {self.corridor.stuck}")
            if self.subscription is None:
                reasons.append("consumers: not connected to Kafka yet")
            elif not self.subscription.ready:
                lost = "; ".join(self.subscription.lost.values())
                reasons.append(f"consumers: {lost or 'positions are being looked up'}")
        if "relay" in self.parts and self.relay.is_owner and not self.relay.connected:
            reasons.append("relay: not connected to Kafka")
        return reasons


S = TypeVar("S", bound=ServiceSettings)


def serve(settings_class: type[S], build: Callable[[S, Sequence[str]], Service], parts: Sequence[str]) -> None:
    """Run these parts of a service, with the settings of the environment, until a signal; exits 3 on a newer schema."""
    settings = settings_class.from_environment()
    configure_logging(settings.service, settings.replica)
    faults.arm(settings.stack.backbone_faults)
    configure_tracing(settings.service, settings.stack.otel_exporter_otlp_endpoint, replica=settings.replica)
    take_lost_sockets_for_lost_connections()  # uvloop's
    try:
        uvloop.run(_run(settings, parts, build))
    except TooOld as old:
        logger.error("this code is too old for the schema", action="stop", error=str(old))
        sys.exit(3)


async def _run(settings: S, parts: Sequence[str], build: Callable[[S, Sequence[str]], Service]) -> None:
    await build(settings, parts).run()
