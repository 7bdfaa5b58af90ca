"""However a stack ends, no process of it stays behind, and no other stack is touched."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

import psutil
import pytest
import pytest_asyncio

from deploy.local.kafka import answers
from deploy.local.paths import CHECKOUT, StateFolder
from deploy.local.stack import LocalStack
from deploy.local.stackfile import is_running
from tests.local_stack.starter import dummy_stack
from tests.support.eventually import eventually
from tests.support.stack import new_state_folder, remove_state


@dataclass(frozen=True, slots=True)
class Started:
    """A stack whose starter is a process of its own."""

    starter: subprocess.Popen[str]
    pids: dict[str, int]
    everything: list[psutil.Process]

    def alive(self) -> list[str]:
        return [str(process) for process in self.everything if process.is_running() and not is_zombie(process)]


def is_zombie(process: psutil.Process) -> bool:
    try:
        return bool(process.status() == psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return True


async def start_elsewhere(folder: StateFolder) -> Started:
    starter = subprocess.Popen(  # noqa: ASYNC220  # the test kills it by hand
        [sys.executable, "-m", "tests.local_stack.starter", str(folder.root)],
        cwd=CHECKOUT,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert starter.stdout is not None
    line = await asyncio.to_thread(starter.stdout.readline)
    assert line, "the starter gave up"
    starter.stdout.close()
    return Started(starter, json.loads(line), psutil.Process(starter.pid).children(recursive=True))


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def neighbour() -> AsyncIterator[LocalStack]:
    """Another stack of the same services on the same machine, up all the time."""
    folder = new_state_folder()
    async with dummy_stack(folder.root, services=["ledger"]) as stack:
        yield stack
    remove_state(folder)


def kill_the_starter(started: Started) -> None:
    started.starter.kill()


def kill_the_keeper(started: Started) -> None:
    os.kill(started.pids["keeper"], signal.SIGKILL)


def ask_the_starter_to_end(started: Started) -> None:
    started.starter.send_signal(signal.SIGINT)


@pytest.mark.parametrize(
    "end", [kill_the_starter, kill_the_keeper, ask_the_starter_to_end], ids=lambda end: end.__name__
)
async def test_nothing_is_left_running(
    end: Callable[[Started], None], state_folder: StateFolder, neighbour: LocalStack
) -> None:
    started = await start_elsewhere(state_folder)
    assert {"kafka", "postgres-ledger", "postgres-gateway", "ledger", "gateway"} <= started.pids.keys()
    assert len(started.alive()) >= len(started.pids)

    end(started)

    await eventually(started.alive, lambda left: not left, what="every process of the stack is gone", within_s=60)
    started.starter.kill()
    started.starter.wait()
    assert not is_running(state_folder)
    assert await answers(neighbour.kafka_bootstrap)
    assert neighbour.keeper.runs("ledger")
    assert neighbour.keeper.runs("postgres-ledger")
