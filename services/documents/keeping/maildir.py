"""Mail that a mail server has delivered: a Maildir for each class, `<company>/<class>/new/<message>`.

A Maildir's message is whole once it is in `new`. It moves to `cur`, marked as seen, when it is on file, so that a crash
in between leaves it where the next turn finds it; what is refused moves to `refused` with the reason beside it. Whoever
the mail server delivers for may file: who wrote a mail is not proved by what stands in it.
"""

from __future__ import annotations

import os
import re
import stat
from dataclasses import dataclass
from pathlib import Path

from services.documents.keeping.folder import CLASS, REFUSED, WHY, folders
from services.documents.keeping.sniffing import Lying

NEW, SEEN = "new", "cur"
IS_SEEN = ":2,S"


@dataclass(frozen=True, slots=True)
class Delivered:
    """A message that nobody has looked at yet."""

    company: str
    document_class: str
    path: Path

    @property
    def box(self) -> Path:
        """The Maildir that it is in."""
        return self.path.parent.parent


class Maildirs:
    """Every method waits for a disk: it is called in a thread."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def companies(self, shape: re.Pattern[str]) -> list[str]:
        """Whose mail there is."""
        return folders(self.root, shape)

    def waiting(self, company: str, most: int) -> list[Delivered]:
        """Messages that were delivered, class by class, the oldest first: their names begin with their time."""
        found: list[Delivered] = []
        for code in folders(self.root / company, CLASS):
            new = self.root / company / code / NEW
            if new.is_dir():
                found += [
                    Delivered(company, code, Path(entry.path))
                    for entry in sorted(os.scandir(new), key=lambda entry: entry.name)
                    if stat.S_ISREG(entry.stat(follow_symlinks=False).st_mode)
                ]
        return found[:most]

    def read(self, delivered: Delivered, bytes_max: int) -> bytes:
        """The whole message; never what a link leads to. Raises Lying for one that is too long."""
        with os.fdopen(os.open(delivered.path, os.O_RDONLY | os.O_NOFOLLOW), "rb") as file:
            content = file.read(bytes_max + 1)
        if len(content) > bytes_max:
            raise Lying("file-too-large", f"The mail has more than {bytes_max} bytes.")
        return content

    def done(self, delivered: Delivered) -> None:
        """It is on file: mail programs show it as read."""
        self._move(delivered, delivered.box / SEEN, delivered.path.name.partition(":")[0] + IS_SEEN)

    def refuse(self, delivered: Delivered, code: str, detail: str) -> None:
        """Put it aside, with the reason."""
        aside = delivered.box / REFUSED
        aside.mkdir(exist_ok=True)
        (aside / (delivered.path.name + WHY)).write_text(f"{code}\n{detail}\n", encoding="utf-8")
        self._move(delivered, aside, delivered.path.name)

    def _move(self, delivered: Delivered, folder: Path, name: str) -> None:
        folder.mkdir(exist_ok=True)
        delivered.path.rename(folder / name)
