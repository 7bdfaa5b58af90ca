"""From Kafka's records to events: a reading that never raises, because an exception here would lose the record."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import orjson
from pydantic import ValidationError

from chassis.cause import Cause
from chassis.consumers import Consumers, Received, Registration
from chassis.ids import UUID
from chassis.inbox import Place, Position
from chassis.telemetry import broken_rules
from contracts.envelope import Envelope, EnvelopeError, from_headers

_tuple = tuple.__new__
"""Makes a named tuple without a call of Python's own in between: three are made for every event."""


class Record(Protocol):
    """What the corridor uses of a record of Kafka."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes]]


@dataclass(slots=True)
class Arrived:
    """One readable record: where it stood, its envelope, and either the event for a handler or why it cannot be one."""

    place: Place
    partition: int
    envelope: Envelope
    headers: Sequence[tuple[str, bytes]]
    body: bytes
    registration: Registration | None
    received: Received[Any] | None
    wrong: str | None

    @property
    def sequence(self) -> int:
        """Number of the event on its key."""
        return self.envelope.sequence


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A record without a usable envelope: it has no key to hold, so it is kept raw by its place in the log."""

    record: Record
    error: str


def read(record: Record, consumers: Consumers) -> Arrived | Unreadable:
    """Read one record. Never raises."""
    try:
        envelope = from_headers(record.headers)
        key = (record.key or b"").decode()
    except (EnvelopeError, UnicodeDecodeError, AttributeError, TypeError, ValueError) as wrong:
        return Unreadable(record, f"envelope: {wrong}")
    if key != envelope.subject:
        return Unreadable(record, "the record's key is not the envelope's subject")
    if record.value is None:
        return Unreadable(record, "the record has no value")
    return arrived(envelope, record.topic, record.partition, record.headers, record.value, consumers)


def arrived(
    envelope: Envelope,
    topic: str,
    partition: int,
    headers: Sequence[tuple[str, bytes]],
    body: bytes,
    consumers: Consumers,
) -> Arrived:
    """An event with a good envelope; its data is validated as far as this consumer uses it."""
    place = _tuple(Place, (envelope.company, topic, envelope.subject))
    registration = consumers.handled.get(envelope.type)
    received: Received[Any] | None = None
    wrong: str | None = None
    if registration is not None:
        try:
            data = registration.view.__pydantic_validator__.validate_json(body)
        except ValidationError as invalid:
            wrong = broken_rules(invalid)
        else:
            subject, sequence, kind, time = envelope.subject, envelope.sequence, envelope.type, envelope.time
            received = _tuple(Received, (data, cause_of(envelope), subject, sequence, topic, kind, time, body))
    return Arrived(place, partition, envelope, headers, body, registration, received, wrong)


def cause_of(envelope: Envelope) -> Cause:
    """The event as the cause of what follows from it."""
    return _tuple(
        Cause,
        (
            UUID(envelope.id), envelope.company, envelope.correlationid, envelope.actor, envelope.onbehalfof,
            envelope.traceparent, envelope.time,
        ),
    )  # fmt: skip


def positions(records: Sequence[Record]) -> list[Position]:
    """First and next offset per partition of a batch."""
    first: dict[tuple[str, int], int] = {}
    last: dict[tuple[str, int], Record] = {}
    for record in records:
        tp = (record.topic, record.partition)
        first.setdefault(tp, record.offset)
        last[tp] = record
    return [
        Position(topic, partition, offset, last[topic, partition].offset + 1, event_id_of(last[topic, partition]))
        for (topic, partition), offset in first.items()
    ]


def event_id_of(record: Record) -> str | None:
    """The event id as it stands in the headers, readable or not; None without one."""
    for name, value in record.headers or ():
        if name == "ce_id" and value is not None:
            return bytes(value).decode(errors="replace")
    return None


def content_of_raw(record: Record) -> bytes:
    """Tells raw records apart that stand at the same place of a log and of the one that replaced it."""
    parts = (record.key or b"", pack_headers(record.headers or ()), record.value or b"")
    return hashlib.blake2b(b"\x00".join(parts), digest_size=16).digest()


def pack_headers(headers: Sequence[tuple[str, bytes | None]]) -> bytes:
    """Headers as one column; bytes that are not UTF-8 are kept readable, because a person will look at them."""
    return orjson.dumps(
        [[name, None if value is None else bytes(value).decode(errors="backslashreplace")] for name, value in headers]
    )


def unpack_headers(packed: bytes) -> list[tuple[str, bytes]]:
    """What `pack_headers` packed."""
    return [(name, (value or "").encode()) for name, value in orjson.loads(packed)]
