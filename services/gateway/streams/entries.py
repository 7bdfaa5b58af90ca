"""One record of a topic as readers of its stream get it."""

from __future__ import annotations

from typing import Any, TypeAlias

import orjson
from aiokafka.structs import ConsumerRecord

from contracts.envelope import Envelope, EnvelopeError, from_headers, to_attributes
from services.gateway.streams.position import Mark, check_of

Record: TypeAlias = ConsumerRecord[Any, Any]


class Entry:
    """A record, read once for all readers; its text is made when the first reader wants it."""

    __slots__ = ("_body", "_envelope", "_frame", "company", "mark", "partition", "subject", "type")

    def __init__(self, record: Record) -> None:
        self._envelope: Envelope | None = None
        self._body: bytes = b"null" if record.value is None else record.value
        self._frame: bytes | None = None
        self.partition: int = record.partition
        self.company = self.type = self.subject = ""
        check = 0
        try:
            envelope = from_headers(record.headers)
        except (EnvelopeError, TypeError):
            pass  # no event: nobody is shown it, but everybody's place moves on
        else:
            check = check_of(envelope.id)
            if _is_json(self._body):  # what is not would stop every reader at this place, again and again
                self._envelope = envelope
                self.company, self.type, self.subject = envelope.company, envelope.type, envelope.subject
        self.mark = Mark(record.offset + 1, max(0, record.timestamp), check)

    @property
    def is_event(self) -> bool:
        """Whether the record has an envelope of ours and a value that can be shown."""
        return self._envelope is not None

    def frame(self, token: str) -> bytes:
        """The record as a server-sent event: a structured CloudEvent in one line, with the token to resume after it."""
        if self._frame is None:
            self._frame = b"event: " + self.type.encode() + b"\ndata: " + self.event() + b"\n\n"
        return b"id: " + token.encode() + b"\n" + self._frame

    def event(self) -> bytes:
        """The record as a structured CloudEvent in one line."""
        assert self._envelope is not None
        attributes = orjson.dumps({**to_attributes(self._envelope), "sequence": self._envelope.sequence})
        body = self._body
        data = body if b"\n" not in body and b"\r" not in body else orjson.dumps(orjson.loads(body))
        return attributes[:-1] + b',"data":' + data + b"}"


def _is_json(body: bytes) -> bool:
    try:
        orjson.loads(body)
    except orjson.JSONDecodeError:
        return False
    return True
