"""Bytes kept under their own hash in a folder: the same content is one file, and a changed file is known by its name.

A file is complete from the moment it has its name (written aside, flushed, renamed), and it has its name before any row
speaks of it. A crash in between leaves a file that nobody knows; the next rendering puts the same bytes there again.
"""

from __future__ import annotations

import os
import time
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from secrets import token_hex
from typing import BinaryIO

from services.documents.keeping.contents import ContentDamaged, ContentMissing, StoreAway, parts_of


class Files:
    """A folder of files, `sha256/ab/ab…`."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def path(self, digest: str) -> Path:
        """Where content with this SHA-256 (hex) is, or would be."""
        return self.root / "sha256" / digest[:2] / digest

    def keep(self, content: bytes | BinaryIO) -> str:
        """Store content for good; returns its SHA-256 (hex). What stands there already is written anew."""
        try:
            return self._keep(content)
        except OSError as error:
            raise StoreAway(f"{type(error).__name__} ({error.strerror})") from error

    def _keep(self, content: bytes | BinaryIO) -> str:
        folder = self.root / "sha256"
        if not folder.is_dir():
            folder.mkdir(parents=True, exist_ok=True)
            _flush_folder(self.root)
        aside = folder / f".{token_hex(8)}"
        seen = sha256()
        try:
            with aside.open("xb") as file:
                for part in parts_of(content):
                    seen.update(part)
                    file.write(part)
                file.flush()
                os.fsync(file.fileno())
            path = self.path(seen.hexdigest())
            if not path.parent.is_dir():
                path.parent.mkdir(exist_ok=True)
                _flush_folder(folder)
            aside.rename(path)
        except BaseException:
            aside.unlink(missing_ok=True)
            raise
        _flush_folder(path.parent)
        return seen.hexdigest()

    def fetch(self, digest: str) -> bytes:
        """The content with this SHA-256 (hex). Raises ContentMissing, or ContentDamaged rather than wrong bytes.

        A folder that was never written to or is not mounted says nothing about its content: StoreAway.
        """
        try:
            content = self.path(digest).read_bytes()
        except FileNotFoundError:
            if not (self.root / "sha256").is_dir():
                raise StoreAway("there is no folder of contents") from None
            raise ContentMissing(f"no file {digest}") from None
        except OSError as error:
            raise StoreAway(f"{type(error).__name__} ({error.strerror})") from error
        if sha256(content).hexdigest() != digest:
            raise ContentDamaged(f"file {digest} has other content")
        return content

    def sweep(self, older_than_s: float) -> int:
        """Remove what a crash left half written; returns how many files that were. Whole content is never touched."""
        until = time.time() - older_than_s
        swept = 0
        for pattern in ("sha256/.*", "sha256/*/.*"):
            for aside in self.root.glob(pattern):
                with suppress(FileNotFoundError):
                    if aside.stat().st_mtime < until:
                        aside.unlink()
                        swept += 1
        return swept


def _flush_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
