"""The JSON Schemas that we publish, made from the models: draft 2020-12, one per event version, and the envelope's."""

from typing import Any

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue

from contracts.base import COMPANY_PATTERN, UUID_PATTERN, EventData, data_schema
from contracts.envelope import (
    CONTENT_TYPE,
    EVENT_TYPE_PATTERN,
    OPTIONAL_HEADERS,
    REQUIRED_HEADERS,
    SEQUENCE_PATTERN,
    SPEC_VERSION,
    TIME_PATTERN,
    TRACEPARENT_PATTERN,
)
from contracts.registry import owner_of

DIALECT = "https://json-schema.org/draft/2020-12/schema"
ENVELOPE = "Envelope.v1"

_FILLED = {"type": "string", "minLength": 1}
_HEADERS: dict[str, dict[str, Any]] = {
    "ce_specversion": {"const": SPEC_VERSION, "description": "Version of CloudEvents."},
    "ce_id": {"pattern": UUID_PATTERN, "format": "uuid", "description": "Id of the event; a repeat has the same."},
    "ce_type": {"pattern": EVENT_TYPE_PATTERN, "description": "Name and version of the event."},
    "ce_source": {
        **_FILLED,
        "description": "Who emitted it: /ledger, or a front-office system such as /sales/webshop.",
    },
    "ce_subject": {**_FILLED, "description": "Id of the aggregate; equal to the Kafka key."},
    "ce_time": {"pattern": TIME_PATTERN, "format": "date-time", "description": "When it was emitted: UTC with Z."},
    "ce_dataschema": {**_FILLED, "format": "uri", "description": "Name of the schema of the data: its $id."},
    "ce_company": {"pattern": COMPANY_PATTERN, "description": "Code of the company whose event it is."},
    "ce_sequence": {
        "pattern": SEQUENCE_PATTERN,
        "description": "1, 2, 3 and so on without gaps, per company, topic and key.",
    },
    "ce_causationid": {
        "pattern": UUID_PATTERN,
        "format": "uuid",
        "description": "Id of the event or request that caused it.",
    },
    "ce_correlationid": {**_FILLED, "description": "Id of what started the whole chain."},
    "ce_actor": {**_FILLED, "description": "Who asked for it."},
    "ce_onbehalfof": {**_FILLED, "description": "For whom the actor asked, where it is another."},
    "ce_traceparent": {"pattern": TRACEPARENT_PATTERN, "description": "W3C Trace Context of the request."},
    "ce_clientid": {**_FILLED, "description": "The id that the front office gave to its own event."},
    "content-type": {"const": CONTENT_TYPE, "description": "Media type of the data."},
}


class _Untitled(GenerateJsonSchema):
    """A property's name is its title already."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False


def event_schema(event: type[EventData]) -> JsonSchemaValue:
    """The schema of one event's data. `x-owner`, `x-topic` and `x-key` say who emits it, where, ordered by what."""
    body = event.model_json_schema(schema_generator=_Untitled)
    return {
        "$schema": DIALECT,
        "$id": event.dataschema,
        "title": event.event_type,
        "description": body.pop("description"),
        "x-owner": owner_of(event.event_type),
        "x-topic": event.topic,
        "x-key": event.key_field,
        **{name: value for name, value in body.items() if name not in ("title", "$defs")},
        **({"$defs": body["$defs"]} if "$defs" in body else {}),
    }


def envelope_schema() -> JsonSchemaValue:
    """The schema of the Kafka headers of every event, read as UTF-8 strings. Others may stand beside them."""
    return {
        "$schema": DIALECT,
        "$id": data_schema(ENVELOPE),
        "title": ENVELOPE,
        "description": "CloudEvents 1.0 attributes as Kafka headers (binary mode). Read over headers not named here.",
        "type": "object",
        "properties": {name: {"type": "string", **_HEADERS[name]} for name in REQUIRED_HEADERS + OPTIONAL_HEADERS},
        "required": list(REQUIRED_HEADERS),
    }
