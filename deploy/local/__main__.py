"""The local stack from the command line.

python -m deploy.local run       start everything, stay up until Ctrl-C
python -m deploy.local stop      end what runs from this checkout
python -m deploy.local status    what runs, and whether it is ready
python -m deploy.local clean     end it and remove all state (`.run`)
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time

from deploy.local.errors import StackFailed
from deploy.local.paths import STATE, StateFolder

STOP_MAX_S = 90.0


async def run(folder: StateFolder) -> None:
    """Start the stack in the foreground and keep it up until a signal ends it."""
    from deploy.local.stack import LocalStack

    async with LocalStack(folder.root, progress=say) as stack:
        for name in stack.processes:
            say(f"{name:<12} {stack.address(name)}")
        if "gateway" in stack.processes:
            await stack.admin_key()
        say(f"addresses, keys and connection strings: {folder.stack_file}")
        say("Ctrl-C stops everything")
        await stack.supervise()


def stop(folder: StateFolder) -> None:
    """End the running stack of this folder, whoever started it. Returns when nothing is left."""
    from deploy.local.stackfile import is_running, read_stack_file

    if not is_running(folder):
        say("nothing runs")
        return
    about = read_stack_file(folder)
    for who in ("starter", "keeper"):  # a starter that is frozen does not answer; then its keeper is told
        if isinstance(about.get(who), int):
            _end(about[who])
        deadline = time.monotonic() + STOP_MAX_S / 2
        while is_running(folder):
            if time.monotonic() > deadline:
                break
            time.sleep(0.1)
        else:
            say("stopped")
            return
    sys.exit(f"the stack did not end within {STOP_MAX_S:.0f} s; see {folder.log('keeper')}")


async def status(folder: StateFolder) -> bool:
    """Print what runs; True when all is ready."""
    from deploy.local.kafka import answers
    from deploy.local.readiness import is_ready
    from deploy.local.stackfile import is_running, read_stack_file

    if not is_running(folder):
        say("nothing runs")
        return False
    about = read_stack_file(folder)
    bootstrap = about["kafka"]["bootstrap_servers"]
    all_ready = await answers(bootstrap)
    say(f"{'kafka':<12} {bootstrap}  {'answers' if all_ready else 'no answer'}")
    for name, service in about["services"].items():
        ready, reason = await is_ready(f"{service['address']}/readyz")
        all_ready = all_ready and ready
        say(f"{name:<12} {service['address']}  {'ready' if ready else f'not ready: {reason}'}")
    return all_ready


def clean(folder: StateFolder) -> None:
    """Stop, then remove the state folder."""
    from deploy.local.cleaning import remove_everything

    if not folder.root.exists():
        return
    stop(folder)
    remove_everything(folder)
    say(f"removed {folder.root}")


def say(line: str) -> None:
    """Print a line at once, also into a pipe."""
    print(line, flush=True)


def _end(process: int) -> None:
    try:
        os.kill(process, signal.SIGTERM)
    except (ProcessLookupError, PermissionError):
        return


async def _until_signal(folder: StateFolder) -> None:
    running = asyncio.ensure_future(run(folder))
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, running.cancel)
    await running


def main(arguments: list[str]) -> int:
    """Run one command; returns the exit code."""
    folder = StateFolder(STATE)
    match arguments:
        case ["run"]:
            return _run(folder)
        case ["stop"]:
            stop(folder)
        case ["status"]:
            return 0 if asyncio.run(status(folder)) else 1
        case ["clean"]:
            clean(folder)
        case _:
            print(__doc__, file=sys.stderr)
            return 2
    return 0


def _run(folder: StateFolder) -> int:
    try:
        asyncio.run(_until_signal(folder))
    except asyncio.CancelledError:
        say("stopped")
    except StackFailed as failed:
        print(failed, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
