"""The keeper: starts the stack's processes and ends every one of them when its starter is gone.

    python -m deploy.local.keeper        (started by `processes.Keeper`, never by hand)

It reads one JSON command a line from standard input and answers each with one JSON line. End of input means that the
starter stopped or died (a `kill -9` closes the pipe too): then everything is ended, tier by tier, services before the
servers they use. The keeper is the parent of every process, so there is no moment in which a process runs unknown to
it, and it adopts their orphans. If the keeper itself is killed, the kernel signals its children.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NoReturn

import psutil

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36
ORPHANS_MAX_S = 5.0
"""How long adopted orphans may take to go by themselves before they are killed."""


@dataclass(slots=True)
class Child:
    """One process and how to end it."""

    process: subprocess.Popen[bytes]
    tier: int
    stop_signal: int
    patience_s: float


class Children:
    """All processes of one stack."""

    def __init__(self) -> None:
        self._children: dict[str, Child] = {}

    def start(self, command: dict[str, Any]) -> dict[str, Any]:
        """Start a process under a name; a name that still runs is refused."""
        known = self._children.get(command["name"])
        if known is not None and known.process.poll() is None:
            return {"error": f"{command['name']} runs already"}
        with open(command["log"], "ab") as log:
            process = subprocess.Popen(
                command["argv"],
                env=command["env"],
                cwd=command["cwd"],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                user=command.get("uid"),
                group=command.get("gid"),
                extra_groups=[] if command.get("gid") is not None else None,
                preexec_fn=_die_with_the_keeper(command["orphan_signal"]),  # noqa: PLW1509  # one thread only
            )
        child = Child(process, command["tier"], command["stop_signal"], command["patience_s"])
        self._children[command["name"]] = child
        return {"pid": process.pid}

    def poll(self, command: dict[str, Any]) -> dict[str, Any]:
        """The exit code of a process, or null while it runs."""
        child = self._children.get(command["name"])
        if child is None:
            return {"error": f"{command['name']} was never started"}
        return {"pid": child.process.pid, "code": child.process.poll()}

    def signal(self, command: dict[str, Any]) -> dict[str, Any]:
        """Send a signal; with `tree` to all its descendants as well, so that a kill leaves nothing half alive."""
        child = self._children.get(command["name"])
        if child is None or child.process.poll() is not None:
            return {"error": f"{command['name']} does not run"}
        descendants = _descendants(child.process.pid) if command["tree"] else []
        child.process.send_signal(command["signal"])
        for descendant in descendants:
            with contextlib.suppress(psutil.Error):
                descendant.send_signal(command["signal"])
        return {}

    def stop(self, command: dict[str, Any]) -> dict[str, Any]:
        """Ask a process to end, in its own way."""
        child = self._children.get(command["name"])
        if child is not None and child.process.poll() is None:
            child.process.send_signal(child.stop_signal)
        return {"patience_s": child.patience_s if child else 0.0}

    def end_all(self) -> None:
        """End everything: highest tier first, politely, then by force."""
        for tier in sorted({child.tier for child in self._children.values()}, reverse=True):
            _end([child for child in self._children.values() if child.tier == tier])
        _end_orphans()


def _end(children: list[Child]) -> None:
    running = [child for child in children if child.process.poll() is None]
    for child in running:
        child.process.send_signal(child.stop_signal)
    deadline = time.monotonic() + max((child.patience_s for child in running), default=0.0)
    for child in running:
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.process.wait(max(0.0, deadline - time.monotonic()))
    for child in running:
        if child.process.poll() is None:
            for descendant in _descendants(child.process.pid):
                with contextlib.suppress(psutil.Error):
                    descendant.kill()
            child.process.kill()
            child.process.wait()


def _end_orphans() -> None:
    deadline = time.monotonic() + ORPHANS_MAX_S
    while orphans := _descendants(os.getpid()):
        _, alive = psutil.wait_procs(orphans, timeout=max(0.0, deadline - time.monotonic()))
        for orphan in alive:
            with contextlib.suppress(psutil.Error):
                orphan.kill()


def _descendants(pid: int) -> list[psutil.Process]:
    try:
        return psutil.Process(pid).children(recursive=True)
    except psutil.Error:
        return []


def _die_with_the_keeper(orphan_signal: int) -> Callable[[], None] | None:
    """On Linux the kernel itself signals a child whose keeper is gone; elsewhere only the pipe protects."""
    if not sys.platform.startswith("linux"):
        return None
    libc = ctypes.CDLL(None)
    keeper = os.getpid()

    def ask_the_kernel() -> None:
        libc.prctl(PR_SET_PDEATHSIG, orphan_signal)
        if os.getppid() != keeper:
            os._exit(1)

    return ask_the_kernel


def _adopt_orphans() -> None:
    if sys.platform.startswith("linux"):
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1)


def _lines_until_the_starter_is_gone(children: Children) -> None:
    actions = {"start": children.start, "poll": children.poll, "signal": children.signal, "stop": children.stop}
    pending = b""
    while True:
        chunk = os.read(0, 65_536)
        if not chunk:
            return
        *lines, pending = (pending + chunk).split(b"\n")
        for line in lines:
            command = json.loads(line)
            try:
                answer = actions[command["do"]](command)
            except (OSError, ValueError, subprocess.SubprocessError) as error:
                answer = {"error": f"{command.get('name')}: {error}"}
            os.write(1, json.dumps(answer).encode() + b"\n")


class _Ended(Exception):
    """Somebody asked the keeper itself to end."""


def _end_requested(_number: int, _frame: object) -> NoReturn:
    raise _Ended


def _go_on(_number: int, _frame: object) -> None:
    """Ctrl-C reaches the whole terminal; ending is the starter's decision."""


def main() -> None:
    """Serve until the starter is gone, then leave nothing behind."""
    for survived in (signal.SIGINT, signal.SIGHUP, signal.SIGPIPE):
        signal.signal(survived, _go_on)  # a handler, because children would inherit SIG_IGN
    signal.signal(signal.SIGTERM, _end_requested)
    _adopt_orphans()
    children = Children()
    with contextlib.suppress(_Ended, BrokenPipeError):
        _lines_until_the_starter_is_gone(children)
    signal.signal(signal.SIGTERM, _go_on)
    children.end_all()


if __name__ == "__main__":
    main()
