"""A department's database comes from a copy: with its log it catches up, without it stays not ready and says why."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import httpx

from contracts.topics import TOPICS
from deploy.local.postgres import PostgresServer
from deploy.local.processes import plain_environment
from tests.proof.chapter import Chapter, Length
from tests.proof.house import House
from tests.proof.load.sending import Tally
from tests.proof.run import Run
from tests.proof.trial import Trial
from tests.proof.verdict import Verdict
from tests.proof.watching import events
from tests.support.eventually import eventually

SERVICE = "ledger"
OLDER_S: dict[Length, float] = {"short": 4, "normal": 8, "full": 60}
"""So much is missing in the copy."""
WATCHED_S: dict[Length, float] = {"short": 4, "normal": 8, "full": 30}
READY_S = 120.0


async def run(run: Run) -> Sequence[Verdict]:
    """Copy, go on, lose the disk; come back from the copy alone, and then from copy and log."""
    async with run.house(split=(SERVICE,)) as house:
        trial = Trial(run, house, "restored", "a database from a copy")

        async def restore(house: House, _: Tally) -> None:
            server = house.stack.servers.postgres[SERVICE]
            copy = await _base_copy(server)
            run.say("a base copy is taken")
            await asyncio.sleep(OLDER_S[run.length])
            fault = house.note("lost disk", server.name)
            await house.stack.kill(server.name)
            lost = await asyncio.to_thread(_set_aside, server)
            await _without_log(trial, house, run, server, copy)
            await house.stack.kill(server.name)
            await asyncio.to_thread(_put_in_place, server, copy, lost)
            began = time.monotonic()
            await house.stack.restart(server.name)
            await asyncio.gather(*(house.stack.ready(name) for name in house.stack.processes))
            fault.end()
            trial.figures["with its log"] = f"ready {time.monotonic() - began:.1f} s after the server was started"
            await asyncio.to_thread(_forget, copy, lost)

        return [await trial.go(restore, quiet_s=4.0)]


async def _without_log(trial: Trial, house: House, run: Run, server: PostgresServer, copy: Copy) -> None:
    """It must not be ready, must name what is missing, and must send nothing."""
    await asyncio.to_thread(_put_in_place, server, copy, None)
    fault = house.note("older copy", server.name)
    before = await _ends(house)
    await house.stack.restart(server.name)
    said: list[str] = []

    async def named() -> bool:
        said[:] = await _why_not_ready(house, f"{SERVICE}-relay")
        return any("does not know" in reason for reason in said)

    await eventually(named, what=f"{SERVICE}-relay says what is missing", within_s=READY_S)
    await asyncio.sleep(WATCHED_S[run.length])
    after = await _ends(house)
    trial.figures["without its log"] = f"not ready: {' '.join(said)[:140]} …"
    if await named() is False:
        trial.violations.append("an older copy became ready although its topics know more")
    if after != before:
        trial.violations.append(f"an older copy has sent {sum(after.values()) - sum(before.values())} events")
    fault.end()


async def _why_not_ready(house: House, process: str) -> list[str]:
    async with httpx.AsyncClient(trust_env=False, timeout=5) as client:
        with suppress(httpx.HTTPError):
            return [
                str(reason) for reason in (await client.get(f"{house.stack.address(process)}/readyz")).json()["because"]
            ]
    return []


async def _ends(house: House) -> Counter[str]:
    """How many events are on this department's topics."""
    own = [topic.name for topic in TOPICS.values() if topic.name.startswith(f"{SERVICE}.")]
    found: Counter[str] = Counter(dict.fromkeys(own, 0))
    async for event in events(house.stack.kafka_bootstrap, own):
        found[event.topic] += 1
    return found


@dataclass(frozen=True, slots=True)
class Copy:
    """A base copy, and a place for the log."""

    folder: Path
    log: Path


async def _base_copy(server: PostgresServer) -> Copy:
    """As an operator makes it every night: `pg_basebackup`."""
    into = server.cluster.with_name(f"{server.name}.copy")
    log = server.cluster.with_name(f"{server.name}.log")
    for folder in (into, log):
        folder.mkdir(mode=0o700)
        server.user.own(folder)
    making = await asyncio.create_subprocess_exec(
        str(server.user.programs / "bin" / "pg_basebackup"), "-d", server.superuser_url, "-D", str(into),
        "-X", "stream", "-c", "fast", env=plain_environment() | {"LC_ALL": "C"}, user=server.user.uid,
        group=server.user.gid, cwd=server.user.clusters, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    _, complaint = await making.communicate()
    if making.returncode != 0:
        raise RuntimeError(f"pg_basebackup: {complaint.decode()[-500:]}")
    return Copy(into, log)


def _set_aside(server: PostgresServer) -> Path:
    """What is left of the lost disk: its log, as an archive would have it to the last commit."""
    lost = server.cluster.with_name(f"{server.name}.lost")
    server.cluster.rename(lost)
    return lost


def _put_in_place(server: PostgresServer, copy: Copy, log_of: Path | None) -> None:
    """The copy alone, or told where the log is, which PostgreSQL reads before it opens."""
    shutil.rmtree(server.cluster, ignore_errors=True)
    _copied(copy.folder, server.cluster)
    if log_of is None:
        return
    for segment in (log_of / "pg_wal").iterdir():
        if segment.is_file():
            _copied(segment, copy.log)
    with (server.cluster / "postgresql.auto.conf").open("a") as settings:
        settings.write(f'restore_command = \'cp "{copy.log}/%f" "%p"\'\n')
    signal = server.cluster / "recovery.signal"
    signal.touch()
    server.user.own(signal)


def _copied(source: Path, into: Path) -> None:
    """With owners and rights."""
    subprocess.run(["cp", "-a", str(source), str(into)], check=True)


def _forget(copy: Copy, lost: Path) -> None:
    for folder in (copy.folder, copy.log, lost):
        shutil.rmtree(folder, ignore_errors=True)


CHAPTER = Chapter(
    name="restored",
    fault="a database from a base copy: without its log, and with it",
    about="The ledger's disk is lost: an older copy stays not ready and sends nothing; with its log it catches up.",
    run=run,
    seconds={"normal": 50, "full": 220},
)
