"""`make demo`: start everything, send a business day, show what became of it, stay up until Ctrl-C.

python -m deploy.local.demo [--once]     with --once: stop at the end, and fail when something does not add up
"""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
import time
from contextlib import suppress

from deploy.local.demo.day import DayFailed
from deploy.local.demo.departments import work_of_departments
from deploy.local.demo.front_office import Unanswered
from deploy.local.demo.outcome import differences
from deploy.local.demo.plan import make_plan
from deploy.local.demo.report import tables
from deploy.local.demo.running import gather_day, send_day
from deploy.local.demo.wrong_input import NotRefused
from deploy.local.errors import StackFailed
from deploy.local.stack import LocalStack


class Progress:
    """Lines with the seconds since the start."""

    def __init__(self) -> None:
        self._began = time.monotonic()

    def __call__(self, line: str) -> None:
        print(f"[{time.monotonic() - self._began:6.1f} s] {line}", flush=True)


async def demo(once: bool) -> int:
    """Run the demo; returns the exit code."""
    say = Progress()
    async with LocalStack(fresh=True, progress=say) as stack:
        watcher = asyncio.create_task(stack.supervise())
        watcher.add_done_callback(_nothing_to_tell)
        plan = make_plan()
        await send_day(stack, plan, say)
        departments = await work_of_departments(stack, say)
        outcome = await gather_day(stack, say)
        for line in (*tables(outcome), *departments.lines()):
            print(line)
        wrong = [*differences(outcome, plan), *departments.wrong]
        print()
        for line in wrong:
            print(f"DOES NOT ADD UP: {line}")
        if not wrong:
            say("everything adds up: books, stock, receivables, papers, events")
        if not once:
            _tell_what_to_open(stack)
            await asyncio.Event().wait()
        watcher.cancel()
        with suppress(asyncio.CancelledError):
            await watcher
    return 1 if wrong else 0


def _nothing_to_tell(watcher: asyncio.Task[None]) -> None:
    """The watcher ends with the stack; when the demo fails, its own error is the one to see."""
    if not watcher.cancelled():
        watcher.exception()


def _tell_what_to_open(stack: LocalStack) -> None:
    gateway = stack.address("gateway")
    print(f"\n  the gateway          {gateway}/docs   {gateway}/asyncapi")
    for name in stack.processes:
        print(f"  {name:<20} {stack.address(name)}/metrics")
    print(f"  keys and addresses   {stack.folder.stack_file}")
    print("  watch a stream       .venv/bin/python -m deploy.local.demo.watch ledger.invoices")
    print("\n  Ctrl-C stops everything")


async def _until_signal(once: bool) -> int:
    running = asyncio.ensure_future(demo(once))
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, running.cancel)
    return await running


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m deploy.local.demo", description="A business day on this machine.")
    parser.add_argument("--once", action="store_true", help="stop at the end; exit 1 when something does not add up")
    try:
        return asyncio.run(_until_signal(parser.parse_args().once))
    except asyncio.CancelledError:
        print("stopped")
        return 130
    except (DayFailed, NotRefused, Unanswered, StackFailed) as failed:
        print(f"FAILED: {failed}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
