"""A join of more rows than fit in memory: rows of one name go to one file, and files are read one at a time."""

from __future__ import annotations

import marshal
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Self

FLUSH_ROWS = 4_000
SIZE_BYTES = 8


class Buckets:
    """Rows `(name, …)` of plain values, spread over files by a hash of their name. Removed with their folder."""

    def __init__(self, folder: Path, name: str, count: int = 32) -> None:
        self._files = [(folder / f"{name}-{number}").open("w+b") for number in range(count)]
        self._rows: list[list[tuple[Any, ...]]] = [[] for _ in range(count)]

    def add(self, row: tuple[Any, ...]) -> None:
        """Keep a row under its first value."""
        number = hash(row[0]) % len(self._rows)
        rows = self._rows[number]
        rows.append(row)
        if len(rows) >= FLUSH_ROWS:
            self._flush(number)

    def groups(self) -> Iterator[tuple[str, list[tuple[Any, ...]]]]:
        """All rows of each name together, in the order in which they were added."""
        for number, file in enumerate(self._files):
            self._flush(number)
            file.seek(0)
            found: defaultdict[str, list[tuple[Any, ...]]] = defaultdict(list)
            while size := file.read(SIZE_BYTES):
                for row in marshal.loads(file.read(int.from_bytes(size, "big"))):
                    found[row[0]].append(row)
            yield from found.items()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for file in self._files:
            file.close()

    def _flush(self, number: int) -> None:
        if rows := self._rows[number]:
            packed = marshal.dumps(rows)
            self._files[number].write(len(packed).to_bytes(SIZE_BYTES, "big") + packed)
            self._rows[number] = []
