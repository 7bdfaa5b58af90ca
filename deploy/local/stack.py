"""The whole house on one machine: servers, topics, migrations, services.

    async with LocalStack(progress=print) as stack:
        await stack.kill("ledger")
        await stack.restart("ledger")

Whatever happens to this process, its keeper ends everything that was started.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace as changed
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, Self

from deploy.local.cleaning import remove_data
from deploy.local.errors import StackFailed
from deploy.local.kafka import Link
from deploy.local.paths import CHECKOUT, STATE, StateFolder
from deploy.local.planning import Planner
from deploy.local.ports import HOST, Ports
from deploy.local.postgres import DatabaseUrls
from deploy.local.postgres_user import postgres_user
from deploy.local.processes import Command, Keeper
from deploy.local.readiness import wait_until_ready
from deploy.local.servers import TASK_MAX_S, Servers, timed
from deploy.local.services import Program, discover_services, process_name, runtime_environment, service_program
from deploy.local.stackfile import StackFile, StackLock, make_secrets, starter_lives
from deploy.local.supervising import Supervisor

PROVISION = (sys.executable, "-m", "chassis.provisioning")
ADMIN_KEY = (
    "keys", "create", "--client", "admin", "--companies", "*", "--scopes", "*,payroll:officer", "--json",
)  # fmt: skip
"""No wildcard opens pay: who tries the house out is its payroll officer by name."""
LOCK_MAX_S = 60.0
"""How long a new start waits for the keeper of an ended one."""


class LocalStack:
    """One running stack. Methods that take a process's name accept what `start_service` returned (`ledger`)."""

    def __init__(
        self,
        root: Path = STATE,
        *,
        services: Sequence[str] | None = None,
        program: Program = service_program,
        provision: Sequence[str] | None = PROVISION,
        brokers: int | None = None,
        links: bool = False,
        durable: bool = True,
        fresh: bool = False,
        environment: Mapping[str, str] | None = None,
        progress: Callable[[str], None] = lambda line: None,
    ) -> None:
        """
        services: those to start, all that exist when left out. program: how one is called.
        provision: the command that makes the topics, None for none. brokers: 1, or `KAFKA_BROKERS`.
        links: a Kafka listener per service (`kafka_links`), so that something can stand between.
        durable: False is for tests: no fsync, and Kafka compiled lightly. fresh: forget the data of earlier runs.
        environment: more variables for every process. progress: told what happens, a line at a time.
        """
        self.folder = StateFolder(Path(root).resolve())
        self.services = list(discover_services() if services is None else services)
        self._program = program
        self._provision = provision
        self._brokers = brokers or int(os.environ.get("KAFKA_BROKERS", "1"))
        self._links = links
        self._durable = durable
        self._fresh = fresh
        self._more_environment = dict(environment or {})
        self._say = progress
        self._lock = StackLock(self.folder)
        self._ports = Ports.from_environment()
        self._keeper: Keeper | None = None
        self._file: StackFile | None = None
        self._servers: Servers | None = None
        self._commands: dict[str, Command] = {}
        self._addresses: dict[str, str] = {}
        self._down_on_purpose: set[str] = set()

    # --- life -------------------------------------------------------------------------------------------------------

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def start(self, *, start_services: bool = True) -> None:
        """Start everything and wait until it is ready. On failure all is ended and `StackFailed` raised."""
        began = time.monotonic()
        try:
            await self._start_servers()
            if start_services:
                await self._start_all_services()
        except BaseException:
            await self.stop()
            raise
        self.file.update({"state": "running"})
        self._say(f"everything is ready ({time.monotonic() - began:.1f} s)")

    async def stop(self) -> None:
        """End everything: services first, then the servers. Harmless when nothing runs."""
        if self._keeper is not None:
            await self._keeper.close()
            self._keeper = None
            self.file.update({"state": "stopped", "starter": None})
        self._lock.release()

    async def supervise(self) -> None:
        """Start again what ended unasked, for ever; run it as a task beside `make run` or the demo."""
        watched = Supervisor(self._all_names, self._ended_unasked, partial(self.restart, wait=False), self._say)
        await watched.run()

    # --- where things are -------------------------------------------------------------------------------------------

    @property
    def keeper(self) -> Keeper:
        """The keeper of a started stack."""
        if self._keeper is None:
            raise StackFailed("the stack is not started")
        return self._keeper

    @property
    def file(self) -> StackFile:
        """`stack.json`."""
        if self._file is None:
            raise StackFailed("the stack is not started")
        return self._file

    @property
    def servers(self) -> Servers:
        """Kafka and PostgreSQL of a started stack."""
        if self._servers is None:
            raise StackFailed("the stack is not started")
        return self._servers

    @property
    def urls(self) -> dict[str, DatabaseUrls]:
        """Each department's connection strings."""
        return self.servers.urls

    @property
    def kafka_bootstrap(self) -> str:
        """Kafka's bootstrap servers, ours or the outside ones."""
        return self.servers.planner.kafka_bootstrap

    def kafka_links(self, service: str) -> list[Link]:
        """A service's own listener at each broker; nobody stands at the advertised ports until you do."""
        kafka = self.servers.kafka
        return [broker.links[service] for broker in kafka.brokers] if kafka is not None else []

    @property
    def processes(self) -> list[str]:
        """The names of all service processes."""
        return list(self._commands)

    def address(self, process: str) -> str:
        """The HTTP address of a service process, `http://127.0.0.1:12345`."""
        return self._addresses[process]

    def pid(self, process: str) -> int:
        """The process id of a service or server (`kafka`, `postgres-ledger`)."""
        return self.keeper.pid_of(process)

    def pids(self) -> dict[str, int]:
        """The process id of everything that runs."""
        return {name: self.keeper.pid_of(name) for name in self._all_names() if self.keeper.runs(name)}

    def remember(self, **values: Any) -> None:
        """Write more into `stack.json`: `stack.remember(keys={"admin": key})`."""
        self.file.update(values)

    # --- services ---------------------------------------------------------------------------------------------------

    async def start_service(
        self,
        service: str,
        *,
        only: str | None = None,
        replica: int = 0,
        environment: Mapping[str, str] | None = None,
        wait: bool = True,
    ) -> str:
        """Start a service (or a part of it: `only="relay,jobs"`, or a further replica); returns the process's name."""
        name = process_name(service, only, replica)
        port = self._port_of(name)
        self._addresses[name] = f"http://{HOST}:{port}"
        if only and "api" in only.split(","):
            self._addresses.setdefault(service, self._addresses[name])
        known = runtime_environment(
            service,
            self.urls[service],
            self._shared(),
            port=port,
            replica=replica,
            addresses=self._department_addresses(),
        )
        self._commands[name] = Command(
            name=name,
            argv=[*self._program(service), *(["--only", only] if only else [])],
            env=known | dict(environment or {}),
            log=self.folder.log(name),
        )
        self._write_service(service, name)
        await self.restart(name, wait=wait)
        return name

    async def restart(self, name: str, *, environment: Mapping[str, str] | None = None, wait: bool = True) -> None:
        """Start a process that ended or was killed, as it was started before; a service or a server.

        `environment` changes variables of a service from now on, for example to arm or clear failpoints.
        """
        if name in self.servers.names():
            await self.servers.restart(name)
        else:
            command = self._commands[name]
            if environment:
                command = self._commands[name] = changed(command, env={**command.env, **environment})
            self.keeper.start(command)
            if wait:
                await self.ready(name)
        self._down_on_purpose.discard(name)

    async def ready(self, *names: str) -> None:
        """Wait until service processes answer `/readyz` with 200, all when none is named. Raises `StackFailed`."""
        await asyncio.gather(*(self._ready(name) for name in names or self._commands))

    async def kill(self, name: str) -> None:
        """`kill -9` a service or server and wait until it is gone; it stays down until `restart`."""
        self._down_on_purpose.add(name)
        await self.keeper.kill(name)

    async def stop_service(self, name: str) -> int:
        """Ask a service to drain and end; returns its exit code."""
        self._down_on_purpose.add(name)
        return await self.keeper.stop(name)

    def freeze(self, name: str) -> None:
        """Stop a process in its tracks (SIGSTOP), as a long pause would."""
        self.keeper.signal(name, signal.SIGSTOP)

    def thaw(self, name: str) -> None:
        """Let a frozen process go on."""
        self.keeper.signal(name, signal.SIGCONT)

    async def run_command(self, service: str, *arguments: str) -> str:
        """Run a service's command (`keys create …`) with its run-time environment; returns what it printed."""
        environment = runtime_environment(service, self.urls[service], self._shared(), port=0)
        process = await asyncio.create_subprocess_exec(
            *self._program(service),
            *arguments,
            cwd=CHECKOUT,
            env=environment,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        output, complaint = await asyncio.wait_for(process.communicate(), TASK_MAX_S)
        if process.returncode != 0:
            raise StackFailed(f"{service} {' '.join(arguments)} failed:\n{complaint.decode()[-2_000:]}")
        return output.decode()

    async def admin_key(self) -> str:
        """The API key that may do everything; made at the first call, then kept in `stack.json` (`keys.admin`)."""
        keys = self.file.section("keys")
        if "admin" not in keys:
            made = await self.run_command("gateway", *ADMIN_KEY)
            keys["admin"] = json.loads(made)["key"]
            self.file.write()
        return str(keys["admin"])

    # --- servers ----------------------------------------------------------------------------------------------------

    async def kill_kafka(self, number: int = 1) -> None:
        """`kill -9` a broker."""
        await self.kill(self.servers.broker_name(number))

    async def restart_kafka(self, number: int = 1) -> None:
        """Start a killed broker and wait until the cluster answers."""
        await self.restart(self.servers.broker_name(number))

    async def wipe_kafka(self, *, new_identity: bool = True) -> None:
        """Every broker is killed and loses its disk; `start_wiped_kafka` brings it back, empty."""
        self._down_on_purpose |= {name for name in self.servers.names() if name.startswith("kafka")}
        await self.servers.wipe_kafka(new_identity=new_identity)

    async def start_wiped_kafka(self) -> None:
        """Format the empty disks and start the brokers, without topics."""
        await self.servers.start_wiped_kafka()
        self._down_on_purpose -= set(self.servers.names())

    async def kill_postgres(self, service: str) -> None:
        """`kill -9` a department's database server, all its processes."""
        await self.kill(self.servers.postgres_name(service))

    async def restart_postgres(self, service: str) -> None:
        """Start a killed database server and wait until it answers."""
        await self.restart(self.servers.postgres_name(service))

    # --- how it is done ---------------------------------------------------------------------------------------------

    async def _start_servers(self) -> None:
        self.folder.make()
        await self._take_lock()
        if self._fresh:
            remove_data(self.folder)
        self._file = StackFile(self.folder)
        make_secrets(self.folder)
        self._servers = Servers(
            keeper=self.keeper,
            folder=self.folder,
            planner=Planner(self.folder, self._file, self._ports),
            say=self._say,
            program=self._program,
            provision=self._provision,
            shared=self._shared,
        )
        self._write_start()
        await self._servers.start(
            self.services,
            postgres_user(self.folder.root),
            brokers=self._brokers,
            durable=self._durable,
            links=self._links,
        )
        self._file.write()

    async def _take_lock(self) -> None:
        deadline = time.monotonic() + LOCK_MAX_S
        while (descriptor := self._lock.take()) is None:
            if starter_lives(self.folder) or time.monotonic() > deadline:
                raise StackFailed(f"a stack of this folder runs already ({self.folder.root}): `make stop` ends it")
            await asyncio.sleep(0.2)
        self._keeper = Keeper(self.folder.log("keeper"), lock=descriptor)

    async def _start_all_services(self) -> None:
        for service in self.services:
            self._addresses[service] = f"http://{HOST}:{self._port_of(service)}"
        async with timed("all services are ready", self._say):
            names = [await self.start_service(service, wait=False) for service in self.services]
            await asyncio.gather(*(self._ready(name) for name in names))

    async def _ready(self, name: str) -> None:
        await wait_until_ready(
            f"{self._addresses[name]}/readyz",
            name=name,
            runs=lambda: self.keeper.runs(name),
            log=self._commands[name].log,
            say=self._say,
        )

    def _department_addresses(self) -> dict[str, str]:
        return {service: self._addresses[service] for service in self.services if service in self._addresses}

    def _shared(self) -> dict[str, str]:
        kafka = {"KAFKA_BOOTSTRAP_SERVERS": self.kafka_bootstrap} | self.servers.replication()
        return kafka | self.folder.environment() | self._more_environment

    def _all_names(self) -> list[str]:
        return [*self.servers.names(), *self._commands]

    def _ended_unasked(self, name: str) -> int | None:
        return None if name in self._down_on_purpose else self.keeper.exit_code(name)

    def _port_of(self, process: str) -> int:
        return self.servers.planner.port(self.file.section("ports"), process)

    def _write_start(self) -> None:
        self.file.section("services").clear()
        self.file.update(
            {
                "state": "starting",
                "started_at": datetime.now(UTC).isoformat(timespec="seconds"),
                "starter": os.getpid(),
                "keeper": self.keeper.pid,
                "internal_secret_file": str(self.folder.internal_secret),
            }
        )

    def _write_service(self, service: str, name: str) -> None:
        about = {"address": self._addresses[name], "log": str(self.folder.log(name))}
        urls = self.urls[service]
        about |= {"database_url": urls.database_url, "relay_url": urls.relay_url, "migration_url": urls.migration_url}
        self.file.section("services")[name] = about
        if name == "gateway":
            self.file.content["gateway"] = self._addresses[name]
        self.file.write()
