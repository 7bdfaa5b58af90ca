"""CloudEvents 1.0 over HTTP: the three forms in which an event comes, and what its attributes must be.

Structured: the whole event is the JSON body. Binary: attributes in `ce-` headers, data in the body. Batched: a JSON
array of structured events. The same event is the same request in any of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final, NamedTuple, cast
from urllib.parse import unquote_to_bytes

from chassis.database import COMPANY
from chassis.errors import Fault, Problem
from chassis.telemetry import valid_traceparent
from services.gateway.translate.forms import FORMS, Form
from services.gateway.translate.intake import envelope_faults
from services.gateway.translate.moments import misplaced, moment

STRUCTURED: Final = "application/cloudevents+json"
BATCHED: Final = "application/cloudevents-batch+json"
BINARY: Final = "application/json"

TEXT_CHARS_MAX = 200
READ_ONLY = frozenset({"sequence", "causationid", "correlationid", "actor", "clientid"})
"""Attributes that only the gateway gives."""
KNOWN = frozenset(
    {"specversion", "id", "source", "type", "time", "subject", "datacontenttype", "dataschema", "data", "company"}
    | {"traceparent", "onbehalfof"}
)

_NAME = re.compile(r"[a-z0-9]{1,40}")
_TEXT = re.compile(r"[^\x00-\x20\x7f](?:[^\x00-\x1f\x7f]*[^\x00-\x20\x7f])?")
_URI = re.compile(r"[^\x00-\x20\x7f]+")


class Said(NamedTuple):
    """One event's attributes, checked."""

    form: Form
    id: str
    source: str
    company: str
    time: datetime | None
    subject: str | None
    on_behalf_of: str | None
    traceparent: str | None
    data: object


def binary_attributes(headers: Iterable[tuple[bytes, bytes]], data: object) -> dict[str, object]:
    """The event of a binary request: `ce-` headers, percent-decoded; raw UTF-8 is understood too.

    Raises Problem 422 for a header that is not UTF-8 and 400 for one that stands twice.
    """
    found: dict[str, object] = {}
    for name, value in headers:
        if not name.startswith(b"ce-"):
            continue
        attribute = name[3:].decode("latin-1")
        if attribute in found:
            raise Problem(400, "duplicate-key", f"The header ce-{attribute} stands twice.")
        try:
            found[attribute] = (unquote_to_bytes(value) if b"%" in value else value).decode()
        except UnicodeDecodeError:
            raise envelope_faults([Fault(f"/{attribute}", "wrong-format", "Is not UTF-8.")]) from None
    if "data" in found:
        raise envelope_faults([Fault("/data", "unknown-field", "Is the body, not a header.")])
    found["data"] = data
    return found


def said(event: object, only_company: str | None, now: datetime) -> Said:
    """What an event says around its data. Raises Problem 422 naming every attribute at fault."""
    if not isinstance(event, dict):
        raise Problem(422, "invalid-event", "An event is an object.", [Fault("", "wrong-type", "Is not an object.")])
    get = event.get
    kind, company, occurred = get("type"), get("company"), get("time")
    form = FORMS.get(kind) if isinstance(kind, str) else None
    if company is None:
        company = only_company
    time = moment(occurred) if isinstance(occurred, str) else None
    identity, source, subject, behalf = get("id"), get("source"), get("subject"), get("onbehalfof")
    if (
        get("specversion") != "1.0"
        or form is None
        or not _is_text(identity)
        or not _is_uri(source)
        or not isinstance(company, str)
        or not COMPANY.fullmatch(company)
        or (subject is not None and not _is_text(subject))
        or (behalf is not None and not _is_text(behalf))
        or (occurred is not None and (time is None or misplaced(time, now, "")))
        or not event.keys() <= KNOWN
        or get("datacontenttype") not in (None, BINARY)
        or "dataschema" in event
        or "data" not in event
    ):
        faults = list(_faults(event, form, company, time, now))
        if faults or form is None:
            raise envelope_faults(faults)
    traceparent = get("traceparent")
    if not isinstance(traceparent, str) or not valid_traceparent(traceparent):
        traceparent = None
    return Said(
        form,
        cast(str, identity),
        cast(str, source),
        cast(str, company),
        time,
        subject,
        behalf,
        traceparent,
        event["data"],
    )


