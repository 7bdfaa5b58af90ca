"""The AsyncAPI 3.0 document: every topic a channel, every event a message, who sends and who receives."""

from collections.abc import Mapping
from typing import Any

from contracts.envelope import CONTENT_TYPE
from contracts.registry import EVENTS
from contracts.schema import ENVELOPE, envelope_schema, event_schema
from contracts.topics import TOPICS, Topic

VERSION = "1.0.0"
_BINDING = {"bindingVersion": "0.5.0"}
_OWN_KEYWORDS = ("$schema", "$id", "$defs")


def document(listeners: Mapping[str, list[str]]) -> dict[str, Any]:
    """The document, self-contained. `listeners` are the services that handle each event type."""
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Backbone",
            "version": VERSION,
            "description": "Every event between the departments of the back office. CloudEvents 1.0, binary mode on "
            "Kafka: attributes in ce_* headers, JSON data in the value, the aggregate's id as the key.",
        },
        "defaultContentType": CONTENT_TYPE,
        "channels": {topic.name: _channel(topic) for topic in TOPICS.values()},
        "operations": _operations(listeners),
        "components": {
            "messages": {event_type: _message(event_type) for event_type in EVENTS},
            "schemas": _schemas(),
        },
    }


def _channel(topic: Topic) -> dict[str, Any]:
    return {
        "address": topic.name,
        "description": f"Owned by {topic.owner}; ordered per {topic.key}; kept for ever.",
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in topic.holds},
        "tags": [{"name": topic.owner}],
        "bindings": {
            "kafka": {
                "partitions": topic.partitions,
                "topicConfiguration": {
                    "cleanup.policy": [topic.config["cleanup.policy"]],
                    "retention.ms": int(topic.config["retention.ms"]),
                    "retention.bytes": int(topic.config["retention.bytes"]),
                },
                **_BINDING,
            }
        },
    }


def _operations(listeners: Mapping[str, list[str]]) -> dict[str, Any]:
    """One operation per service, direction and topic."""
    found: dict[str, dict[str, Any]] = {}
    for topic in TOPICS.values():
        found |= _operation("send", topic.owner, topic, topic.holds)
        services = sorted({service for event_type in topic.holds for service in listeners.get(event_type, [])})
        for service in services:
            handled = tuple(event_type for event_type in topic.holds if service in listeners[event_type])
            found |= _operation("receive", service, topic, handled)
    return found


def _operation(action: str, service: str, topic: Topic, event_types: tuple[str, ...]) -> dict[str, dict[str, Any]]:
    channel = f"#/channels/{topic.name}"
    operation = {
        "action": action,
        "channel": {"$ref": channel},
        "summary": f"{service} {action}s {', '.join(event_types)}",
        "tags": [{"name": service}],
        "messages": [{"$ref": f"{channel}/messages/{event_type}"} for event_type in event_types],
    }
    return {f"{service}.{action}.{topic.name}": operation}


def _message(event_type: str) -> dict[str, Any]:
    event = EVENTS[event_type]
    return {
        "name": event_type,
        "title": event.__name__,
        "summary": event_schema(event)["description"],
        "contentType": CONTENT_TYPE,
        "headers": {
            "allOf": [
                {"$ref": f"#/components/schemas/{ENVELOPE}"},
                {"type": "object", "properties": {"ce_type": {"const": event_type}}},
            ]
        },
        "payload": {"$ref": f"#/components/schemas/{event_type}"},
        "bindings": {
            "kafka": {
                "key": {"type": "string", "description": f"The {event.key_field}, equal to ce_subject."},
                **_BINDING,
            }
        },
    }


def _schemas() -> dict[str, Any]:
    """All schemas side by side: what an event's own file keeps under `$defs` stands here under its own name."""
    schemas: dict[str, Any] = {ENVELOPE: _hoisted(envelope_schema())}
    for event_type, event in EVENTS.items():
        whole = event_schema(event)
        for name, part in {**whole.get("$defs", {}), event_type: whole}.items():
            hoisted = _hoisted(part)
            if schemas.setdefault(name, hoisted) != hoisted:
                raise ValueError(f"two different parts are called {name}; give one of them another name")
    return schemas


def _hoisted(schema: Any) -> Any:
    """The schema without what only makes sense in a file of its own, its references pointing into the document."""
    if isinstance(schema, list):
        return [_hoisted(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    hoisted = {name: _hoisted(value) for name, value in schema.items() if name not in _OWN_KEYWORDS}
    if isinstance(hoisted.get("$ref"), str):
        hoisted["$ref"] = hoisted["$ref"].replace("#/$defs/", "#/components/schemas/")
    return hoisted
