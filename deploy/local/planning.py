"""Where the stack's servers go: ours, with ports and passwords remembered from the last start, or outside ones."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from deploy.local.errors import StackFailed
from deploy.local.kafka import Broker, KafkaCluster, Link, new_cluster_id
from deploy.local.paths import StateFolder
from deploy.local.ports import Ports, is_free
from deploy.local.postgres import DatabaseUrls, PostgresServer, environment_urls, new_password
from deploy.local.postgres_user import PostgresUser
from deploy.local.stackfile import StackFile


@dataclass(frozen=True, slots=True)
class Planner:
    """Chooses places for servers and writes them into the stack's file, so that the next start finds them again."""

    folder: StateFolder
    file: StackFile
    ports: Ports

    def port(self, section: dict[str, Any], key: str) -> int:
        """The port of the last start when it is still free, else a new one."""
        known = section.get(key)
        if not (isinstance(known, int) and is_free(known)):
            section[key] = self.ports.take()
        port: int = section[key]
        return port

    def kafka(self, brokers: int, *, durable: bool, links: Sequence[str] = ()) -> KafkaCluster | None:
        """The cluster to start, None when the environment names an outside one. Raises `StackFailed`.

        links: the services that get a listener of their own.
        """
        section = self.file.section("kafka")
        outside = os.environ.get("KAFKA_BOOTSTRAP_SERVERS")
        section["outside"] = bool(outside)
        if outside:
            section["bootstrap_servers"] = outside
            return None
        known = section.setdefault("brokers", [])
        if known and len(known) != brokers:
            raise StackFailed(
                f"this checkout's Kafka has {len(known)} broker(s), {brokers} are asked for (KAFKA_BROKERS): "
                "`make clean` first"
            )
        if not known:
            known.extend({} for _ in range(brokers))
        section.setdefault("cluster_id", new_cluster_id())
        cluster = KafkaCluster(
            [self._broker(number, place, links) for number, place in enumerate(known, start=1)],
            section["cluster_id"],
            for_tests=not durable,
        )
        section["bootstrap_servers"] = cluster.bootstrap
        return cluster

    @property
    def kafka_bootstrap(self) -> str:
        """Kafka's bootstrap servers, ours or the outside ones, as last planned."""
        return str(self.file.section("kafka")["bootstrap_servers"])

    def postgres(self, service: str, user: PostgresUser, *, durable: bool) -> PostgresServer | DatabaseUrls:
        """A department's server to start, or the outside one's connection strings."""
        section = self.file.section("postgres").setdefault(service, {})
        outside = environment_urls(service)
        section["outside"] = outside is not None
        if outside is not None:
            return outside
        server = PostgresServer(
            name=f"postgres-{service}",
            port=self.port(section, "port"),
            password=section.setdefault("superuser_password", new_password()),
            user=user,
            log=self.folder.log(f"postgres-{service}"),
            durable=durable,
        )
        section["superuser_url"] = server.superuser_url
        section["cluster"] = str(server.cluster)
        return server

    def passwords(self, service: str) -> dict[str, str]:
        """The department's passwords by role; completed while the roles are made."""
        passwords: dict[str, str] = self.file.section("postgres")[service].setdefault("passwords", {})
        return passwords

    def new_cluster_id(self) -> str:
        """Another identity for our Kafka, for when its data are gone."""
        identity = self.file.section("kafka")["cluster_id"] = new_cluster_id()
        return identity

    def _broker(self, number: int, place: dict[str, Any], links: Sequence[str]) -> Broker:
        return Broker(
            number=number,
            port=self.port(place, "port"),
            controller_port=self.port(place, "controller_port"),
            folder=self.folder.kafka(number),
            log=self.folder.log("kafka" if number == 1 else f"kafka-{number}"),
            links={service: Link(self.ports.take(), self.ports.take()) for service in links},
        )