def _is_text(value: object) -> bool:
    return isinstance(value, str) and len(value) <= TEXT_CHARS_MAX and _TEXT.fullmatch(value) is not None


def _is_uri(value: object) -> bool:
    return isinstance(value, str) and len(value) <= TEXT_CHARS_MAX and _URI.fullmatch(value) is not None


def _faults(
    event: Mapping[str, Any], form: Form | None, company: object, time: datetime | None, now: datetime
) -> Iterable[Fault]:
    """Each attribute at fault, in words. Only runs when something looked wrong; extensions of others are fine."""
    yield from _required(event, form)
    if company is None:
        yield Fault("/company", "missing", "Name the company: this key is for several.")
    elif not isinstance(company, str) or not COMPANY.fullmatch(company):
        yield Fault("/company", "pattern", "A company code is 1 to 32 of a-z, 0-9, _ and -.")
    for name in ("subject", "onbehalfof"):
        if event.get(name) is not None and not _is_text(event[name]):
            yield Fault(f"/{name}", "pattern", f"Must be text of 1 to {TEXT_CHARS_MAX} characters without controls.")
    if event.get("time") is not None:
        if time is None:
            yield Fault("/time", "wrong-format", "Must be an RFC 3339 time with a zone.")
        else:
            yield from misplaced(time, now, "/time")
    content_type = event.get("datacontenttype")
    if content_type is None:
        pass
    elif not isinstance(content_type, str) or content_type.partition(";")[0].strip().lower() != BINARY:
        yield Fault("/datacontenttype", "not-allowed", f"The data must be {BINARY}.")
    schema = event.get("dataschema")
    if schema is not None and form is not None and schema not in _schemas_of(form):
        yield Fault("/dataschema", "not-allowed", f"Leave it out, or say {form.event.dataschema}.")
    yield from _extensions(event)


def _required(event: Mapping[str, Any], form: Form | None) -> Iterable[Fault]:
    if event.get("specversion") != "1.0":
        code = "not-allowed" if "specversion" in event else "missing"
        yield Fault("/specversion", code, "Must be 1.0.")
    for name, fits, what in (("id", _is_text, "text"), ("source", _is_uri, "a URI reference")):
        if name not in event:
            yield Fault(f"/{name}", "missing", "Is required.")
        elif not fits(event[name]):
            yield Fault(f"/{name}", "pattern", f"Must be {what} of 1 to {TEXT_CHARS_MAX} characters without controls.")
    if "type" not in event:
        yield Fault("/type", "missing", "Is required.")
    elif form is None:
        yield Fault("/type", "unknown-type", f"Front offices send {', '.join(FORMS)}.")
    if "data_base64" in event:
        yield Fault("/data_base64", "not-allowed", "The data must be JSON, in `data`.")
    elif "data" not in event:
        yield Fault("/data", "missing", "Is required.")


def _extensions(event: Mapping[str, Any]) -> Iterable[Fault]:
    for name in sorted(event.keys() - KNOWN - {"data_base64"}):
        if name in READ_ONLY:
            yield Fault(f"/{name}", "read-only", "Is given by the gateway.")
        elif not _NAME.fullmatch(name):
            yield Fault(f"/{name[:40]}", "unknown-field", "Attribute names are lower-case letters and digits.")
        elif not isinstance(event[name], (str, int, bool, type(None))):
            yield Fault(f"/{name}", "wrong-type", "Attributes are strings, whole numbers or booleans.")


def _schemas_of(form: Form) -> tuple[str, ...]:
    return form.event.dataschema, f"/schemas/{form.event.event_type}"
