"""Bytes kept under their own hash in a folder: the same content is one file, and a changed file is known by its name.

A file is complete from the moment it has its name (written aside, flushed, renamed), and it has its name before any row
speaks of it. A crash in between leaves a file that nobody knows; the next rendering puts the same bytes there again.
"""

from __future__ import annotations

import os
import time
from contextlib import suppress
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from secrets import token_hex
from typing import BinaryIO

from services.documents.keeping.contents import (
    DIGEST,
    ContentDamaged,
    ContentMissing,
    Found,
    StoreAway,
    parts_of,
)

KEPT, ASIDE = "sha256", "aside"


class Files:
    """A folder of files, `sha256/ab/ab…`; what was set aside is in `aside/ab/ab…`."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def path(self, digest: str) -> Path:
        """Where content with this SHA-256 (hex) is, or would be."""
        return self._path(KEPT, digest)

    def keep(self, content: bytes | BinaryIO) -> str:
        """Store content for good; returns its SHA-256 (hex). What stands there already is written anew."""
        try:
            return self._keep(content)
        except OSError as error:
            raise StoreAway(f"{type(error).__name__} ({error.strerror})") from error

    def _keep(self, content: bytes | BinaryIO) -> str:
        folder = self.root / KEPT
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
            content = self._read(digest)
        except FileNotFoundError:
            self._check_there()
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

    def list_kept(self, after: str, most: int) -> list[Found]:
        """What is kept, in the order of the hashes, from behind one of them on. Raises StoreAway."""
        return self._list(KEPT, after, most)

    def list_aside(self, after: str, most: int) -> list[Found]:
        """The same of what was set aside, with the moment of that. Raises StoreAway."""
        return self._list(ASIDE, after, most)

    def set_aside(self, digest: str, until: datetime) -> bool:
        """Move content away unless it was kept (once more) since `until`; returns whether it went. Raises StoreAway.

        It is moved first and looked at then: whoever keeps the same bytes meanwhile makes a file of its own.
        """
        path = self._path(ASIDE, digest)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self.path(digest).rename(path)
            if path.stat().st_mtime >= until.timestamp():
                self.bring_back(digest)
                return False
            os.utime(path)
            _flush_folder(path.parent)
        except FileNotFoundError:
            return False
        except OSError as error:
            raise StoreAway(f"{type(error).__name__} ({error.strerror})") from error
        return True

    def bring_back(self, digest: str) -> None:
        """Somebody knows what was set aside: it is kept as before. Raises StoreAway."""
        path = self.path(digest)
        try:
            self._path(ASIDE, digest).rename(path)
            _flush_folder(path.parent)
        except OSError as error:
            raise StoreAway(f"{type(error).__name__} ({error.strerror})") from error

    def drop(self, digest: str) -> None:
        """Remove for good what was set aside; what is kept under this hash is not touched. Raises StoreAway."""
        try:
            self._path(ASIDE, digest).unlink(missing_ok=True)
        except OSError as error:
            raise StoreAway(f"{type(error).__name__} ({error.strerror})") from error

    def _path(self, part: str, digest: str) -> Path:
        return self.root / part / digest[:2] / digest

    def _read(self, digest: str) -> bytes:
        try:
            return self.path(digest).read_bytes()
        except FileNotFoundError:
            with suppress(FileNotFoundError):
                return self._path(ASIDE, digest).read_bytes()
            return self.path(digest).read_bytes()  # it may have come back between the two looks

    def _check_there(self) -> None:
        if not (self.root / KEPT).is_dir():
            raise StoreAway("there is no folder of contents")

    def _list(self, part: str, after: str, most: int) -> list[Found]:
        found: list[Found] = []
        try:
            self._check_there()
            place = self.root / part
            shelves = sorted(path for path in place.iterdir() if path.is_dir()) if place.is_dir() else []
            for shelf in shelves:
                if shelf.name < after[:2]:
                    continue
                with os.scandir(shelf) as entries:
                    names = sorted(e.name for e in entries if e.name > after and DIGEST.fullmatch(e.name))
                for name in names[: most - len(found)]:
                    with suppress(FileNotFoundError):
                        found.append(Found(name, datetime.fromtimestamp((shelf / name).stat().st_mtime, UTC)))
                if len(found) >= most:
                    break
        except OSError as error:
            if isinstance(error, StoreAway):
                raise
            raise StoreAway(f"{type(error).__name__} ({error.strerror})") from error
        return found


def _flush_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
