"""The envelope around every event: CloudEvents 1.0, binary mode on Kafka.

The attributes travel as `ce_*` headers and the data is the value of the record, as the CloudEvents Kafka binding says.
The record's key is the `subject`. Pure functions without models: they run for every record of every service.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

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

SUBJECT_MAX = 255
TEXT_MAX = 1_024
"""Characters of the other attributes that are text."""
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


FAMILIAR_MAX = 1_000
"""Sound values that are kept to be known again; all are forgotten when there are more."""
_familiar: dict[tuple[bytes, ...], tuple[str, str, str, str, str]] = {}
_times: dict[bytes, datetime] = {}


class EnvelopeError(ValueError):
    """An attribute of the envelope is missing or wrong. `attribute` is its CloudEvents name."""

    def __init__(self, attribute: str, fault: str) -> None:
        super().__init__(f"{attribute}: {fault}")
        self.attribute = attribute
        self.fault = fault


class Envelope(NamedTuple):
    """Who says what about which thing, for which company, caused by what.

    * `id`: UUID of the event, derived from its cause, so a repeat has the same id.
    * `source`: the emitter, `/ledger`, or the front-office system, `/sales/webshop`.
    * `subject`: the id of the aggregate; it is the Kafka key.
    * `sequence`: 1, 2, 3 … without gaps per topic and key. 0 stands for "not numbered yet": the outbox numbers it.
    * `causationid`: the event or request that caused it; `correlationid`: what started the whole chain.
    * `actor`: who asked, `onbehalfof`: for whom; `clientid`: the id that a front office gave to its event.
    * `dataschema`: the name of the schema of the data, see `contracts.base.data_schema`.
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


_tuple = tuple.__new__
"""Makes a named tuple without a call of Python's own in between: one is made for every event."""


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
    headers = [
        ("ce_specversion", b"1.0"),
        ("ce_id", envelope.id.encode()),
        ("ce_type", envelope.type.encode()),
        ("ce_source", envelope.source.encode()),
        ("ce_subject", envelope.subject.encode()),
        ("ce_time", format_time(envelope.time).encode()),
        ("ce_dataschema", envelope.dataschema.encode()),
        ("ce_company", envelope.company.encode()),
        ("ce_causationid", envelope.causationid.encode()),
        ("ce_correlationid", envelope.correlationid.encode()),
        ("ce_actor", envelope.actor.encode()),
        ("content-type", b"application/json"),
    ]
    if envelope.onbehalfof is not None:
        headers.append(("ce_onbehalfof", envelope.onbehalfof.encode()))
    if envelope.traceparent is not None:
        headers.append(("ce_traceparent", envelope.traceparent.encode()))
    if envelope.clientid is not None:
        headers.append(("ce_clientid", envelope.clientid.encode()))
    if envelope.sequence:
        headers.append(sequence_header(envelope.sequence))
    if not _is_sound(envelope) or envelope.sequence < 0:
        raise _fault(headers if envelope.sequence else [*headers, sequence_header(1)])
    return headers


def from_headers(headers: Sequence[tuple[str, bytes]]) -> Envelope:
    """The envelope of a record; headers that are not ours are passed over.

    Raises:
        EnvelopeError: naming the first attribute that is missing, repeated, not UTF-8 or not of its form.
    """
    found = dict(headers)
    if len(found) == len(headers) or not _repeats_ours(headers):
        try:
            return _read(found)
        except (AttributeError, KeyError, ValueError):  # absent, or null, or not UTF-8, or no such date
            pass
    raise _fault(headers)


def to_attributes(envelope: Envelope) -> dict[str, str]:
    """The CloudEvents attributes by name, as they stand in a structured JSON event beside `data`."""
    return {_attribute(name): value.decode() for name, value in to_headers(envelope)}


def _read(found: dict[str, bytes]) -> Envelope:
    """Reads and checks in one pass. Any exception only says that something is wrong; `_fault` finds out what."""
    said = (
        found["ce_specversion"],
        found["content-type"],
        found["ce_type"],
        found["ce_source"],
        found["ce_company"],
        found["ce_actor"],
        found["ce_dataschema"],
    )
    kind, source, company, actor, dataschema = _familiar.get(said) or _become_familiar(said)
    written = found["ce_time"]
    time = _times.get(written) or _read_time(written)
    identity = found["ce_id"].decode()
    subject = found["ce_subject"].decode()
    sequence = found["ce_sequence"].decode()
    causation = found["ce_causationid"].decode()
    correlation = found["ce_correlationid"].decode()
    on_behalf_of = found["ce_onbehalfof"].decode() if "ce_onbehalfof" in found else None
    traceparent = found["ce_traceparent"].decode() if "ce_traceparent" in found else None
    client_id = found["ce_clientid"].decode() if "ce_clientid" in found else None
    if not (
        _is_uuid(identity)
        and _is_uuid(causation)
        and _is_subject(subject)
        and _is_sequence(sequence)
        and _is_text(correlation)
        and (on_behalf_of is None or _is_text(on_behalf_of))
        and (client_id is None or _is_text(client_id))
        and (traceparent is None or _is_traceparent(traceparent))
    ):
        raise ValueError
    return _tuple(
        Envelope,
        (
            identity, kind, source, subject, time, company, int(sequence), causation, correlation, actor, dataschema,
            on_behalf_of, traceparent, client_id,
        ),
    )  # fmt: skip


