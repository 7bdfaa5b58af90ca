"""The committed schemas as validators: what is published is the files, so tests ask the files."""

from functools import cache

import jsonschema_rs

from contracts import published


@cache
def validator(name: str) -> jsonschema_rs.Validator:
    """A validator of the committed file of this event type, or of "Envelope.v1"; formats are asserted."""
    return jsonschema_rs.validator_for(published.schema(name), validate_formats=True)


def faults(name: str, content: object) -> list[str]:
    """What the committed file says against this content: one line per fault, with its place."""
    return [f"{name} at {_pointer(error)}: {error.message}" for error in validator(name).iter_errors(content)]


def _pointer(error: jsonschema_rs.ValidationError) -> str:
    return "".join(f"/{step}" for step in error.instance_path) or "/"
