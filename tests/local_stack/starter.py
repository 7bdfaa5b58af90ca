"""Starts a stack of dummy services and stays, so that a test can end this process in any way.

python -m tests.local_stack.starter FOLDER     prints the process ids as JSON when everything is ready
"""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from deploy.local.stack import LocalStack

SERVICES = ("gateway", "ledger")
NO_PROVISION = (sys.executable, "-c", "pass")


def dummy_program(service: str) -> Sequence[str]:
    """How a dummy service is called."""
    return [sys.executable, "-m", "tests.local_stack.dummy_service", service]


def dummy_stack(
    folder: Path,
    *,
    services: Sequence[str] = SERVICES,
    environment: Mapping[str, str] | None = None,
    progress: Callable[[str], None] = lambda line: None,
) -> LocalStack:
    """A stack with real servers and dummy services."""
    return LocalStack(
        folder,
        services=services,
        program=dummy_program,
        provision=NO_PROVISION,
        durable=False,
        environment=environment,
        progress=progress,
    )


async def main(folder: Path) -> None:
    async with dummy_stack(folder) as stack:
        print(json.dumps(stack.pids() | {"keeper": stack.keeper.pid}), flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    # A shell that starts the tests in the background has them ignore Ctrl-C, and so would this child.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    asyncio.run(main(Path(sys.argv[1])))
