"""Imports every module it is told to, in a process of its own, and prints what any of them did to the world.

`python -m tests.architecture.imported FOLDER…` from the root of a house.
"""

from __future__ import annotations

import importlib
import os
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
EFFECTS = (
    "socket.connect", "socket.bind", "socket.getaddrinfo", "subprocess.Popen", "os.system", "os.exec", "os.fork",
    "os.mkdir", "os.remove", "os.rename", "os.rmdir", "os.putenv", "os.chmod", "os.kill", "shutil.", "sqlite3.connect",
    "tempfile.mkstemp", "signal.pthread_kill",
)  # fmt: skip
NOT_IMPORTED = ("__main__", "migrations", "alembic")
"""A `__main__` runs; revisions and Alembic's environment are loaded by Alembic, inside a migration."""


def modules(folder: Path) -> Iterator[str]:
    """The dotted names of the modules below a folder of the working directory."""
    for file in sorted(folder.rglob("*.py")):
        parts = file.with_suffix("").parts
        if not set(parts) & set(NOT_IMPORTED):
            yield ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def main(folders: list[str]) -> None:
    """Import and watch."""
    importing = ""

    def watch(event: str, arguments: tuple[Any, ...]) -> None:
        writes = event == "open" and isinstance(arguments[2], int) and arguments[2] & WRITING
        if importing and (writes or event.startswith(EFFECTS)):
            print(f"{importing}: {event} {arguments[0] if arguments else ''}")

    def start(thread: threading.Thread) -> None:  # Python 3.11 tells no audit hook of a thread
        print(f"{importing}: thread {thread.name}")

    threading.Thread.start = start  # type: ignore[method-assign, assignment]
    sys.dont_write_bytecode = True
    sys.addaudithook(watch)
    for folder in folders:
        for name in modules(Path(folder)):
            importing = name
            try:
                importlib.import_module(name)
            except Exception as error:
                print(f"{name}: cannot be imported with nothing set: {type(error).__name__}: {error}")
            importing = ""


if __name__ == "__main__":
    main(sys.argv[1:])
