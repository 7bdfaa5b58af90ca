"""One PostgreSQL server: initialise, run, make a department's database with its three roles.

The wheel's own `initdb` and `postgres` are run directly: TCP on the loopback address only, passwords by scram, no Unix
socket (its path would be too long in a deep checkout).
"""

from __future__ import annotations

import asyncio
import os
import secrets
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, urlsplit

import asyncpg

from deploy.local.errors import StackFailed
from deploy.local.ports import HOST
from deploy.local.postgres_user import PostgresUser
from deploy.local.processes import SERVERS_TIER, Command, Keeper, plain_environment, tail

SUPERUSER = "postgres"
READY_MAX_S = 60.0
IDLE_IN_TRANSACTION_MAX = "5s"
"""A frozen process must not hold rows that others wait for."""

SETTINGS = {
    "listen_addresses": HOST,
    "unix_socket_directories": "",
    "max_connections": "100",
    "shared_buffers": "64MB",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "logging_collector": "off",
    "log_min_messages": "warning",
    "password_encryption": "scram-sha-256",
    "io_method": "sync",  # no helper processes; five small servers share one machine
    "max_wal_size": "1GB",
    "scram_iterations": "1",  # our passwords are 128 random bits: nobody guesses them, and each connection would pay
}
"""Durability is PostgreSQL's own default: fsync, full_page_writes and synchronous_commit are on."""

NOT_DURABLE = {"fsync": "off", "full_page_writes": "off"}
"""For tests only: survives `kill -9` of the server, not a power cut. synchronous_commit stays on: without it a killed
server forgets transactions that it had acknowledged."""


@dataclass(frozen=True, slots=True)
class DatabaseUrls:
    """How a department reaches its database: at run time, as relay and operator, and as owner for migrations."""

    database_url: str
    relay_url: str
    migration_url: str

    @property
    def name(self) -> str:
        """The database's name."""
        return urlsplit(self.database_url).path.removeprefix("/")

    def environment(self, service: str) -> dict[str, str]:
        """The three variables a service's process reads."""
        prefix = service.upper()
        return {
            f"{prefix}_DATABASE_URL": self.database_url,
            f"{prefix}_RELAY_URL": self.relay_url,
            f"{prefix}_MIGRATION_URL": self.migration_url,
        }


@dataclass(frozen=True, slots=True)
class PostgresServer:
    """One server's place: its process name, port, folder and superuser password."""

    name: str
    port: int
    password: str
    user: PostgresUser
    log: Path
    durable: bool = True

    @property
    def cluster(self) -> Path:
        """The data folder."""
        return self.user.clusters / self.name

    @property
    def superuser_url(self) -> str:
        """The superuser's connection string, for making roles and databases."""
        return self.url(SUPERUSER, self.password, "postgres")

    def url(self, role: str, password: str, database: str) -> str:
        """A connection string to this server."""
        return f"postgresql://{role}:{quote(password, safe='')}@{HOST}:{self.port}/{database}"

    async def initialise(self) -> None:
        """Make the cluster unless it exists; a half-made one of an interrupted start is removed first."""
        if (self.cluster / "initialised").exists():
            return
        await asyncio.to_thread(self._initdb)

    async def start(self, keeper: Keeper) -> None:
        """Start the server and wait until it answers; raises `StackFailed` with the end of its log."""
        keeper.start(self._command())
        await self.ready(keeper)

    async def ready(self, keeper: Keeper) -> None:
        """Wait until the server answers a query; raises `StackFailed`."""
        deadline = time.monotonic() + READY_MAX_S
        while True:
            try:
                connection = await asyncpg.connect(self.superuser_url, timeout=5)
            except (OSError, asyncpg.PostgresError, TimeoutError) as error:
                if not keeper.runs(self.name):
                    raise StackFailed(f"{self.name} ended while starting:\n{tail(self.log)}") from error
                if time.monotonic() > deadline:
                    raise StackFailed(
                        f"{self.name} gave no answer in {READY_MAX_S:.0f} s:\n{tail(self.log)}"
                    ) from error
                await asyncio.sleep(0.05)
            else:
                await connection.close()
                return

    async def restart(self, keeper: Keeper) -> None:
        """Start again after a kill. The old server's last processes may take a moment to let go of its memory."""
        for attempt in range(20):
            try:
                await self.start(keeper)
            except StackFailed:
                if attempt == 19:
                    raise
                await asyncio.sleep(0.2)
            else:
                return

    def _command(self) -> Command:
        settings = SETTINGS | {"port": str(self.port)} | ({} if self.durable else NOT_DURABLE)
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        return Command(
            name=self.name,
            argv=[str(self.user.programs / "bin" / "postgres"), "-D", str(self.cluster), *options],
            env=plain_environment() | {"LC_ALL": "C.UTF-8"},
            log=self.log,
            tier=SERVERS_TIER,
            cwd=self.user.clusters,
            uid=self.user.uid,
            gid=self.user.gid,
            stop_signal=signal.SIGINT,  # "fast": ends sessions instead of waiting for them
            orphan_signal=signal.SIGQUIT,
        )

    def _initdb(self) -> None:
        making = self.user.clusters / f"{self.name}.making"
        _remove_tree(making)
        _remove_tree(self.cluster)
        making.mkdir(mode=0o700)
        self.user.own(making)
        password_file = self.user.clusters / f"{self.name}.password"
        password_file.touch(mode=0o600)
        self.user.own(password_file)
        password_file.write_text(self.password + "\n")
        try:
            self._run_initdb(making, password_file)
        finally:
            password_file.unlink()
        marker = making / "initialised"
        marker.touch()
        self.user.own(marker)
        making.rename(self.cluster)

    def _run_initdb(self, cluster: Path, password_file: Path) -> None:
        done = subprocess.run(
            [
                str(self.user.programs / "bin" / "initdb"),
                *("-D", str(cluster), "-U", SUPERUSER, "--pwfile", str(password_file), "--auth=scram-sha-256"),
                *("--set", f"scram_iterations={SETTINGS['scram_iterations']}"),
                *("--encoding=UTF8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"),
                *(() if self.durable else ("--no-sync",)),
            ],
            env=plain_environment() | {"LC_ALL": "C"},
            cwd=self.user.clusters,
            capture_output=True,
            text=True,
            user=self.user.uid,
            group=self.user.gid,
            extra_groups=[] if self.user.gid is not None else None,
            check=False,
        )
        if done.returncode != 0:
            raise StackFailed(f"{self.name}: initdb failed:\n{done.stdout}{done.stderr}")


