"""For the tests of services: is this row of the outbox what the committed files say?

for row in await connection.fetch("select topic, key, sequence, headers, body from outbox order by id"):
    assert_row_matches_contract(row["topic"], row["key"], row["headers"], row["body"], row["sequence"])
"""

import json
from collections.abc import Iterator, Sequence
from typing import Any

from contracts import published
from contracts.envelope import SEQUENCE_HEADER, Envelope, from_headers, sequence_header
from contracts.money import check_amount_scale
from contracts.registry import EVENTS, key_of
from contracts.schema import ENVELOPE
from tests.contracts.files import faults

AMOUNTS = frozenset({"amount", "net", "tax", "total", "base", "debit", "credit", "unapplied"})

Headers = bytes | str | Sequence[tuple[str, bytes]] | Sequence[tuple[str, str]]


def assert_row_matches_contract(topic: str, key: str, headers: Headers, body: bytes, sequence: int = 1) -> Envelope:
    """Checks envelope and data against the committed files, and topic and key against the event. Returns the envelope.

    `headers` are as the outbox stores them (JSON pairs) or as Kafka carries them (pairs of bytes); `sequence` is the
    row's own, which the relay adds to the headers.

    Raises:
        AssertionError: naming every fault.
    """
    pairs = _pairs(headers)
    if SEQUENCE_HEADER not in dict(pairs):
        pairs.append(sequence_header(sequence))
    found = faults(ENVELOPE, {name: value.decode() for name, value in pairs})
    assert not found, found
    envelope = from_headers(pairs)
    data = json.loads(body)
    assert envelope.type in EVENTS, f"{envelope.type} is no published event"
    schema = published.schema(envelope.type)
    found = faults(envelope.type, data)
    if envelope.dataschema != schema["$id"]:
        found.append(f"ce_dataschema is {envelope.dataschema}, the file's $id is {schema['$id']}")
    if topic != schema["x-topic"]:
        found.append(f"topic is {topic}, {envelope.type} belongs on {schema['x-topic']}")
    if not key == envelope.subject == key_of(envelope.type, envelope.company, data):
        found.append(f"key {key}, subject {envelope.subject} and the data's {schema['x-key']} are not the same")
    found += list(_scale_faults(data, None, ""))
    assert not found, found
    return envelope


def _pairs(headers: Headers) -> list[tuple[str, bytes]]:
    given: Any = json.loads(headers) if isinstance(headers, (bytes, str)) else headers
    items = given.items() if isinstance(given, dict) else given
    return [(name, value if isinstance(value, bytes) else value.encode()) for name, value in items]


def _scale_faults(value: Any, currency: str | None, at: str) -> Iterator[str]:
    """Amounts with more decimals than the currency in scope has."""
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield from _scale_faults(item, currency, f"{at}/{index}")
    if isinstance(value, dict):
        amount = value.get("amount")
        currency = value.get("currency") or (amount.get("currency") if isinstance(amount, dict) else None) or currency
        for name, item in value.items():
            if name == "base" and "account" in value:
                continue  # of an entry's line: in the company's own currency, whatever the line's is
            if name in AMOUNTS and isinstance(item, str):
                try:
                    check_amount_scale(item, str(currency))
                except ValueError as fault:
                    yield f"{at}/{name}: {fault}"
            yield from _scale_faults(item, currency, f"{at}/{name}")
