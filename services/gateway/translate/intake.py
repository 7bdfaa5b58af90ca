"""A front office's event, checked in everything that can be checked without asking a department."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, NamedTuple

import orjson
from pydantic import ValidationError

from chassis.errors import Fault, Problem
from chassis.ids import UUID
from chassis.strict_json import FAULTS_MAX, pointers
from contracts.base import EventData
from contracts.published import schema
from services.gateway.translate.forms import Form
from services.gateway.translate.moments import milliseconds

EVENT_BYTES_SPARE = 8_192
"""What the headers of an event may take of the broker's limit."""


class Checked(NamedTuple):
    """Data that fits its contract, as the bytes that will be sent."""

    subject: UUID
    reference: str
    body: bytes
    hash: bytes
    """Over the canonical form of what the sender wrote: what was absent stays absent."""
    revision: int = 1


def check(
    form: Form,
    data: object,
    company: str,
    source: str,
    now: datetime,
    *,
    at: str = "",
    said: tuple[object, ...] = (),
    event_bytes_max: int,
) -> Checked:
    """Turn a sender's data into an event's. `said` is what else was said with it and makes a repeat another request.

    Raises Problem 422 naming every field at fault by pointer (below `at`), or 413 for an event no broker would take.
    """
    if not isinstance(data, dict):
        raise Problem(
            422, "invalid-event", "The data is not an object.", [Fault(at, "wrong-type", "Is not an object.")]
        )
    taken = form.added & data.keys()
    if taken:
        wrong = [Fault(f"{at}/{name}", "read-only", "Is given by the gateway.") for name in sorted(taken)]
        raise Problem(422, "invalid-event", "Fields are set that a sender does not set.", wrong)
    subject = form.subject_id(company, source, data.get("reference"))
    written = orjson.dumps(data, option=orjson.OPT_SORT_KEYS)
    tidied = form.tidy(data)
    fields: dict[str, object] = {form.subject: str(subject), **form.complete(data, company, source)}
    for name, value in form.defaults.items():
        if name not in data:
            fields[name] = value
    body = _joined(fields, written if tidied is data else orjson.dumps(tidied))
    try:
        event = form.event.__pydantic_validator__.validate_json(body)
    except ValidationError as invalid:
        raise Problem(
            422, "invalid-event", "The data does not fit its contract.", explained(invalid, form.event, at)
        ) from None
    faults = form.rules(event, now)
    if faults:
        placed = [Fault(at + fault.pointer, fault.code, fault.detail) for fault in faults[:FAULTS_MAX]]
        raise Problem(422, "invalid-event", "The data breaks a rule.", placed)
    if len(body) > event_bytes_max - EVENT_BYTES_SPARE:
        raise Problem(413, "event-too-large", f"The event takes more than {event_bytes_max - EVENT_BYTES_SPARE} bytes.")
    revision = getattr(event, "revision", 1)
    return Checked(subject, event.reference, body, canonical(company, source, form, said, written), revision)


def canonical(company: str, source: str, form: Form, said: tuple[object, ...], written: bytes) -> bytes:
    """The idempotency hash: the same for the same event however a library wrote it (field order, blanks, fractions)."""
    told = orjson.dumps([company, source, form.event.event_type, *said])
    return hashlib.blake2b(told + written, digest_size=16).digest()


def instant(at: datetime | None) -> int | None:
    """A time as the hash sees it."""
    return None if at is None else milliseconds(at)


def explained(invalid: ValidationError, event: type[EventData], at: str) -> list[Fault]:
    """Every field at fault; where a pattern is broken, in the contract's own words instead of the pattern."""
    faults: list[Fault] = []
    for fault, error in zip(pointers(invalid), invalid.errors(include_url=False, include_input=False), strict=False):
        detail = fault.detail
        if error["type"] in ("string_pattern_mismatch", "literal_error", "string_too_long"):
            detail = f"Must be: {_description(event, error['loc'])}"[:300]
        faults.append(Fault(at + fault.pointer, fault.code, detail))
    return faults


def envelope_faults(faults: Iterable[Fault]) -> Problem:
    """What is wrong with the attributes around the data."""
    return Problem(422, "invalid-event", "The event's attributes are not as they must be.", list(faults))


def _joined(fields: Mapping[str, object], written: bytes) -> bytes:
    """One object of both: the sender's bytes as they are, behind the fields that were added."""
    added = orjson.dumps(fields)
    return added if written == b"{}" else added[:-1] + b"," + written[1:]


def _description(event: type[EventData], location: tuple[str | int, ...]) -> str:
    """What the published schema says of a field."""
    document = schema(event.event_type)
    here: Any = document
    for part in location:
        here = _deref(document, here)
        here = here.get("items", {}) if isinstance(part, int) else here.get("properties", {}).get(part, {})
    said = here.get("description") or _deref(document, here).get("description")
    return str(said or "as the contract says, see /schemas")


def _deref(document: Mapping[str, Any], node: Mapping[str, Any]) -> Mapping[str, Any]:
    for choice in (node, *node.get("anyOf", ())):
        name = choice.get("$ref")
        if isinstance(name, str):
            found: Mapping[str, Any] = document["$defs"][name.rpartition("/")[2]]
            return found
    return node