def new_password() -> str:
    """A random password that needs no quoting anywhere."""
    return secrets.token_hex(16)


async def make_database(
    server: PostgresServer, service: str, passwords: dict[str, str], database: str | None = None
) -> DatabaseUrls:
    """Make the roles and the database of a department unless they exist; `passwords` by role, completed here."""
    return await make_database_at(server.superuser_url, service, passwords, database)


async def make_database_at(
    superuser_url: str, service: str, passwords: dict[str, str], database: str | None = None
) -> DatabaseUrls:
    """As `make_database`, for any server that the superuser's connection string reaches."""
    name = database or service
    owner, runtime, relay = roles = tuple(f"{service}_{kind}" for kind in ("owner", "service", "relay"))
    connection = await asyncpg.connect(superuser_url)
    try:
        for role in roles:
            passwords.setdefault(role, new_password())
            await _make_role(connection, role, passwords[role])
        for role in (runtime, relay):
            await connection.execute(
                f"alter role {role} set idle_in_transaction_session_timeout = '{IDLE_IN_TRANSACTION_MAX}'"
            )
        if not await connection.fetchval("select 1 from pg_database where datname = $1", name):
            await connection.execute(f'create database "{name}" owner {owner}')
            await connection.execute(f'revoke all on database "{name}" from public')
            await connection.execute(f'grant connect on database "{name}" to {runtime}, {relay}')
    finally:
        await connection.close()
    return urls_at(superuser_url, service, passwords, name)


def urls_at(superuser_url: str, service: str, passwords: dict[str, str], database: str) -> DatabaseUrls:
    """The three connection strings of a database on the server that `superuser_url` reaches."""
    at = superuser_url.rpartition("@")[2].partition("/")[0]
    owner, runtime, relay = (
        f"postgresql://{role}:{passwords[role]}@{at}/{database}"
        for role in (f"{service}_owner", f"{service}_service", f"{service}_relay")
    )
    return DatabaseUrls(database_url=runtime, relay_url=relay, migration_url=owner)


async def _make_role(connection: asyncpg.Connection, role: str, password: str) -> None:
    """Make the role or renew its password (random hexadecimal digits or our own test's, so it needs no escape)."""
    exists = await connection.fetchval("select 1 from pg_roles where rolname = $1", role)
    verb = "alter" if exists else "create"
    await connection.execute(f"{verb} role {role} login nosuperuser nobypassrls password '{password}'")


def _remove_tree(path: Path) -> None:
    import shutil

    if path.exists():
        shutil.rmtree(path)


def environment_urls(service: str) -> DatabaseUrls | None:
    """An outside server's connection strings when the environment names all three; raises `StackFailed` on a part."""
    names = [f"{service.upper()}_{kind}" for kind in ("DATABASE_URL", "RELAY_URL", "MIGRATION_URL")]
    given = [os.environ.get(name) for name in names]
    if not any(given):
        return None
    missing = [name for name, value in zip(names, given, strict=True) if not value]
    if missing:
        raise StackFailed(f"{service} is told to use an outside PostgreSQL, but {', '.join(missing)} is not set")
    runtime, relay, owner = (value or "" for value in given)
    return DatabaseUrls(runtime, relay, owner)