def _become_familiar(said: tuple[bytes, ...]) -> tuple[str, str, str, str, str]:
    """Checks the attributes that most events of a kind have in common, once for all of them."""
    version, content_type, *rest = said
    kind, source, company, actor, dataschema = (value.decode() for value in rest)
    if not (
        version == b"1.0"
        and (content_type == b"application/json" or _is_json(content_type.decode()))
        and _is_event_type(kind)
        and _is_company(company)
        and _is_text(source)
        and _is_text(actor)
        and _is_text(dataschema)
    ):
        raise ValueError
    if len(_familiar) >= FAMILIAR_MAX:
        _familiar.clear()
    _familiar[said] = kind, source, company, actor, dataschema
    return kind, source, company, actor, dataschema


def _read_time(written: bytes) -> datetime:
    """Events of one commit share their time."""
    text = written.decode()
    if not _is_time(text):
        raise ValueError
    if len(_times) >= FAMILIAR_MAX:
        _times.clear()
    time = _times[written] = datetime.fromisoformat(text)
    return time


def _is_sound(envelope: Envelope) -> object:
    """Whether the attributes that are text are of their form."""
    return (
        _is_uuid(envelope.id)
        and _is_event_type(envelope.type)
        and _is_company(envelope.company)
        and _is_uuid(envelope.causationid)
        and _is_subject(envelope.subject)
        and _is_text(envelope.source)
        and _is_text(envelope.correlationid)
        and _is_text(envelope.actor)
        and _is_text(envelope.dataschema)
        and (envelope.onbehalfof is None or _is_text(envelope.onbehalfof))
        and (envelope.clientid is None or _is_text(envelope.clientid))
        and (envelope.traceparent is None or _is_traceparent(envelope.traceparent))
    )


def is_within_bounds(subject: str, *texts: str | None) -> bool:
    """Whether every reader would take this subject and these attributes that are text (None: left out)."""
    return _is_subject(subject) and all(text is None or _is_text(text) for text in texts)


def _repeats_ours(headers: Sequence[tuple[str, bytes]]) -> bool:
    ours = [name for name, _ in headers if name in ENVELOPE_HEADERS]
    return len(ours) != len(set(ours))


def _fault(headers: Sequence[tuple[str, bytes]]) -> EnvelopeError:
    """What is wrong with headers that cannot be read, by the first attribute at fault."""
    faults = (
        (header, _fault_of(header, [value for name, value in headers if name == header])) for header in ENVELOPE_HEADERS
    )
    header, fault = next((header, fault) for header, fault in faults if fault)
    return EnvelopeError(_attribute(header), fault)


def _fault_of(header: str, values: list[bytes]) -> str | None:
    if not values:
        return "is missing" if header in REQUIRED_HEADERS else None
    if len(values) > 1:
        return "appears twice"
    if not values[0]:
        return "is empty"
    try:
        text = values[0].decode()
    except UnicodeDecodeError:
        return "is not UTF-8"
    check, fault = _FORMS.get(header, (_is_text, f"is longer than {TEXT_MAX} characters or holds U+0000"))
    return None if check(text) else fault


def _is_subject(text: str) -> bool:
    """A key of the log and of tables: printable, and short enough for every index."""
    return 0 < len(text) <= SUBJECT_MAX and text.isprintable()


def _is_text(text: str) -> bool:
    """Text that every database can store."""
    return 0 < len(text) <= TEXT_MAX and "\x00" not in text


def _is_json(content_type: str) -> bool:
    return content_type.partition(";")[0].strip().lower() == CONTENT_TYPE


def _is_real_time(text: str) -> bool:
    try:
        return bool(_is_time(text) and datetime.fromisoformat(text))
    except ValueError:  # the 31st of February
        return False


def _attribute(header: str) -> str:
    """The CloudEvents name of what a header carries."""
    return "datacontenttype" if header == "content-type" else header.removeprefix("ce_")


_FORMS: Mapping[str, tuple[Callable[[str], object], str]] = {
    "ce_specversion": (SPEC_VERSION.__eq__, "is not 1.0"),
    "ce_id": (_is_uuid, "is no lower-case UUID"),
    "ce_type": (_is_event_type, "is no event name with a version, such as OrderPlaced.v1"),
    "ce_time": (_is_real_time, "is no RFC 3339 time in UTC with milli- or microseconds and Z"),
    "ce_company": (_is_company, "is no company code"),
    "ce_sequence": (_is_sequence, "is no whole number from 1"),
    "ce_causationid": (_is_uuid, "is no lower-case UUID"),
    "ce_subject": (_is_subject, f"is longer than {SUBJECT_MAX} characters, or not printable"),
    "ce_traceparent": (_is_traceparent, "is not of the form of W3C Trace Context"),
    "content-type": (_is_json, f"is not {CONTENT_TYPE}"),
}
