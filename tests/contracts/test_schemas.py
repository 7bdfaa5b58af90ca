"""The published files are what the models say, and stand on their own."""

import json
from pathlib import Path

import jsonschema_rs
import pytest

from contracts import compatibility, generate, published
from contracts.registry import EVENTS
from contracts.schema import ENVELOPE

EVERY_EVENT = pytest.mark.parametrize("event_type", EVENTS)
EVERY_SCHEMA = pytest.mark.parametrize("name", [*EVENTS, ENVELOPE])


def test_the_committed_files_are_what_the_models_say() -> None:
    assert generate.differences() == [], "run `make contracts` and commit what it writes"


def test_the_committed_schemas_are_all_released_or_wait_for_a_stated_reason() -> None:
    """G6: otherwise an event, or a field, could be taken away again and no test would notice."""
    assert compatibility.unguarded(generate.HERE) == []


def test_a_stale_a_missing_and_a_leftover_file_are_each_named(tmp_path: Path) -> None:
    generate.write(tmp_path)
    (tmp_path / "schemas" / "OrderPlaced.v1.json").write_text("{}")
    (tmp_path / "samples" / "InvoicePaid.v1.json").unlink()
    (tmp_path / "schemas" / "OrderMislaid.v1.json").write_text("{}")

    found = generate.differences(tmp_path)

    assert found == ["samples/InvoicePaid.v1.json", "schemas/OrderMislaid.v1.json", "schemas/OrderPlaced.v1.json"]
    assert generate.write(tmp_path) == found
    assert generate.differences(tmp_path) == []


@EVERY_SCHEMA
def test_a_schema_is_valid_json_schema(name: str) -> None:
    assert jsonschema_rs.meta.is_valid(published.schema(name))


@EVERY_SCHEMA
def test_a_schema_has_a_name_of_its_own_that_leads_to_no_host(name: str) -> None:
    schema = published.schema(name)

    assert schema["$id"] == f"urn:backbone:schema:{name}"
    assert "://" not in json.dumps(schema).replace(schema["$schema"], "")


@EVERY_EVENT
def test_every_field_of_a_schema_is_explained(event_type: str) -> None:
    schema = published.schema(event_type)
    parts = [schema, *schema.get("$defs", {}).values()]

    silent = [name for part in parts for name, field in part["properties"].items() if not _is_explained(field)]

    assert silent == []


def _is_explained(field: dict[str, object]) -> bool:
    """A description, or something that speaks for itself: a part with its own, a list of parts, named values."""
    alternatives = field.get("anyOf")
    if isinstance(alternatives, list):
        return any(_is_explained(alternative) for alternative in alternatives)
    return any(word in field for word in ("description", "$ref", "items", "enum", "const"))
