"""PostgreSQL as root and as an ordinary user, in an open checkout and in one that only root may enter."""

from __future__ import annotations

import asyncio
import json
import os
import pwd
import shutil
import stat
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import asyncpg
import psutil
import pytest

from deploy.local.cleaning import remove_everything
from deploy.local.errors import PostgresNotPossible
from deploy.local.kafka_jars import kafka_classpath
from deploy.local.paths import CHECKOUT, JAR_CACHE, StateFolder
from deploy.local.ports import Ports
from deploy.local.postgres import PostgresServer, new_password
from deploy.local.postgres_user import folder_outside, others_can, postgres_user
from deploy.local.processes import Keeper

AS_ROOT = os.geteuid() == 0
READ_AND_WALK = 0o005


def server_in(folder: StateFolder) -> PostgresServer:
    folder.make()
    return PostgresServer(
        "postgres", Ports().take(), new_password(), postgres_user(folder.root), folder.log("postgres"), durable=False
    )


async def serves(server: PostgresServer, folder: StateFolder) -> None:
    """Start the server, check that it answers as an ordinary user with a private folder, end it."""
    keeper = Keeper(folder.log("keeper"))
    try:
        await server.initialise()
        await server.start(keeper)
        connection = await asyncpg.connect(server.superuser_url)
        assert await connection.fetchval("select 1") == 1
        await connection.close()
        assert psutil.Process(keeper.pid_of(server.name)).uids().effective != 0
        assert stat.S_IMODE(server.cluster.stat().st_mode) == 0o700
    finally:
        await keeper.close()


async def test_the_server_never_runs_as_root_and_its_data_is_private(state_folder: StateFolder) -> None:
    server = server_in(state_folder)

    await serves(server, state_folder)


async def test_a_checkout_that_others_may_not_enter_works_and_is_removed_without_a_trace(
    state_folder: StateFolder,
) -> None:
    closed = state_folder.root / "closed"
    closed.mkdir(mode=0o700)
    folder = StateFolder(closed / "state")
    server = server_in(folder)

    await serves(server, folder)

    assert server.cluster.is_relative_to(folder_outside(folder.root) if AS_ROOT else folder.root)
    assert stat.S_IMODE(closed.stat().st_mode) == 0o700
    remove_everything(folder)
    assert not folder.root.exists()
    assert not folder_outside(folder.root).exists()


async def test_a_cluster_whose_making_was_interrupted_is_made_anew(state_folder: StateFolder) -> None:
    server = server_in(state_folder)
    server.cluster.mkdir()
    (server.cluster / "PG_VERSION").write_text("18\n")

    await serves(server, state_folder)


def test_without_an_ordinary_user_root_is_told_what_to_do(
    state_folder: StateFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setenv("BACKBONE_POSTGRES_USER", "no-such-user")
    with pytest.raises(PostgresNotPossible, match="name one by BACKBONE_POSTGRES_USER"):
        postgres_user(state_folder.root)

    monkeypatch.setenv("BACKBONE_POSTGRES_USER", pwd.getpwuid(0).pw_name)
    with pytest.raises(PostgresNotPossible, match="is root itself"):
        postgres_user(state_folder.root)


async def test_an_ordinary_user_runs_the_whole_stack_from_a_checkout_of_their_own(state_folder: StateFolder) -> None:
    checkout = checkout_of_an_ordinary_user(state_folder.root / "checkout")

    starter = await asyncio.create_subprocess_exec(
        *as_ordinary_user(),
        *(sys.executable, "-m", "tests.local_stack.starter", str(checkout / ".run")),
        cwd=checkout,
        env={**os.environ, "HOME": str(checkout), "PYTHONDONTWRITEBYTECODE": "1"},
        stdout=asyncio.subprocess.PIPE,
    )
    assert starter.stdout is not None
    line = await starter.stdout.readline()
    assert line, "the starter gave up"
    pids = json.loads(line)
    accounts = {name: psutil.Process(pid).uids().effective for name, pid in pids.items()}
    starter.terminate()
    await starter.wait()

    ordinary = os.geteuid() or pwd.getpwnam("nobody").pw_uid
    assert {"kafka", "postgres-ledger", "ledger", "keeper"} <= accounts.keys()
    assert set(accounts.values()) == {ordinary}


def checkout_of_an_ordinary_user(place: Path) -> Path:
    """A second checkout of this code with the jars already in its cache."""
    for package in ("deploy", "tests"):
        shutil.copytree(CHECKOUT / package, place / package, ignore=shutil.ignore_patterns("__pycache__"))
    kafka_classpath()
    jars = place / ".run" / "cache" / "kafka" / "jars"
    jars.mkdir(parents=True)
    for jar in (JAR_CACHE / "jars").iterdir():
        shutil.copyfile(jar, jars / jar.name)
    if AS_ROOT:
        nobody = pwd.getpwnam("nobody")
        subprocess.run(["chown", "-R", f"{nobody.pw_uid}:{nobody.pw_gid}", str(place)], check=True)
        place.parent.chmod(0o711)
    return place


def as_ordinary_user() -> Sequence[str]:
    """What to put before a command: nothing for somebody who is one, for root a change of account."""
    if not AS_ROOT:
        return []
    nobody = pwd.getpwnam("nobody")
    change = ["setpriv", f"--reuid={nobody.pw_uid}", f"--regid={nobody.pw_gid}", "--clear-groups"]
    if others_can(Path(sys.executable), READ_AND_WALK) and others_can(CHECKOUT, READ_AND_WALK):
        return change
    # root's Python lies where only root may walk: lend the right to read, and no other
    return [*change, "--inh-caps=-all,+dac_read_search", "--ambient-caps=-all,+dac_read_search"]
