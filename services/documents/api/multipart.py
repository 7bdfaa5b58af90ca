"""Files as browsers and scanners send them: `multipart/form-data` with the part `file` and, as JSON, the part `entry`.

The body is written to a temporary file as it comes, never held in memory; who may send at all is known before.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, TypeVar

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ValidationError
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException

from chassis import strict_json
from chassis.errors import Fault, Problem
from chassis.requests import unavailable
from services.documents.commands import Bytes
from services.documents.domain.classes import ClassOfDocuments
from services.documents.keeping.intake import file_name_of, take_in
from services.documents.keeping.sniffing import Lying
from services.documents.rendering.desk import Desk

ENTRY_BYTES_MAX = 65_536
PATIENCE_S = 120.0
"""How long a file may take to arrive; nothing waits for it but its sender."""
NOT_ACCEPTED = {"file-too-large": 413, "file-type-not-allowed": 415, "file-type-mismatch": 415}

B = TypeVar("B", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Sent:
    """What was sent, before anything of it is believed."""

    file: UploadFile | None
    entry: Any


@asynccontextmanager
async def received(request: Request) -> AsyncIterator[Sent]:
    """The parts of the body. Raises Problem 400, 408, 413, 415, 422; the temporary file goes with the block."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "multipart/form-data" or request.headers.get("content-encoding", "identity") != "identity":
        raise Problem(415, "media-type-not-supported", "The body must be multipart/form-data, not compressed.")
    form = None
    try:
        async with asyncio.timeout(PATIENCE_S):
            form = await request.form(max_files=1, max_fields=1, max_part_size=ENTRY_BYTES_MAX)
    except TimeoutError:
        raise Problem(408, "body-too-slow", f"The body took longer than {PATIENCE_S:.0f} s to arrive.") from None
    except (MultiPartException, KeyError, ValueError):
        raise malformed() from None
    except Exception as error:
        if getattr(error, "status_code", None) == 400:  # starlette's own word for a body that is no form
            raise malformed() from None
        raise
    try:
        file, entry = form.get("file"), form.get("entry")
        if set(form) - {"file", "entry"} or isinstance(entry, UploadFile) or isinstance(file, str):
            raise malformed()
        if entry is None:
            fault = Fault("/entry", "missing", "The part `entry` says, as JSON, what the file is.")
            raise Problem(422, "invalid-request", "The part `entry` is missing.", [fault])
        yield Sent(file, strict_json.parse(entry.encode()))
    finally:
        await form.close()


def malformed() -> Problem:
    """400: not the parts that are taken, or not well-formed."""
    return Problem(400, "malformed-form", "The body must have the parts `entry` (JSON) and `file`, each once.")


def entry_of(form: type[B], sent: Sent) -> B:
    """What the sender says of the file. Raises RequestValidationError, which names every field at fault."""
    try:
        return form.model_validate(sent.entry)
    except ValidationError as wrong:
        raise RequestValidationError([{**e, "loc": ("body", *e["loc"])} for e in wrong.errors()]) from None


async def keep(request: Request, sent: Sent, of: ClassOfDocuments) -> Bytes | None:
    """Look at the file, keep its bytes, and let the request's hash be over them. Raises Problem for what is refused."""
    content = None
    if sent.file is not None:
        desk: Desk = request.app.state.desk
        try:
            name = file_name_of(sent.file.filename or "")
            said, longest = sent.file.content_type, desk.settings.upload_bytes_max
            content = await asyncio.to_thread(take_in, desk.contents, sent.file.file, name, said, of, longest)
        except Lying as lie:
            fault = Fault("/file", lie.code, lie.detail)
            raise Problem(NOT_ACCEPTED.get(lie.code, 422), lie.code, lie.detail, [fault]) from None
        except OSError:  # StoreAway too
            raise unavailable("store-unavailable", "The store of contents does not answer; send it again.") from None
    seen = None if content is None else [content.sha256.hex(), content.file_name, content.media_type]
    request.state.json = [sent.entry, seen if seen is not None else sha256(b"").hexdigest()]
    return content


def form_of(entry: type[BaseModel], *, file_required: bool) -> dict[str, Any]:
    """The body as OpenAPI shows it."""
    schema = {
        "type": "object",
        "required": ["entry", "file"] if file_required else ["entry"],
        "properties": {
            "entry": _whole(entry.model_json_schema(by_alias=True)),
            "file": {"type": "string", "format": "binary", "description": "The file, with its name."},
        },
    }
    content = {"multipart/form-data": {"schema": schema, "encoding": {"entry": {"contentType": "application/json"}}}}
    return {"requestBody": {"required": True, "content": content}}


def _whole(schema: dict[str, Any]) -> dict[str, Any]:
    """A schema with what it refers to put in its place: inside of OpenAPI its own references would lead nowhere."""
    parts: dict[str, Any] = schema.pop("$defs", {})

    def put_in(value: Any) -> Any:
        if isinstance(value, list):
            return [put_in(one) for one in value]
        if not isinstance(value, dict):
            return value
        name = str(value.get("$ref", "")).removeprefix("#/$defs/")
        return put_in(parts[name]) if name in parts else {key: put_in(one) for key, one in value.items()}

    whole: dict[str, Any] = put_in(schema)
    return whole
