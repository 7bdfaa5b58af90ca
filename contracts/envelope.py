"""The envelope around every event: CloudEvents 1.0, binary mode on Kafka.

The attributes travel as `ce_*` headers and the data is the value of the record, as the CloudEvents Kafka binding says.
The record's key is the `subject`. Pure functions without models: they run for every record of every service.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from contracts.base import COMPANY_PATTERN, UUID_PATTERN

SPEC_VERSION = "1.0"
CONTENT_TYPE = "application/json"
SEQUENCE_HEADER = "ce_sequence"

REQUIRED_HEADERS = (
    "ce_specversion",
    "ce_id",
    "ce_type",
    "ce_source",
    "ce_subject",
    "ce_time",
    "ce_dataschema",
    "ce_company",
    "ce_sequence",
    "ce_causationid",
    "ce_correlationid",
    "ce_actor",
    "content-type",
)
OPTIONAL_HEADERS = ("ce_onbehalfof", "ce_traceparent", "ce_clientid")
ENVELOPE_HEADERS = REQUIRED_HEADERS + OPTIONAL_HEADERS

EVENT_TYPE_PATTERN = r"^[A-Z][A-Za-z]*\.v[1-9][0-9]*$"
TIME_PATTERN = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.(?:[0-9]{3}|[0-9]{6})Z$"
SEQUENCE_PATTERN = r"^[1-9][0-9]{0,17}$"
TRACEPARENT_PATTERN = r"^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$"

_is_uuid = re.compile(UUID_PATTERN[1:-1]).fullmatch
_is_company = re.compile(COMPANY_PATTERN[1:-1]).fullmatch
_is_event_type = re.compile(EVENT_TYPE_PATTERN[1:-1]).fullmatch
_is_time = re.compile(TIME_PATTERN[1:-1]).fullmatch
_is_sequence = re.compile(SEQUENCE_PATTERN[1:-1]).fullmatch
_is_traceparent = re.compile(TRACEPARENT_PATTERN[1:-1]).fullmatch


class EnvelopeError(ValueError):
    """An attribute of the envelope is missing or wrong. `attribute` is its CloudEvents name."""

    def __init__(self, attribute: str, fault: str) -> None:
        super().__init__(f"{attribute}: {fault}")
        self.attribute = attribute
        self.fault = fault


@dataclass(frozen=True, slots=True)
class Envelope:
    """Who says what about which thing, for which company, caused by what.

    * `id`: UUID of the event, derived from its cause, so a repeat has the same id.
    * `source`: the emitter, `/ledger`, or the front-office system, `/sales/webshop`.
    * `subject`: the id of the aggregate; it is the Kafka key.
    * `sequence`: 1, 2, 3 … without gaps per topic and key. 0 stands for "not numbered yet": the outbox numbers it.
    * `causationid`: the event or request that caused it; `correlationid`: what started the whole chain.
    * `actor`: who asked, `onbehalfof`: for whom; `clientid`: the id that a front office gave to its event.
    * `dataschema`: see `data_schema`.
    """

    id: str
    type: str
    source: str
    subject: str
    time: datetime
    company: str
    sequence: int
    causationid: str
    correlationid: str
    actor: str
    dataschema: str
    onbehalfof: str | None = None
    traceparent: str | None = None
    clientid: str | None = None


def data_schema(event_type: str) -> str:
    """The identifier of the schema of an event type.

    A name and not an address: CloudEvents asks for an absolute URI, and an address would tie every stored event to
    one host. The gateway serves the schema, and `contracts/schemas/` holds it.
    """
    return f"urn:backbone:schema:{event_type}"


def format_time(time: datetime) -> str:
    """RFC 3339 in UTC with microseconds and Z. Raises EnvelopeError for a time without a zone."""
    if time.tzinfo is not UTC:
        if time.tzinfo is None:
            raise EnvelopeError("time", "has no time zone")
        time = time.astimezone(UTC)
    return time.isoformat(timespec="microseconds")[:-6] + "Z"


def sequence_header(sequence: int) -> tuple[str, bytes]:
    """The header that the outbox adds when it has numbered an event."""
    return SEQUENCE_HEADER, b"%d" % sequence


def to_headers(envelope: Envelope) -> list[tuple[str, bytes]]:
    """The Kafka headers of an event; without `ce_sequence` while it is not numbered.

    Raises:
        EnvelopeError: naming the attribute that no reader would accept.
    """
    _check(envelope.id, envelope.type, envelope.company, envelope.causationid, envelope.traceparent)
    headers = [
        ("ce_specversion", b"1.0"),
        ("ce_id", envelope.id.encode()),
        ("ce_type", envelope.type.encode()),
        ("ce_source", _filled("source", envelope.source).encode()),
        ("ce_subject", _filled("subject", envelope.subject).encode()),
        ("ce_time", format_time(envelope.time).encode()),
        ("ce_dataschema", _filled("dataschema", envelope.dataschema).encode()),
        ("ce_company", envelope.company.encode()),
        ("ce_causationid", envelope.causationid.encode()),
        ("ce_correlationid", _filled("correlationid", envelope.correlationid).encode()),
        ("ce_actor", _filled("actor", envelope.actor).encode()),
        ("content-type", b"application/json"),
    ]
    if envelope.sequence:
        if envelope.sequence < 0:
            raise EnvelopeError("sequence", "is negative")
        headers.append((SEQUENCE_HEADER, b"%d" % envelope.sequence))
    if envelope.onbehalfof is not None:
        headers.append(("ce_onbehalfof", _filled("onbehalfof", envelope.onbehalfof).encode()))
    if envelope.traceparent is not None:
        headers.append(("ce_traceparent", envelope.traceparent.encode()))
    if envelope.clientid is not None:
        headers.append(("ce_clientid", _filled("clientid", envelope.clientid).encode()))
    return headers


def from_headers(headers: Iterable[tuple[str, bytes]]) -> Envelope:
    """The envelope of a record; headers that are not ours are passed over.

    Raises:
        EnvelopeError: naming the first attribute that is missing, repeated, not UTF-8 or not of its form.
    """
    pairs = list(headers)
    found = dict(pairs)
    if len(found) != len(pairs):
        _refuse_repeated(pairs)
    if _text(found, "specversion", "ce_specversion") != SPEC_VERSION:
        raise EnvelopeError("specversion", "is not 1.0")
    content_type = _text(found, "datacontenttype", "content-type")
    if content_type != CONTENT_TYPE and content_type.partition(";")[0].strip().lower() != CONTENT_TYPE:
        raise EnvelopeError("datacontenttype", f"is not {CONTENT_TYPE}")
    event_id = _text(found, "id", "ce_id")
    event_type = _text(found, "type", "ce_type")
    company = _text(found, "company", "ce_company")
    causation = _text(found, "causationid", "ce_causationid")
    traceparent = _optional(found, "traceparent", "ce_traceparent")
    _check(event_id, event_type, company, causation, traceparent)
    sequence = _text(found, "sequence", "ce_sequence")
    if not _is_sequence(sequence):
        raise EnvelopeError("sequence", "is no whole number from 1")
    return Envelope(
        event_id,
        event_type,
        _text(found, "source", "ce_source"),
        _text(found, "subject", "ce_subject"),
        _parsed_time(_text(found, "time", "ce_time")),
        company,
        int(sequence),
        causation,
        _text(found, "correlationid", "ce_correlationid"),
        _text(found, "actor", "ce_actor"),
        _text(found, "dataschema", "ce_dataschema"),
        _optional(found, "onbehalfof", "ce_onbehalfof"),
        traceparent,
        _optional(found, "clientid", "ce_clientid"),
    )


def to_attributes(envelope: Envelope) -> dict[str, str]:
    """The CloudEvents attributes by name, as they stand in a structured JSON event beside `data`."""
    return {
        "datacontenttype" if name == "content-type" else name[3:]: value.decode()
        for name, value in to_headers(envelope)
    }


def _check(event_id: str, event_type: str, company: str, causation: str, traceparent: str | None) -> None:
    if not _is_uuid(event_id):
        raise EnvelopeError("id", "is no lower-case UUID")
    if not _is_event_type(event_type):
        raise EnvelopeError("type", "is no event name with a version, such as OrderPlaced.v1")
    if not _is_company(company):
        raise EnvelopeError("company", "is no company code")
    if not _is_uuid(causation):
        raise EnvelopeError("causationid", "is no lower-case UUID")
    if traceparent is not None and not _is_traceparent(traceparent):
        raise EnvelopeError("traceparent", "is not of the form of W3C Trace Context")


def _filled(attribute: str, value: str) -> str:
    if not value:
        raise EnvelopeError(attribute, "is empty")
    return value


def _text(found: dict[str, bytes], attribute: str, header: str) -> str:
    value = found.get(header)
    if not value:
        raise EnvelopeError(attribute, "is missing" if value is None else "is empty")
    try:
        return value.decode()
    except UnicodeDecodeError:
        raise EnvelopeError(attribute, "is not UTF-8") from None


def _optional(found: dict[str, bytes], attribute: str, header: str) -> str | None:
    return _text(found, attribute, header) if header in found else None


def _parsed_time(text: str) -> datetime:
    try:
        if _is_time(text):
            return datetime.fromisoformat(text)
    except ValueError:  # the 31st of February
        pass
    raise EnvelopeError("time", "is no RFC 3339 time in UTC with milli- or microseconds and Z")


def _refuse_repeated(pairs: list[tuple[str, bytes]]) -> None:
    seen: set[str] = set()
    for name, _ in pairs:
        if name in seen and name in ENVELOPE_HEADERS:
            raise EnvelopeError("datacontenttype" if name == "content-type" else name[3:], "appears twice")
        seen.add(name)
