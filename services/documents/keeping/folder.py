"""A watched folder: `<company>/<class>/<file>`, and beside a file what it is, as JSON, in `<file>.meta.json`.

A file is claimed by moving it into `.taking`: whoever puts another of its name there meanwhile loses nothing. It
leaves when it is on file, so that a crash in between leaves it claimed and the next turn goes on with it; what is
refused moves to `refused`, with the reason beside it. Whoever may write to the folder may file: the disk says who.
"""

from __future__ import annotations

import os
import re
import stat
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

TAKING, REFUSED = ".taking", "refused"
SAYS, WHY = ".meta.json", ".reason.txt"
SAYS_BYTES_MAX = 65_536
CLASS = re.compile(r"[a-z][a-z0-9_]{0,39}")


@dataclass(frozen=True, slots=True)
class Dropped:
    """A file that was claimed."""

    company: str
    document_class: str
    path: Path

    @property
    def name(self) -> str:
        """As it was dropped."""
        return self.path.name

    @property
    def says(self) -> Path:
        """Where what it is would stand."""
        return self.path.with_name(self.path.name + SAYS)


class Folder:
    """Every method waits for a disk: it is called in a thread."""

    def __init__(self, root: Path, quiet_s: float) -> None:
        self.root = root
        self._quiet_s = quiet_s

    def companies(self, shape: re.Pattern[str]) -> list[str]:
        """Whose folders there are."""
        return folders(self.root, shape)

    def claim(self, company: str, most: int) -> list[Dropped]:
        """What was claimed before a crash, then new files that nobody writes to any more."""
        claimed: list[Dropped] = []
        for entry in sorted(os.scandir(self.root / company), key=lambda e: e.name):
            if _is_folder(entry) and CLASS.fullmatch(entry.name):
                claimed += self._claim(company, Path(entry.path), most - len(claimed))
        return claimed

    def open(self, dropped: Dropped) -> BinaryIO:
        """The bytes; never those that a link leads to."""
        return os.fdopen(os.open(dropped.path, os.O_RDONLY | os.O_NOFOLLOW), "rb")

    def said(self, dropped: Dropped) -> bytes | None:
        """What stands beside it; None when nothing does. Longer text than anybody needs is cut off, and so refused."""
        try:
            with os.fdopen(os.open(dropped.says, os.O_RDONLY | os.O_NOFOLLOW), "rb") as file:
                return file.read(SAYS_BYTES_MAX)
        except FileNotFoundError:
            return None

    def done(self, dropped: Dropped) -> None:
        """It is on file: it leaves."""
        dropped.says.unlink(missing_ok=True)
        dropped.path.unlink(missing_ok=True)

    def refuse(self, dropped: Dropped, code: str, detail: str) -> Path:
        """Move it aside, with the reason; returns where it is. Nothing that was refused before is overwritten."""
        folder = dropped.path.parent.parent / REFUSED
        folder.mkdir(exist_ok=True)
        aside, n = folder / dropped.name, 1
        while aside.exists():
            n += 1
            aside = folder / f"{dropped.path.stem}-{n}{dropped.path.suffix}"
        aside.with_name(aside.name + WHY).write_text(f"{code}\n{detail}\n", encoding="utf-8")
        dropped.path.rename(aside)  # first: without what it says it might be taken as something else
        with suppress(FileNotFoundError):
            dropped.says.rename(aside.with_name(aside.name + SAYS))
        return aside

    def _claim(self, company: str, folder: Path, most: int) -> list[Dropped]:
        taking = folder / TAKING
        claimed = [Dropped(company, folder.name, path) for path in self._files(taking)] if taking.is_dir() else []
        waiting = {dropped.name for dropped in claimed}
        if taking.is_dir():
            _drop_orphans(taking, folder, waiting)
        for path in self._files(folder):
            if len(claimed) >= most:
                break
            if path.name in waiting or time.time() - path.lstat().st_mtime < self._quiet_s:
                continue
            taking.mkdir(exist_ok=True)
            with suppress(FileNotFoundError):
                path.with_name(path.name + SAYS).rename(taking / (path.name + SAYS))
            with suppress(FileNotFoundError):
                path.rename(taking / path.name)
                claimed.append(Dropped(company, folder.name, taking / path.name))
        return claimed[:most]

    def _files(self, folder: Path) -> Iterator[Path]:
        for entry in sorted(os.scandir(folder), key=lambda e: e.name):
            hidden = entry.name.startswith(".") or entry.name.endswith((SAYS, ".part"))
            if not hidden and stat.S_ISREG(entry.stat(follow_symlinks=False).st_mode):
                yield Path(entry.path)


def folders(root: Path, shape: re.Pattern[str]) -> list[str]:
    """What folders below it, if it is there, have a name of this shape."""
    if not root.is_dir():
        return []
    return sorted(entry.name for entry in os.scandir(root) if _is_folder(entry) and shape.fullmatch(entry.name))


def _drop_orphans(taking: Path, folder: Path, waiting: set[str]) -> None:
    """What was said of a file that a crash left behind when the file had gone: it must not speak for another one."""
    for says in taking.glob(f"*{SAYS}"):
        name = says.name.removesuffix(SAYS)
        if name not in waiting and not (folder / name).exists():
            says.unlink(missing_ok=True)


def _is_folder(entry: os.DirEntry[str]) -> bool:
    return entry.is_dir(follow_symlinks=False)
