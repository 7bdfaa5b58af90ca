"""Removing state. Standard library only, so that `make clean` works without the Python environment."""

from __future__ import annotations

import shutil

from deploy.local.paths import StateFolder
from deploy.local.postgres_user import folder_outside


def remove_data(folder: StateFolder) -> None:
    """Forget databases, topics, documents, passwords and keys; keep logs, downloaded jars and the lock."""
    databases = (folder.root / "postgres", folder_outside(folder.root) / "postgres")
    for path in (*databases, folder.root / "kafka", folder.documents):
        shutil.rmtree(path, ignore_errors=True)
    folder.stack_file.unlink(missing_ok=True)
    folder.internal_secret.unlink(missing_ok=True)
    folder.vault_key.unlink(missing_ok=True)
    folder.seal_key.unlink(missing_ok=True)


def remove_everything(folder: StateFolder) -> None:
    """Remove the whole state folder, of test runs too, and what lives outside for it."""
    tests = folder.root / "tests"
    states = [folder.root, *(tests.iterdir() if tests.is_dir() else ())]
    for state in states:
        shutil.rmtree(folder_outside(state), ignore_errors=True)
    shutil.rmtree(folder.root)
