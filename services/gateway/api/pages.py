"""Pages about the gateway itself: its API, the topics, the schemas. Plain HTML that loads nothing from anywhere."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response

from chassis.errors import Problem
from contracts.published import asyncapi, schema
from contracts.registry import EVENTS, owner_of
from services.gateway.api.openapi import form_schema
from services.gateway.translate.forms import FORMS

STYLE = """body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}
code,pre{font:14px/1.4 ui-monospace,monospace;background:#8881;border-radius:4px;padding:.1em .3em}
pre{overflow:auto;padding:.8em}summary{cursor:pointer;padding:.3em 0}h2{margin-top:2em}"""
POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"


async def get_docs(request: Request) -> Response:
    """The API for people: every address with what it takes and answers."""
    document = request.app.openapi()
    parts = [f"<h1>{escape(document['info']['title'])}</h1><p>{escape(document['info']['description'])}</p>"]
    parts.append('<p><a href="/openapi.json">openapi.json</a> · <a href="/asyncapi">topics and events</a></p>')
    for path, item in sorted(document["paths"].items()):
        parts += [_operation(method, path, operation) for method, operation in item.items()]
    parts.append("<h2>Bodies</h2>")
    for name, made in sorted(document["components"]["schemas"].items()):
        parts.append(
            f'<details id="{escape(name)}"><summary><code>{escape(name)}</code></summary>{_json(made)}</details>'
        )
    return _page("Backbone gateway", parts)


async def get_asyncapi(_request: Request) -> Response:
    """Topics and events for people."""
    parts = ['<h1>Topics and events</h1><p><a href="/asyncapi.json">asyncapi.json</a></p>']
    for channel in asyncapi()["channels"].values():
        address = escape(str(channel["address"]))
        parts.append(f"<h2><code>{address}</code></h2><p>{escape(str(channel.get('description', '')))}</p>")
        held = [kind for kind, event in EVENTS.items() if event.topic == channel["address"]]
        for kind in held:
            about = escape((EVENTS[kind].__doc__ or "").strip())
            parts.append(
                f'<details><summary><code>{kind}</code> {about}</summary><p><a href="/schemas/{kind}">schema</a></p>'
                f"{_json(schema(kind))}</details>"
            )
    return _page("Topics and events", parts)


async def get_asyncapi_json(_request: Request) -> Response:
    """The AsyncAPI 3 document."""
    return Response(orjson.dumps(asyncapi()), media_type="application/json")


async def get_schemas(_request: Request) -> Response:
    """All event types."""
    rows = [
        {
            "type": kind,
            "owner": owner_of(kind),
            "topic": event.topic,
            "schema": f"/schemas/{kind}",
            "form": f"/schemas/{kind}/form" if kind in FORMS else None,
        }
        for kind, event in EVENTS.items()
    ]
    return Response(orjson.dumps({"schemas": rows}), media_type="application/json")


async def get_schema(request: Request) -> Response:
    """The published schema of one event type. Raises Problem 404."""
    kind = request.path_params["type"]
    if kind not in EVENTS:
        raise schema_not_found()
    return Response(orjson.dumps(schema(kind)), media_type="application/schema+json")


async def get_form(request: Request) -> Response:
    """What a front office sends for one event type. Raises Problem 404."""
    form = FORMS.get(request.path_params["type"])
    if form is None:
        raise schema_not_found()
    return Response(orjson.dumps(form_schema(form)), media_type="application/schema+json")


def schema_not_found() -> Problem:
    """404: there is no such event type."""
    return Problem(404, "schema-not-found", "There is no such event type; see /v1/schemas.")


def _operation(method: str, path: str, operation: dict[str, Any]) -> str:
    title = f"<code>{method.upper()} {escape(path)}</code> {escape(operation.get('summary', ''))}"
    shown = {
        name: operation[name] for name in ("description", "parameters", "requestBody", "responses") if name in operation
    }
    return f"<details><summary>{title}</summary>{_json(shown)}</details>"


def _json(content: Any) -> str:
    return f"<pre>{escape(orjson.dumps(content, option=orjson.OPT_INDENT_2).decode())}</pre>"


def _page(title: str, parts: Iterable[str]) -> Response:
    text = f"<!doctype html><html lang=en><meta charset=utf-8><title>{escape(title)}</title><style>{STYLE}</style>"
    return Response(text + "\n".join(parts), 200, {"content-security-policy": POLICY}, "text/html; charset=utf-8")
