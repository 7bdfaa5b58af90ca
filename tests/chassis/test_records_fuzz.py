"""Whatever stands in a topic is read without an exception: as an event, or as what cannot be one (case F77-F86)."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from aiokafka.structs import ConsumerRecord
from hypothesis import given, settings
from hypothesis import strategies as st

from chassis.consumers import Consumers
from chassis.records import Arrived, Unreadable, content_of_raw, event_id_of, pack_headers, read
from services.documents.consumers import consumers as documents
from services.gateway.consumers import consumers as gateway
from services.inventory.consumers import consumers as inventory
from services.ledger.consumers import consumers as ledger
from tests.support.department import sample_event

ALL = (gateway, inventory, ledger, documents)
OTHERS: tuple[Any, ...] = (None, [], {}, True, -1, 1e300, "", "x" * 100_000, "\ud7ff", [[[]]])
KINDS = sorted({kind for consumers in ALL for kind in consumers.handled})
Header = tuple[str, bytes | None]
BYTES = st.one_of(
    st.binary(max_size=30),
    st.sampled_from([b"", b"\x00", b"\xff", b"9" * 5_000, b"-1", b"1e400", b"3000-01-01T00:00:00Z", b"0000-00-00"]),
    st.text(max_size=20).map(lambda text: text.encode("utf-8", "replace")),
)
BODIES = st.one_of(
    BYTES,
    st.sampled_from([b"null", b"[]", b"{}", b"[" * 10_000, b'{"a":' * 10_000, b'{"a":' + b"9" * 100_000 + b"}"]),
)


def record(topic: str, key: bytes | None, value: bytes | None, headers: list[Header]) -> ConsumerRecord[bytes, bytes]:
    return ConsumerRecord(topic, 0, 7, -1, 0, key, value, None, 0, 0, tuple(headers))


def looked_at(made: ConsumerRecord[bytes, bytes], consumers: Consumers) -> Arrived | Unreadable:
    """What the corridor does with a record before it is anybody's business."""
    found = read(made, consumers)
    event_id_of(made)
    content_of_raw(made)
    pack_headers(made.headers)
    return found


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_no_change_of_a_good_record_brings_the_reader_down(data: st.DataObject) -> None:
    kind = data.draw(st.sampled_from(KINDS))
    consumers = data.draw(st.sampled_from([each for each in ALL if kind in each.handled]))
    good = sample_event(kind)
    headers: list[Header] = list(good.headers)
    key: bytes | None = good.key.encode()
    value: bytes | None = good.body
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.integers(0, len(headers) - 1))
        name = headers[place][0]
        how = data.draw(st.sampled_from(["other", "none", "twice", "more"]))
        if how == "twice":
            headers.append((name, data.draw(BYTES)))
        elif how == "more":
            headers.append((data.draw(st.text(max_size=10)), data.draw(BYTES)))
        else:
            headers[place] = (name, None if how == "none" else data.draw(BYTES))
    if data.draw(st.booleans()):
        value = data.draw(st.none() | BODIES)
    if data.draw(st.integers(0, 3)) == 0:
        key = data.draw(st.none() | BYTES)
    looked_at(record(good.topic, key, value, headers), consumers)


@settings(max_examples=80, deadline=None)
@given(BODIES | st.none(), st.none() | BYTES, st.lists(st.tuples(st.text(max_size=12), st.none() | BYTES), max_size=8))
def test_no_record_of_anything_at_all_brings_it_down(
    value: bytes | None, key: bytes | None, headers: list[Header]
) -> None:
    assert isinstance(looked_at(record("sales.orders", key, value, headers), ledger), Unreadable)


@pytest.mark.parametrize("kind", KINDS)
def test_any_field_of_any_other_kind_makes_an_event_that_is_held_and_not_an_exception(kind: str) -> None:
    good = sample_event(kind)
    content = orjson.loads(good.body)
    consumers = next(each for each in ALL if kind in each.handled)
    for name in content:
        for other in OTHERS:
            made = record(good.topic, good.key.encode(), orjson.dumps(content | {name: other}), list(good.headers))
            assert isinstance(looked_at(made, consumers), Arrived)
