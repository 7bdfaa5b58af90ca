"""What every store of contents promises, whatever it is made of."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, NamedTuple, Protocol

if TYPE_CHECKING:
    from services.documents.settings import DocumentsSettings

PART_BYTES = 262_144
DIGEST = re.compile(r"[0-9a-f]{64}")
"""The name of content; what else lies in a store is not looked at."""


class ContentMissing(Exception):
    """The store does not have the bytes that a row speaks of."""


class ContentDamaged(Exception):
    """The bytes are not those that were stored."""


class StoreAway(OSError):
    """The store does not answer, or is not the one that was meant; nothing is said about what it holds."""


class Found(NamedTuple):
    """Content that lies in a store."""

    digest: str
    at: datetime
    """When it was put there; what is kept once more is new again."""


class Contents(Protocol):
    """Bytes by their own SHA-256. Every method may wait for a disk or a network: it is called in a thread."""

    def keep(self, content: bytes | BinaryIO) -> str:
        """Store content for good; returns its SHA-256 (hex). The same content twice is one. Raises StoreAway."""

    def fetch(self, digest: str) -> bytes:
        """The content with this SHA-256 (hex), also where it was set aside. Raises StoreAway, ContentMissing, or
        ContentDamaged for wrong bytes.
        """

    def sweep(self, older_than_s: float) -> int:
        """Remove what a crash left half written; returns how much that was. Whole content is never touched."""

    def list_kept(self, after: str, most: int) -> list[Found]:
        """What is kept, in the order of the hashes, from behind one of them on. Raises StoreAway."""

    def list_aside(self, after: str, most: int) -> list[Found]:
        """The same of what was set aside, with the moment of that. Raises StoreAway."""

    def set_aside(self, digest: str, until: datetime) -> bool:
        """Move content away that nobody knows; whoever asks for it still gets it. What was kept (once more) since
        `until` stays; returns whether it went. Raises StoreAway.
        """

    def bring_back(self, digest: str) -> None:
        """Somebody knows what was set aside: it is kept as before. Raises StoreAway."""

    def drop(self, digest: str) -> None:
        """Remove for good what was set aside; what is kept under this hash is not touched. Raises StoreAway."""


def parts_of(content: bytes | BinaryIO) -> Iterator[bytes]:
    """The content from its beginning, in parts that fit into memory."""
    if isinstance(content, bytes):
        yield content
        return
    content.seek(0)
    while part := content.read(PART_BYTES):
        yield part


def digest_of(content: bytes | BinaryIO) -> str:
    """SHA-256 (hex)."""
    seen = sha256()
    for part in parts_of(content):
        seen.update(part)
    return seen.hexdigest()


def contents_of(settings: DocumentsSettings) -> Contents:
    """The store that the settings name: a bucket by its address, else a folder. Nothing is opened before its use."""
    from services.documents.keeping.buckets import Bucket
    from services.documents.keeping.files import Files

    if settings.store_url is None:
        return Files(Path(settings.store_dir))
    return Bucket(settings.store_url, settings.store_patience_s)
