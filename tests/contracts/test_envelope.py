"""The envelope as Kafka headers: there and back, refusals that name the attribute, read by an official SDK."""

import json
from datetime import UTC, datetime, timedelta, timezone

import pytest
from cloudevents.core.bindings.kafka import KafkaMessage, from_binary_event
from cloudevents.core.formats.json import JSONFormat
from hypothesis import given
from hypothesis import strategies as st

from contracts import published
from contracts.base import data_schema
from contracts.envelope import (
    ENVELOPE_HEADERS,
    OPTIONAL_HEADERS,
    REQUIRED_HEADERS,
    Envelope,
    EnvelopeError,
    format_time,
    from_headers,
    sequence_header,
    to_attributes,
    to_headers,
)
from contracts.registry import EVENTS
from tests.contracts.files import faults

HEADERS = to_headers(from_headers(published.sample("OrderPlaced.v1").headers))

texts = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), min_size=1, max_size=60)
keys = st.text(min_size=1, max_size=60).filter(str.isprintable)
uuids = st.uuids().map(str)
envelopes = st.builds(
    Envelope,
    id=uuids,
    type=st.sampled_from(sorted(EVENTS)),
    source=texts,
    subject=keys,
    time=st.datetimes(timezones=st.just(UTC)),
    company=st.from_regex(r"[a-z0-9][a-z0-9_-]{0,31}", fullmatch=True),
    sequence=st.integers(1, 10**17),
    causationid=uuids,
    correlationid=texts,
    actor=texts,
    dataschema=st.sampled_from(sorted(EVENTS)).map(data_schema),
    onbehalfof=st.none() | texts,
    traceparent=st.none() | st.from_regex(r"00-[0-9a-f]{32}-[0-9a-f]{16}-0[01]", fullmatch=True),
    clientid=st.none() | texts,
)


@given(envelopes)
def test_an_envelope_comes_back_from_its_headers_as_it_was(envelope: Envelope) -> None:
    headers = to_headers(envelope)

    assert from_headers(headers) == envelope
    assert {name for name, _ in headers} <= set(ENVELOPE_HEADERS)
    assert faults("Envelope.v1", {name: value.decode() for name, value in headers}) == []


def test_an_event_that_is_not_numbered_yet_has_every_header_but_the_sequence() -> None:
    envelope = from_headers(HEADERS)

    headers = to_headers(envelope._replace(sequence=0))

    assert {name for name, _ in HEADERS} - {name for name, _ in headers} == {"ce_sequence"}
    assert from_headers([*headers, sequence_header(12)]).sequence == 12


@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("ce_subject", "with\x00zero"), ("ce_subject", "line\nbreak"), ("ce_subject", "x" * 256),
        ("ce_actor", "with\x00zero"), ("ce_clientid", "x" * 1_025),
    ],
)  # fmt: skip
def test_what_no_database_could_store_is_refused_by_its_name(header: str, value: str) -> None:
    headers = [pair for pair in HEADERS if pair[0] != header]

    with pytest.raises(EnvelopeError, match=header.removeprefix("ce_")):
        from_headers([*headers, (header, value.encode())])


@pytest.mark.parametrize("header", REQUIRED_HEADERS)
@pytest.mark.parametrize(("value", "fault"), [(None, "is missing"), (b"", "is empty"), (b"\xff\xfe", "is not UTF-8")])
def test_a_missing_empty_or_garbled_attribute_is_refused_by_its_name(
    header: str, value: bytes | None, fault: str
) -> None:
    headers = [pair for pair in HEADERS if pair[0] != header]
    if value is not None:
        headers.append((header, value))

    with pytest.raises(EnvelopeError) as refused:
        from_headers(headers)

    assert refused.value.attribute == header.removeprefix("ce_").replace("content-type", "datacontenttype")
    assert refused.value.fault == fault


