"""What every store of contents promises, whatever it is made of."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Protocol

if TYPE_CHECKING:
    from services.documents.settings import DocumentsSettings

PART_BYTES = 262_144


class ContentMissing(Exception):
    """The store does not have the bytes that a row speaks of."""


class ContentDamaged(Exception):
    """The bytes are not those that were stored."""


class StoreAway(OSError):
    """The store does not answer, or is not the one that was meant; nothing is said about what it holds."""


class Contents(Protocol):
    """Bytes by their own SHA-256. Every method may wait for a disk or a network: it is called in a thread."""

    def keep(self, content: bytes | BinaryIO) -> str:
        """Store content for good; returns its SHA-256 (hex). The same content twice is one. Raises StoreAway."""

    def fetch(self, digest: str) -> bytes:
        """The content with this SHA-256 (hex). Raises StoreAway, ContentMissing, or ContentDamaged for wrong bytes."""

    def sweep(self, older_than_s: float) -> int:
        """Remove what a crash left half written; returns how much that was. Whole content is never touched."""


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
