"""Identifiers. Derived ids make a repeat of the same cause produce the same events, whatever happened in between."""

from __future__ import annotations

import hashlib
import os
import time
import uuid

from asyncpg.pgproto.pgproto import UUID  # parses and prints several times faster than uuid.UUID, and is one

__all__ = ["NAMESPACE", "UUID", "derive", "new_id"]

NAMESPACE = uuid.UUID("6f8f9a52-2f0c-5d39-9a4b-0d2f8f3f5a11").bytes
"""Root of all derived ids of Backbone (itself random, fixed for ever)."""

_SEPARATOR = "\x1f"


def derive(*parts: object) -> UUID:
    """A version 5 UUID (RFC 9562, 5.5) of the parts, which are joined by a separator that no id contains."""
    digest = bytearray(
        hashlib.sha1(NAMESPACE + _SEPARATOR.join(map(str, parts)).encode(), usedforsecurity=False).digest()[:16]
    )
    digest[6] = digest[6] & 0x0F | 0x50
    digest[8] = digest[8] & 0x3F | 0x80
    return UUID(bytes(digest))


def new_id() -> UUID:
    """A version 7 UUID (RFC 9562, 5.7): sorted by the millisecond in which it was made."""
    value = bytearray((time.time_ns() // 1_000_000).to_bytes(6, "big") + os.urandom(10))
    value[6] = value[6] & 0x0F | 0x70
    value[8] = value[8] & 0x3F | 0x80
    return UUID(bytes(value))
