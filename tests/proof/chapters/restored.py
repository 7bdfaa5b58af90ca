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

import asyncpg
import httpx

from contracts.topics import TOPICS
from deploy.local.postgres import PostgresServer
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
    """A base copy, with the log that makes it whole."""

    folder: Path


async def _base_copy(server: PostgresServer) -> Copy:
    """PostgreSQL's own way: begin, copy the files while it works, end; the label says from where to read the log."""
    into = server.cluster.with_name(f"{server.name}.copy")
    connection = await asyncpg.connect(server.superuser_url)
    try:
        await connection.execute("select pg_backup_start('proof', true)")
        await asyncio.to_thread(_copy_tree, server.cluster, into)
        label = await connection.fetchval("select labelfile from pg_backup_stop(false)")
    finally:
        await connection.close()
    await asyncio.to_thread(_copy_log, server.cluster, into)  # as far as it is needed for the copy to be whole
    (into / "postmaster.pid").unlink(missing_ok=True)
    file = into / "backup_label"
    file.write_text(label)
    server.user.own(file)
    return Copy(into)


def _set_aside(server: PostgresServer) -> Path:
    """What is left of the lost disk: its log, which was archived to the last commit."""
    lost = server.cluster.with_name(f"{server.name}.lost")
    server.cluster.rename(lost)
    return lost


def _put_in_place(server: PostgresServer, copy: Copy, log_of: Path | None) -> None:
    shutil.rmtree(server.cluster, ignore_errors=True)
    _copy_tree(copy.folder, server.cluster)
    if log_of is not None:
        _copy_log(log_of, server.cluster)


def _copy_tree(source: Path, into: Path) -> None:
    """With owners and rights; files that come and go meanwhile are no error."""
    subprocess.run(["cp", "-a", str(source), str(into)], check=False, stderr=subprocess.DEVNULL)


def _copy_log(source: Path, into: Path) -> None:
    subprocess.run(["cp", "-a", f"{source}/pg_wal/.", f"{into}/pg_wal/"], check=False, stderr=subprocess.DEVNULL)


def _forget(copy: Copy, lost: Path) -> None:
    for folder in (copy.folder, lost):
        shutil.rmtree(folder, ignore_errors=True)


CHAPTER = Chapter(
    name="restored",
    fault="a database from a base copy: without its log, and with it",
    about="The ledger's disk is lost: an older copy stays not ready and sends nothing; with its log it catches up.",
    run=run,
    seconds={"normal": 50, "full": 220},
)
