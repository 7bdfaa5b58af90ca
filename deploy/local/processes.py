"""The starter's side of the keeper: start, ask, signal and end the stack's processes.

Calls are short exchanges over a pipe (well under a millisecond), so they are plain functions; what takes time is
waited for by polling in `ended` and by the servers' own readiness checks.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deploy.local.errors import StackFailed
from deploy.local.paths import CHECKOUT

POLL_S = 0.02
SERVICES_TIER = 2
SERVERS_TIER = 1
KEEPER_PATIENCE_S = 60.0
"""Longest orderly end of a whole stack; every process has its own, shorter limit."""


@dataclass(frozen=True, slots=True)
class Command:
    """One process to run."""

    name: str
    argv: Sequence[str]
    env: Mapping[str, str]
    log: Path
    tier: int = SERVICES_TIER
    cwd: Path = CHECKOUT
    uid: int | None = None
    gid: int | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    orphan_signal: signal.Signals = signal.SIGKILL
    """What the kernel sends when even the keeper was killed."""
    patience_s: float = 30.0
    """How long it may take to end after `stop_signal` before it is killed."""


class Keeper:
    """One keeper process and the processes it keeps. Everything ends with `close` or with this process."""

    def __init__(self, log: Path, lock: int | None = None) -> None:
        self._exchange = threading.Lock()
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "deploy.local.keeper"],
                cwd=CHECKOUT,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=output,
                start_new_session=True,
                pass_fds=() if lock is None else (lock,),
            )
        self._patience: dict[str, float] = {}

    @property
    def pid(self) -> int:
        """The keeper's process id."""
        return self._process.pid

    def start(self, command: Command) -> int:
        """Start a process and return its id; raises `StackFailed` when it cannot be started."""
        command.log.parent.mkdir(parents=True, exist_ok=True)
        self._patience[command.name] = command.patience_s
        answer = self._ask(
            do="start",
            name=command.name,
            argv=list(command.argv),
            env=dict(command.env),
            log=str(command.log),
            cwd=str(command.cwd),
            tier=command.tier,
            uid=command.uid,
            gid=command.gid,
            stop_signal=int(command.stop_signal),
            orphan_signal=int(command.orphan_signal),
            patience_s=command.patience_s,
        )
        return int(answer["pid"])

    def exit_code(self, name: str) -> int | None:
        """The exit code of a process, None while it runs."""
        code = self._ask(do="poll", name=name)["code"]
        return None if code is None else int(code)

    def pid_of(self, name: str) -> int:
        """The process id of what was last started under this name."""
        return int(self._ask(do="poll", name=name)["pid"])

    def runs(self, name: str) -> bool:
        """True while the process lives."""
        return self.exit_code(name) is None

    def signal(self, name: str, number: signal.Signals, *, tree: bool = False) -> None:
        """Send a signal, with `tree` to its descendants too; raises `StackFailed` when it does not run."""
        self._ask(do="signal", name=name, signal=int(number), tree=tree)

    async def kill(self, name: str) -> None:
        """`kill -9`, descendants included, and wait until it is gone."""
        self.signal(name, signal.SIGKILL, tree=True)
        await self.ended(name, 10.0)

    async def stop(self, name: str) -> int:
        """Ask a process to end, wait, kill it when its patience is over; returns its exit code."""
        patience_s = float(self._ask(do="stop", name=name)["patience_s"])
        try:
            return await self.ended(name, patience_s)
        except TimeoutError:
            await self.kill(name)
            return await self.ended(name, 1.0)

    async def ended(self, name: str, timeout_s: float) -> int:
        """Wait for the end of a process; returns its exit code, raises TimeoutError."""
        deadline = time.monotonic() + timeout_s
        while (code := self.exit_code(name)) is None:
            if time.monotonic() > deadline:
                raise TimeoutError(f"{name} still runs after {timeout_s:.0f} s")
            await asyncio.sleep(POLL_S)
        return code

    async def close(self) -> None:
        """End everything and wait until nothing is left."""
        await asyncio.to_thread(self.close_now)

    def close_now(self) -> None:
        """As `close`, for callers without an event loop."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(KEEPER_PATIENCE_S)
        self._process.stdout.close()

    def _ask(self, **command: Any) -> dict[str, Any]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with self._exchange:
            try:
                self._process.stdin.write(json.dumps(command).encode() + b"\n")
                self._process.stdin.flush()
                line = self._process.stdout.readline()
            except (BrokenPipeError, ValueError) as error:
                raise StackFailed("the keeper of the stack is gone, and everything it kept with it") from error
        if not line:
            raise StackFailed("the keeper of the stack is gone, and everything it kept with it")
        answer: dict[str, Any] = json.loads(line)
        if "error" in answer:
            raise StackFailed(str(answer["error"]))
        return answer


def plain_environment() -> dict[str, str]:
    """The little that a server needs of our environment."""
    kept = ("PATH", "HOME", "LANG", "TMPDIR", "LD_LIBRARY_PATH")
    return {name: os.environ[name] for name in kept if name in os.environ} | {"TZ": "UTC"}


def tail(log: Path, lines: int = 15) -> str:
    """The last lines of a log, for messages about failures."""
    try:
        return "\n".join(log.read_text(errors="replace").splitlines()[-lines:])
    except OSError:
        return "(no log)"
