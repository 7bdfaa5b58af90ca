"""Where a reader of a stream stands, and the opaque token that says so.

Per partition: the next offset, the time of the last record before it, and a check of that record's event id. The token
also names topic and cluster. So after a topic was rebuilt a reader is set back by time: it may see an event again, but
misses none.
"""

from __future__ import annotations

import base64
import binascii
import struct
import zlib
from collections.abc import Sequence
from typing import NamedTuple

VERSION = 1
_HEAD = struct.Struct(">BIIB")
MARK_BYTES = 15
"""Five for the offset, six for the time, four for the check."""
TOKEN_CHARS_MAX = 4_096


class Mark(NamedTuple):
    """One partition: all records below `next` were passed on, or did not fit the filter."""

    next: int
    at_ms: int
    """Kafka's time of the last record before `next`; 0 when none was seen."""
    check: int
    """A check of that record's event id; 0 when none was seen."""


class BadToken(ValueError):
    """The text is no token of this topic."""


class Position(NamedTuple):
    """A reader's place in a topic of one cluster."""

    cluster: int
    marks: tuple[Mark, ...]


def check_of(text: str) -> int:
    """A 32-bit check that is never 0."""
    return zlib.crc32(text.encode()) or 1


def token_of(topic: str, cluster: int, marks: Sequence[Mark]) -> str:
    """The text for an event's `id`, of letters, digits, `-` and `_`."""
    packed = b"".join((n << 80 | at_ms << 32 | check).to_bytes(MARK_BYTES, "big") for n, at_ms, check in marks)
    head = _HEAD.pack(VERSION, check_of(topic), cluster, len(marks))
    return base64.urlsafe_b64encode(head + packed).decode().rstrip("=")


def position_of(token: str, topic: str, partitions: int) -> Position:
    """What a token says. Raises BadToken for anything that `token_of` did not make for this topic."""
    if len(token) > TOKEN_CHARS_MAX:
        raise BadToken("is not a token")
    try:
        packed = base64.b64decode((token + "=" * (-len(token) % 4)).encode("ascii"), b"-_", validate=True)
    except (binascii.Error, ValueError) as wrong:
        raise BadToken("is not a token") from wrong
    if len(packed) != _HEAD.size + partitions * MARK_BYTES:
        raise BadToken("is not a token of this topic")
    version, named, cluster, count = _HEAD.unpack_from(packed)
    if version != VERSION or named != check_of(topic) or count != partitions:
        raise BadToken("is not a token of this topic")
    places = range(_HEAD.size, len(packed), MARK_BYTES)
    return Position(cluster, tuple(_mark(int.from_bytes(packed[at : at + MARK_BYTES], "big")) for at in places))


def _mark(number: int) -> Mark:
    return Mark(number >> 80, number >> 32 & 0xFFFF_FFFF_FFFF, number & 0xFFFF_FFFF)