def test_a_null_header_is_refused_by_its_name() -> None:
    headers = [(name, None if name == "ce_actor" else value) for name, value in HEADERS]

    with pytest.raises(EnvelopeError, match=r"^actor: is empty"):
        from_headers(headers)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("attribute", "value"),
    [
        ("specversion", "0.3"),
        ("id", "1F5ECAC4-88CD-5CAC-8061-0543924C9820"),
        ("id", "17"),
        ("type", "order.placed"),
        ("type", "OrderPlaced.v0"),
        ("type", "OrderPlaced.v1\n"),
        ("time", "2026-11-22T08:30:00+02:00"),
        ("time", "2026-11-22 08:30:00.125Z"),
        ("time", "2026-02-30T08:30:00.125Z"),
        ("time", "1763800200"),
        ("company", "Aegean"),
        ("company", "a" * 33),
        ("company", "aegean\n"),
        ("sequence", "0"),
        ("sequence", "-1"),
        ("sequence", "01"),
        ("sequence", "1.0"),
        ("sequence", "٣"),
        ("causationid", "the order"),
        ("traceparent", "00-xyz-01"),
        ("onbehalfof", ""),
        ("clientid", ""),
    ],
)
def test_an_attribute_of_the_wrong_form_is_refused_by_its_name_here_and_by_the_file(attribute: str, value: str) -> None:
    headers = [pair for pair in HEADERS if pair[0] != f"ce_{attribute}"] + [(f"ce_{attribute}", value.encode())]

    with pytest.raises(EnvelopeError) as refused:
        from_headers(headers)

    assert refused.value.attribute == attribute
    assert faults("Envelope.v1", {name: text.decode() for name, text in headers})


@pytest.mark.parametrize(
    ("change", "attribute"),
    [
        ({"id": "17"}, "id"),
        ({"type": "order"}, "type"),
        ({"company": "Aegean"}, "company"),
        ({"time": datetime(2026, 11, 22)}, "time"),  # noqa: DTZ001 - that is what is refused
        ({"sequence": -1}, "sequence"),
        ({"actor": ""}, "actor"),
        ({"subject": ""}, "subject"),
        ({"traceparent": "no"}, "traceparent"),
    ],
)
def test_no_headers_are_made_that_a_reader_would_refuse(change: dict[str, object], attribute: str) -> None:
    with pytest.raises(EnvelopeError) as refused:
        to_headers(from_headers(HEADERS)._replace(**change))  # type: ignore[arg-type]

    assert refused.value.attribute == attribute


def test_a_header_of_ours_that_appears_twice_is_refused_and_others_are_passed_over() -> None:
    others = [("x-proxy", b"a"), ("x-proxy", b"b")]

    assert from_headers([*HEADERS, *others]) == from_headers(HEADERS)
    with pytest.raises(EnvelopeError, match=r"^company: appears twice"):
        from_headers([*HEADERS, ("ce_company", b"another")])


@pytest.mark.parametrize("content_type", [b"application/json; charset=utf-8", b"Application/JSON"])
def test_other_spellings_of_the_media_type_are_read(content_type: bytes) -> None:
    headers = [pair for pair in HEADERS if pair[0] != "content-type"] + [("content-type", content_type)]

    assert from_headers(headers) == from_headers(HEADERS)


def test_times_of_other_zones_are_written_in_utc() -> None:
    athens = datetime(2026, 11, 22, 10, 30, tzinfo=timezone(timedelta(hours=2)))

    assert format_time(athens) == "2026-11-22T08:30:00.000000Z"


@pytest.mark.parametrize("event_type", EVENTS)
def test_the_official_sdk_reads_our_headers(event_type: str) -> None:
    sample = published.sample(event_type)
    message = KafkaMessage(headers=dict(sample.headers), key=sample.key.encode(), value=sample.body)

    event = from_binary_event(message, JSONFormat())

    assert event.get_specversion() == "1.0"
    assert event.get_type() == event_type
    assert event.get_subject() == sample.key
    assert event.get_dataschema() == data_schema(event_type)
    assert event.get_datacontenttype() == "application/json"
    assert event.get_time() == from_headers(sample.headers).time
    assert event.get_extension("company") == "aegean"
    assert event.get_extension("sequence") == str(from_headers(sample.headers).sequence)
    assert event.get_data() == sample.data


def test_an_event_can_be_shown_as_one_structured_json() -> None:
    attributes = to_attributes(from_headers(HEADERS))

    assert attributes["type"] == "OrderPlaced.v1"
    assert attributes["datacontenttype"] == "application/json"
    assert set(attributes) >= {name.removeprefix("ce_") for name in REQUIRED_HEADERS if name.startswith("ce_")}
    assert set(attributes) <= {"datacontenttype", *(name.removeprefix("ce_") for name in ENVELOPE_HEADERS)}
    assert json.dumps(attributes)
    assert OPTIONAL_HEADERS
