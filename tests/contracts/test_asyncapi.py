"""The AsyncAPI document: complete, resolvable, and its messages accept the golden samples."""

from collections.abc import Iterator
from typing import Any

import jsonschema_rs
import pytest

from contracts import asyncapi, published
from contracts.registry import EVENTS, owner_of
from contracts.schema import event_schema
from contracts.topics import TOPICS

DOCUMENT = published.asyncapi()


def _references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        for item in value.values():
            yield from _references(item)
    if isinstance(value, list):
        for item in value:
            yield from _references(item)


def _resolve(reference: str) -> Any:
    """What a reference inside the document points to. Raises KeyError where it points to nothing."""
    found: Any = DOCUMENT
    for step in reference.removeprefix("#/").split("/"):
        found = found[step]
    return found


def test_it_is_asyncapi_3_with_what_the_specification_requires() -> None:
    assert DOCUMENT["asyncapi"] == "3.0.0"
    assert {"title", "version"} <= DOCUMENT["info"].keys()
    for operation in DOCUMENT["operations"].values():
        assert operation["action"] in {"send", "receive"}
        assert set(operation["channel"]) == {"$ref"}


def test_every_reference_stays_in_the_document_and_leads_somewhere() -> None:
    references = list(_references(DOCUMENT))

    assert references
    for reference in references:
        assert reference.startswith("#/")
        assert _resolve(reference)


def test_every_topic_is_a_channel_with_its_messages_and_its_partitions() -> None:
    assert DOCUMENT["channels"].keys() == TOPICS.keys()
    for name, topic in TOPICS.items():
        channel = DOCUMENT["channels"][name]
        assert channel["address"] == name
        assert tuple(channel["messages"]) == topic.holds
        assert channel["bindings"]["kafka"]["partitions"] == topic.partitions


def test_an_operation_speaks_of_messages_of_its_own_channel() -> None:
    for name, operation in DOCUMENT["operations"].items():
        channel = operation["channel"]["$ref"]
        assert operation["messages"], name
        assert all(message["$ref"].startswith(f"{channel}/messages/") for message in operation["messages"])


@pytest.mark.parametrize("event_type", EVENTS)
def test_only_the_owner_sends_an_event_and_its_listeners_receive_it(event_type: str) -> None:
    parties: dict[str, set[str]] = {"send": set(), "receive": set()}
    for operation in DOCUMENT["operations"].values():
        if any(message["$ref"].endswith(f"/messages/{event_type}") for message in operation["messages"]):
            parties[operation["action"]].add(operation["tags"][0]["name"])

    assert parties["send"] == {owner_of(event_type)}
    assert parties["receive"] == set(published.listeners()[event_type])


@pytest.mark.parametrize("event_type", EVENTS)
def test_a_message_accepts_the_golden_sample_and_refuses_another_type(event_type: str) -> None:
    sample = published.sample(event_type)
    headers = {name: value.decode() for name, value in sample.headers}
    message = DOCUMENT["components"]["messages"][event_type]

    assert _validator(message["payload"]).is_valid(sample.data)
    assert not _validator(message["payload"]).is_valid({**sample.data, "surprise": 1})
    assert _validator(message["headers"]).is_valid(headers)
    assert not _validator(message["headers"]).is_valid({**headers, "ce_type": "OrderMislaid.v1"})


def _validator(schema: dict[str, Any]) -> jsonschema_rs.Validator:
    return jsonschema_rs.validator_for({**schema, "components": DOCUMENT["components"]}, validate_formats=True)


def test_two_different_parts_of_one_name_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        asyncapi,
        "event_schema",
        lambda event: {**event_schema(event), "$defs": {"Address": {"title": event.event_type}}},
    )

    with pytest.raises(ValueError, match="called Address"):
        asyncapi.document(published.listeners())
