"""A process of its own with a command door, to be killed at a failpoint: `python -m tests.chassis.door_process`."""

from __future__ import annotations

import asyncio
import json
import sys

from chassis import faults
from chassis.requests import CommandDoor
from deploy.local.postgres import DatabaseUrls
from tests.chassis.commands import Note, NoteTaker, identity
from tests.chassis.toy import toy_settings


async def main(asked: dict[str, object]) -> None:
    """Submit one command under the failpoints that were asked for."""
    from chassis.database import Database

    faults.arm(str(asked["faults"]))
    urls = DatabaseUrls(**asked["urls"])  # type: ignore[arg-type]
    door = CommandDoor(Database(toy_settings(urls)))
    await door.submit(NoteTaker().take, Note("acme", "R"), identity("k"))


if __name__ == "__main__":
    asyncio.run(main(json.loads(sys.argv[1])))
