"""What a stack writes about itself: `stack.json` for scripts (owner only), and the lock that says it is alive."""

from __future__ import annotations

import fcntl
import json
import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from deploy.local.paths import StateFolder


class StackFile:
    """`stack.json`: addresses, connection strings, passwords and keys. Kept over a stop, so that a restart finds the
    same passwords and, where they are free, the same ports."""

    def __init__(self, folder: StateFolder) -> None:
        self._path = folder.stack_file
        self.content: dict[str, Any] = read_stack_file(folder)

    def section(self, name: str) -> dict[str, Any]:
        """A part of the file, made when it is missing; change it, then `write`."""
        part: dict[str, Any] = self.content.setdefault(name, {})
        return part

    def update(self, values: Mapping[str, Any]) -> None:
        """Set top-level values and write."""
        self.content.update(values)
        self.write()

    def write(self) -> None:
        """Replace the file at once; nobody but the owner can read it at any moment."""
        writing = self._path.with_suffix(".writing")
        writing.unlink(missing_ok=True)
        descriptor = os.open(writing, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            json.dump(self.content, file, indent=2)
            file.write("\n")
        writing.rename(self._path)


class StackLock:
    """Held by the starter and its keeper: as long as it is locked, something of the stack may run."""

    def __init__(self, folder: StateFolder) -> None:
        self._path = folder.lock_file
        self._descriptor: int | None = None

    def take(self) -> int | None:
        """Lock and return the descriptor to hand on; None when the stack already runs."""
        descriptor = _open(self._path)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return None
        self._descriptor = descriptor
        return descriptor

    def release(self) -> None:
        """Let go; the stack counts as running until the keeper has let go too."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


def is_running(folder: StateFolder) -> bool:
    """True while a starter or its keeper holds the lock."""
    if not folder.lock_file.exists():
        return False
    lock = StackLock(folder)
    taken = lock.take() is not None
    lock.release()
    return not taken


def read_stack_file(folder: StateFolder) -> dict[str, Any]:
    """The file's content, empty when there is none."""
    try:
        content: dict[str, Any] = json.loads(folder.stack_file.read_text())
    except FileNotFoundError:
        return {}
    return content


def starter_lives(folder: StateFolder) -> bool:
    """True while the process that started the stack lives (it may be frozen)."""
    starter = read_stack_file(folder).get("starter")
    if not isinstance(starter, int):
        return False
    try:
        os.kill(starter, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def make_secrets(folder: StateFolder) -> None:
    """The secret that signs internal tokens and the keys of payroll and documents: made once, for the owner only."""
    for path in (folder.internal_secret, folder.vault_key, folder.seal_key):
        if not path.exists():
            with os.fdopen(_open(path), "w") as file:
                file.write(secrets.token_hex(32))


def _open(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
