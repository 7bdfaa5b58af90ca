"""The stack's servers in operation: start them side by side, with topics and schemas; kill and restart each."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from deploy.local.errors import StackFailed
from deploy.local.kafka import KafkaCluster, answers
from deploy.local.kafka_jars import FETCHING, are_cached
from deploy.local.paths import StateFolder
from deploy.local.planning import Planner
from deploy.local.postgres import DatabaseUrls, PostgresServer, make_database
from deploy.local.postgres_user import PostgresUser
from deploy.local.processes import Command, Keeper, tail
from deploy.local.services import Program, migration_environment

TASK_MAX_S = 120.0
"""Longest migration or provisioning."""
OUTSIDE_KAFKA_MAX_S = 30.0

Say = Callable[[str], None]


@dataclass(slots=True)
class Servers:
    """Kafka and a PostgreSQL server per department, ours or outside ones."""

    keeper: Keeper
    folder: StateFolder
    planner: Planner
    say: Say
    program: Program
    provision: Sequence[str] | None
    shared: Callable[[], dict[str, str]]
    """The environment that all processes get; asked when Kafka's address is known."""
    kafka: KafkaCluster | None = None
    postgres: dict[str, PostgresServer] = field(default_factory=dict)
    urls: dict[str, DatabaseUrls] = field(default_factory=dict)

    async def start(
        self, services: Sequence[str], user: PostgresUser, *, brokers: int, durable: bool, links: bool
    ) -> None:
        """Start all servers side by side, make topics, roles and databases, run migrations. Raises `StackFailed`."""
        self.kafka = self.planner.kafka(brokers, durable=durable, links=services if links else ())
        places = {service: self.planner.postgres(service, user, durable=durable) for service in services}
        self._say_what_is_used(places, user)
        self.planner.file.write()
        await _together(
            self._kafka_and_topics(),
            *(self._database(service, place) for service, place in places.items()),
        )

    def names(self) -> list[str]:
        """The process names of our servers."""
        brokers = [broker.name for broker in self.kafka.brokers] if self.kafka else []
        return [*brokers, *(server.name for server in self.postgres.values())]

    def broker_name(self, number: int) -> str:
        """The process name of a broker; raises `StackFailed` when Kafka is not ours."""
        if self.kafka is None:
            raise StackFailed("Kafka is an outside server; it is not ours to kill")
        return self.kafka.brokers[number - 1].name

    def postgres_name(self, service: str) -> str:
        """The process name of a department's database server; raises `StackFailed` when it is not ours."""
        if service not in self.postgres:
            raise StackFailed(f"{service}'s database is on an outside server; it is not ours to kill")
        return self.postgres[service].name

    async def restart(self, name: str) -> None:
        """Start a server again that ended, and wait until it answers."""
        for broker in self.kafka.brokers if self.kafka else ():
            if broker.name == name and self.kafka is not None:
                await self.kafka.restart(self.keeper, broker.number)
        for server in self.postgres.values():
            if server.name == name:
                await server.restart(self.keeper)

    async def wipe_kafka(self, *, new_identity: bool) -> None:
        """Every broker is killed and its disk is empty; it stays so until `start_wiped_kafka`. Raises `StackFailed`."""
        if self.kafka is None:
            raise StackFailed("Kafka is an outside server; its disk is not ours to wipe")
        identity = self.planner.new_cluster_id() if new_identity else self.kafka.cluster_id
        self.kafka = await self.kafka.wipe(self.keeper, identity)
        self.planner.file.write()

    async def start_wiped_kafka(self) -> None:
        """Format the empty disks and start every broker. No topics are made: their owners see to that."""
        assert self.kafka is not None
        await self.kafka.start(self.keeper)

    async def _kafka_and_topics(self) -> None:
        bootstrap = self.planner.kafka_bootstrap
        if self.kafka is not None:
            if not are_cached():
                self.say(FETCHING)
            async with timed("Kafka answers", self.say):
                await self.kafka.start(self.keeper)
        elif not await _answers_within(bootstrap, OUTSIDE_KAFKA_MAX_S):
            raise StackFailed(f"the outside Kafka at {bootstrap} does not answer")
        if self.provision is not None:
            async with timed("topics are there", self.say):
                await self._task("provisioning", self.provision, dict(os.environ) | self.shared())

    def replication(self) -> dict[str, str]:
        """How many copies of a topic to keep, for who makes topics; an outside Kafka's is told by our environment."""
        return {} if self.kafka is None else {"KAFKA_REPLICATION": str(min(3, len(self.kafka.brokers)))}

    async def _database(self, service: str, place: PostgresServer | DatabaseUrls) -> None:
        async with timed(f"{service}'s database is migrated", self.say):
            if isinstance(place, DatabaseUrls):
                self.urls[service] = place
            else:
                await place.initialise()
                await place.start(self.keeper)
                self.postgres[service] = place
                self.urls[service] = await make_database(place, service, self.planner.passwords(service))
            environment = migration_environment(service, self.urls[service], self.shared())
            await self._task(f"{service}-migrate", [*self.program(service), "migrate"], environment)

    async def _task(self, name: str, argv: Sequence[str], environment: Mapping[str, str]) -> None:
        """Run a command to its end, kept by the keeper like everything else; raises `StackFailed`."""
        log = self.folder.log(name)
        self.keeper.start(Command(name=name, argv=argv, env=environment, log=log))
        try:
            code = await self.keeper.ended(name, TASK_MAX_S)
        except TimeoutError as late:
            raise StackFailed(f"{late}; see {log}") from late
        if code != 0:
            raise StackFailed(f"{name} failed with exit code {code}:\n{tail(log)}")

    def _say_what_is_used(self, places: Mapping[str, PostgresServer | DatabaseUrls], user: PostgresUser) -> None:
        if self.kafka is None:
            self.say(f"Kafka: the outside one at {self.planner.kafka_bootstrap} (KAFKA_BOOTSTRAP_SERVERS)")
        else:
            self.say(f"Kafka: {len(self.kafka.brokers)} broker(s) of our own")
        outside = [service for service, place in places.items() if isinstance(place, DatabaseUrls)]
        if len(outside) < len(places):
            self.say(f"PostgreSQL: {len(places) - len(outside)} server(s) of our own in {user.clusters}")
        if outside:
            self.say(f"PostgreSQL: outside servers for {', '.join(outside)} (<SERVICE>_DATABASE_URL)")


@asynccontextmanager
async def timed(what: str, say: Say) -> AsyncIterator[None]:
    """Say what became true and how long it took."""
    began = time.monotonic()
    yield
    say(f"{what} ({time.monotonic() - began:.1f} s)")


async def _together(*steps: Coroutine[Any, Any, None]) -> None:
    """Run all steps at once; the first that fails ends the others and is raised as it is."""
    try:
        async with asyncio.TaskGroup() as group:
            for step in steps:
                group.create_task(step)
    except BaseExceptionGroup as failed:
        raise failed.exceptions[0] from None


async def _answers_within(bootstrap: str, limit_s: float) -> bool:
    deadline = time.monotonic() + limit_s
    while not await answers(bootstrap):
        if time.monotonic() > deadline:
            return False
        await asyncio.sleep(0.5)
    return True
