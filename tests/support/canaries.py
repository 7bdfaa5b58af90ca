"""Personal data that looks like nothing else, and a search for it in everything that leaves its house.

A canary is looked for as it was written, without its blanks and points, in hexadecimal, in base64 wherever it may
begin, percent-encoded, and backwards: an encoding hides nothing.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Mapping
from urllib.parse import quote

import asyncpg


def forms(value: str) -> set[bytes]:
    """Every form in which a value may stand in bytes."""
    plain = {value, re.sub(r"[\s.,\-]", "", value)}
    found: set[bytes] = set()
    for text in plain:
        raw = text.encode()
        found |= {raw, raw.hex().encode(), raw[::-1], quote(text).encode()}
        found |= {_base64_inside(raw, shift) for shift in range(3)}
    return {form for form in found if len(form) >= 6}


def _base64_inside(raw: bytes, shift: int) -> bytes:
    """What stands in base64 for certain, when so many bytes of something else come before."""
    encoded = base64.b64encode(b"\x00" * shift + raw)
    first = (0, 2, 3)[shift]
    whole = (shift + len(raw)) // 3 * 4
    return encoded[first:whole]


def _pattern(form: bytes) -> bytes:
    """Digits alone stand for themselves: in the midst of an id or a hash they are chance."""
    found = re.escape(form)
    return rb"(?<![0-9a-f])" + found + rb"(?![0-9a-f])" if form.isdigit() else found


class Canaries:
    """Values by name, and where they were found."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self._forms = {
            name: re.compile(b"|".join(map(_pattern, sorted(forms(value)))), re.IGNORECASE)
            for name, value in values.items()
        }
        self.searched = 0
        """Bytes that were looked at."""
        self.found: list[str] = []
        """Which canary sang where."""

    def search(self, place: str, content: bytes | str) -> None:
        """Look for every canary in what stands at a place."""
        raw = content.encode() if isinstance(content, str) else content
        self.searched += len(raw)
        self.found += [f"{name} in {place}" for name, wanted in self._forms.items() if wanted.search(raw)]

    async def search_database(self, name: str, superuser_url: str, without: Iterable[str] = ()) -> None:
        """Look through every column of every row, past row-level security."""
        connection = await asyncpg.connect(superuser_url)
        try:
            tables = await connection.fetch(
                "select relname from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace"
            )
            for (table,) in tables:
                if table in without:
                    continue
                for row in await connection.fetch(f'select * from "{table}"'):
                    for column, value in row.items():
                        content = value if isinstance(value, bytes) else str(value)
                        self.search(f"{name}.{table}.{column}", content)
        finally:
            await connection.close()
