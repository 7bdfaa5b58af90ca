"""The OpenAPI document: FastAPI's own for its routes, by hand for the plain ones (hot, streaming, passed on)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from contracts.published import schema
from contracts.topics import TOPICS
from services.gateway.api.cloudevents import BATCHED, BINARY, STRUCTURED
from services.gateway.api.departments import DEPARTMENTS, METHODS
from services.gateway.translate.forms import CANCELLATION, CHANGE, EMPLOYEE, FORMS, ORDER, PAYMENT, Form

Json = dict[str, Any]

ABOUT = """The front offices' single entry to the back office. A 2xx to a POST means: committed, it will happen once.
Every refusal is a problem document (RFC 9457) that names each field by JSON pointer. Events that follow are read under
/v1/streams; their documents are at /asyncapi and /v1/schemas."""

PROBLEM: Json = {
    "type": "object",
    "description": "RFC 9457. `type` names the rule.",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string", "format": "uri-reference"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "instance": {"type": "string"},
        "traceId": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["pointer", "code", "detail"],
                "properties": {name: {"type": "string"} for name in ("pointer", "code", "detail")},
            },
        },
    },
}
ACCEPTED: Json = {
    "type": "object",
    "required": ["request_id", "type", "company", "subject", "reference", "location"],
    "properties": {
        "request_id": {"type": "string", "format": "uuid"},
        "type": {"type": "string"},
        "company": {"type": "string"},
        "subject": {"type": "string", "format": "uuid", "description": "Our id of the order, payment or employee."},
        "reference": {"type": "string"},
        "location": {"type": "string", "description": "Where to ask what became of it."},
    },
}


def form_schema(form: Form) -> Json:
    """What a front office sends for an event: its contract without what the gateway adds."""
    document = schema(form.event.event_type)
    properties = {name: made for name, made in document["properties"].items() if name not in form.added}
    for name, value in form.defaults.items():
        properties[name] = {**properties[name], "default": value}
    required = [n for n in document["required"] if n not in form.added and n not in form.defaults]
    kept = {"description": document.get("description", ""), "type": "object", "additionalProperties": False}
    return {**kept, "properties": properties, "required": required, "$defs": document.get("$defs", {})}


def document_of(app: FastAPI) -> Json:
    """The whole document, made once."""
    document = get_openapi(
        title="Backbone gateway", version="1", openapi_version="3.1.0", description=ABOUT, routes=app.routes
    )
    components = document.setdefault("components", {})
    schemas: Json = components.setdefault("schemas", {})
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    schemas |= {"Problem": PROBLEM, "Accepted": ACCEPTED, "CloudEvent": _cloud_event()}
    for form in FORMS.values():
        _hoist(form, schemas)
    components["securitySchemes"] = {"key": {"type": "http", "scheme": "bearer", "description": "An API key."}}
    document["security"] = [{"key": []}]
    for made in document["paths"].values():
        for operation in made.values():
            operation["responses"].pop("422", None)  # FastAPI's own form of a refusal, which is never answered here
            _with_problems(operation)
    for path, item in _plain_paths().items():
        document["paths"].setdefault(path, {}).update(item)
    return document


def _hoist(form: Form, schemas: Json) -> None:
    """A form and its parts as components of this document."""
    name = form.event.event_type.partition(".")[0]
    made = form_schema(form)
    parts = made.pop("$defs")
    for part, content in parts.items():
        schemas[f"{name}{part}"] = _renamed(content, name)
    schemas[name] = _renamed(made, name)


def _renamed(node: Any, prefix: str) -> Any:
    if isinstance(node, dict):
        return {
            key: f"#/components/schemas/{prefix}{value.rpartition('/')[2]}"
            if key == "$ref"
            else _renamed(value, prefix)
            for key, value in node.items()
        }
    return [_renamed(each, prefix) for each in node] if isinstance(node, list) else node


def _cloud_event() -> Json:
    choices = [{"$ref": f"#/components/schemas/{name.partition('.')[0]}"} for name in FORMS]
    text = {"type": "string", "minLength": 1, "maxLength": 200}
    return {
        "type": "object",
        "description": "CloudEvents 1.0. Extension attributes of others are taken and not passed on.",
        "required": ["specversion", "id", "source", "type", "data"],
        "properties": {
            "specversion": {"const": "1.0"},
            "id": {**text, "description": "With `source` and company: the same id is the same event."},
            "source": {**text, "format": "uri-reference"},
            "type": {"enum": list(FORMS)},
            "company": {"type": "string", "description": "May be left out by a key for one company."},
            "time": {"type": "string", "format": "date-time"},
            "subject": text,
            "onbehalfof": {**text, "description": "For whom the caller acts."},
            "datacontenttype": {"const": BINARY},
            "data": {"oneOf": choices},
        },
    }


# -- plain routes ------------------------------------------------------------------------------------------------------


def _plain_paths() -> Json:
    key = _parameter("Idempotency-Key", "header", "The same with each repeat of the same request.")
    paths: Json = {"/v1/events": {"post": _events()}}
    for path, form in (("/v1/orders", ORDER), ("/v1/payments", PAYMENT), ("/v1/employees", EMPLOYEE)):
        paths[path] = {"post": _typed(form, [key])}
    order = _parameter("order", "path", "Our id of the order, or the sender's own reference.")
    paths["/v1/orders/{order}/changes"] = {"post": _typed(CHANGE, [key, order])}
    paths["/v1/orders/{order}/cancellation"] = {"post": _typed(CANCELLATION, [key, order])}
    paths["/oauth/token"] = {"post": _token()}
    paths["/v1/streams/{topic}"] = {"get": _stream()}
    for department in DEPARTMENTS:
        paths[f"/{department}/v1/{{path}}"] = {method.lower(): _passed(department) for method in METHODS}
        paths[f"/{department}/openapi.json"] = {"get": _page(f"The OpenAPI document of {department}.", BINARY)}
    paths["/v1/schemas"] = {"get": _page("All event types with their topics and schemas.", BINARY)}
    name = _parameter("type", "path", "Such as OrderPlaced.v1.")
    for path, about in (("", "The JSON Schema of an event type."), ("/form", "What a front office sends for it.")):
        paths[f"/schemas/{{type}}{path}"] = {"get": _with_problems(_page(about, BINARY, [name]))}
    paths["/asyncapi.json"] = {"get": _page("All topics and events (AsyncAPI 3).", BINARY)}
    for path, about in (("/asyncapi", "Topics and events, for people."), ("/docs", "This document, for people.")):
        paths[path] = {"get": _page(about, "text/html")}
    for path, about in (("/healthz", "Alive."), ("/readyz", "Ready, or why not."), ("/metrics", "Prometheus metrics.")):
        paths[path] = {"get": _page(about, "text/plain" if path == "/metrics" else BINARY)}
    return paths


def _parameter(name: str, place: str, about: str, made: Mapping[str, Any] | None = None) -> Json:
    required = place == "path" or name == "Idempotency-Key"
    return {"name": name, "in": place, "required": required, "description": about, "schema": made or {"type": "string"}}


def _events() -> Json:
    one = {"$ref": "#/components/schemas/CloudEvent"}
    many = {"type": "array", "minItems": 1, "maxItems": 500, "items": one}
    result = {
        "type": "object",
        "required": ["id", "status"],
        "description": "`status` 202 with what a single event is answered, or 4xx with its `problem`.",
        "properties": {
            "id": {"type": ["string", "null"]},
            "status": {"type": "integer"},
            "problem": {"$ref": "#/components/schemas/Problem"},
            **ACCEPTED["properties"],
        },
    }
    data = {"type": "object", "description": "Binary mode: the data; the attributes are in ce- headers."}
    content = {STRUCTURED: {"schema": one}, BATCHED: {"schema": many}, BINARY: {"schema": data}}
    responses = {
        "202": _accepted(),
        "200": {"description": "A batch: one result per event, in order.", "content": {BINARY: {"schema": {
            "type": "array", "items": result}}}},
    }  # fmt: skip
    about = "Send CloudEvents: structured, binary, or up to 500 in a batch whose events do not depend on each other."
    return _with_problems(
        {
            "tags": ["events"],
            "summary": about,
            "requestBody": {"required": True, "content": content},
            "responses": responses,
        }
    )


def _typed(form: Form, parameters: list[Json]) -> Json:
    name = form.event.event_type.partition(".")[0]
    company: Json = {"type": "object", "properties": {"company": {"type": "string"}}}
    body: Json = {"allOf": [company, {"$ref": f"#/components/schemas/{name}"}]}
    if form is CANCELLATION:
        body = {"type": "object", "properties": {"company": {"type": "string"}, "reason": {"type": "string"}}}
    if form is CHANGE:  # the order is named in the address
        made = _renamed(form_schema(form), name)
        made["properties"] = {
            **company["properties"],
            **{k: v for k, v in made["properties"].items() if k != "reference"},
        }
        made["required"] = [field for field in made["required"] if field != "reference"]
        body = {key: value for key, value in made.items() if key != "$defs"}
    return _with_problems(
        {
            "tags": ["typed"],
            "summary": f"{form.event.__doc__} Needs {form.scope}.",
            "parameters": parameters,
            "requestBody": {"required": form is not CANCELLATION, "content": {BINARY: {"schema": body}}},
            "responses": {"202": _accepted()},
        }
    )


def _accepted() -> Json:
    return {
        "description": "Committed: it will happen, once. A repeat gets the same answer.",
        "headers": {"Location": {"schema": {"type": "string"}}, "Idempotency-Replayed": {"schema": {"type": "string"}}},
        "content": {BINARY: {"schema": {"$ref": "#/components/schemas/Accepted"}}},
    }


def _token() -> Json:
    names = ("grant_type", "client_id", "client_secret", "scope")
    form = {"type": "object", "properties": {name: {"type": "string"} for name in names}, "required": ["grant_type"]}
    answer = {
        "type": "object",
        "properties": {name: {} for name in ("access_token", "token_type", "expires_in", "scope")},
    }
    return {
        "tags": ["tokens"],
        "summary": "OAuth 2.0 client credentials: a key's id and secret for a token of a few minutes.",
        "security": [],
        "requestBody": {"required": True, "content": {"application/x-www-form-urlencoded": {"schema": form}}},
        "responses": {
            "200": {"description": "A token.", "content": {BINARY: {"schema": answer}}},
            "400": {"description": "RFC 6749, 5.2."},
            "401": {"description": "The client is not known."},
        },
    }


def _stream() -> Json:
    parameters = [
        _parameter("topic", "path", "A topic.", {"enum": list(TOPICS)}),
        _parameter("type", "query", "Only events of this type."),
        _parameter("company", "query", "Only events of this company."),
        _parameter("subject", "query", "Only events of this order, invoice, …"),
        _parameter("from", "query", "A token, an RFC 3339 time, `beginning` or `end` (the default)."),
        _parameter("Last-Event-ID", "header", "The last token that was received: continues after it."),
    ]
    about = (
        "Server-sent events: each a structured CloudEvent with a token as its id; at least once, in order per subject."
    )
    answer = {"description": "The stream.", "content": {"text/event-stream": {"schema": {"type": "string"}}}}
    return _with_problems(
        {"tags": ["streams"], "summary": about, "parameters": parameters, "responses": {"200": answer}}
    )


def _passed(department: str) -> Json:
    about = f"Passed on to {department}; see /{department}/openapi.json. 503 with Retry-After while it is down."
    parameters = [_parameter("path", "path", f"An address of {department}.")]
    return _with_problems(
        {
            "tags": [department],
            "summary": about,
            "parameters": parameters,
            "responses": {"default": {"description": "Its answer."}},
        }
    )


def _page(about: str, media_type: str, parameters: list[Json] | None = None) -> Json:
    content = {media_type: {"schema": {"type": "object" if media_type == BINARY else "string"}}}
    return {
        "tags": ["about"], "summary": about, "security": [], "parameters": parameters or [],
        "responses": {"200": {"description": about, "content": content}},
    }  # fmt: skip


def _with_problems(operation: Json) -> Json:
    problem = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    responses = operation["responses"]
    for status, about in (("4XX", "Refused: nothing was written."), ("503", "A needed part is down; try again.")):
        responses.setdefault(status, {"description": about, "content": problem})
    return operation
