"""The helper that services' tests lean on must bite."""

import json

import pytest

from contracts import published
from tests.contracts.outbox_rows import assert_row_matches_contract

SAMPLE = published.sample("InvoicePaid.v1")
STORED = json.dumps([(name, value.decode()) for name, value in SAMPLE.headers if name != "ce_sequence"]).encode()


def test_a_row_as_the_outbox_stores_it_passes_and_gets_the_sequence_of_its_row() -> None:
    assert assert_row_matches_contract(SAMPLE.topic, SAMPLE.key, STORED, SAMPLE.body, 7).sequence == 7


def _body(**changes: object) -> bytes:
    return json.dumps({**SAMPLE.data, **changes}).encode()


@pytest.mark.parametrize(
    ("topic", "key", "headers", "body", "named"),
    [
        ("ledger.entries", SAMPLE.key, STORED, SAMPLE.body, "belongs on ledger.invoices"),
        (SAMPLE.topic, "another", STORED, SAMPLE.body, "are not the same"),
        (SAMPLE.topic, SAMPLE.key, STORED, _body(order="no id"), "/order"),
        (SAMPLE.topic, SAMPLE.key, STORED, _body(more=1), "more"),
        (SAMPLE.topic, SAMPLE.key, STORED, _body(total={"amount": "1.234", "currency": "EUR"}), "/total/amount"),
        (SAMPLE.topic, SAMPLE.key, STORED.replace(b"ce_actor", b"ce_actress"), SAMPLE.body, "ce_actor"),
        (SAMPLE.topic, SAMPLE.key, STORED.replace(b"urn:", b"uri:"), SAMPLE.body, "ce_dataschema"),
        (SAMPLE.topic, SAMPLE.key, STORED.replace(b"InvoicePaid", b"InvoiceEaten"), SAMPLE.body, "no published event"),
    ],
)
def test_a_row_that_breaks_the_contract_is_refused_naming_what(
    topic: str, key: str, headers: bytes, body: bytes, named: str
) -> None:
    with pytest.raises(AssertionError) as refused:
        assert_row_matches_contract(topic, key, headers, body)

    assert named in str(refused.value)
