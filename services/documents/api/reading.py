"""Finding documents and reading them. Nobody is shown what they may not open, and whoever reads is written down."""

from __future__ import annotations

from datetime import date
from hashlib import sha256
from typing import Annotated
from urllib.parse import quote
from uuid import UUID

from fastapi import Query, Request
from starlette.responses import Response

from chassis.errors import Fault, Problem
from chassis.http import Reading, Router
from chassis.requests import Answer, RequestIdentity
from services.documents import handlers
from services.documents.api.callers import Readers, check_may_read, not_found, note, readable
from services.documents.domain.classes import CLASS_CODE, FIELD_NAME
from services.documents.queries import access
from services.documents.queries import documents as queries
from services.documents.queries.documents import POSITION_MAX, ROWS_DEFAULT, ROWS_MAX, PaperOnFile, Search
from services.documents.rendering.desk import Desk
from services.documents.store.documents import PaperToRender

ON_DEMAND = "content-on-demand"
"""Scope of the keys under which contents are kept that were asked for before their turn."""
INLINE = frozenset({"application/pdf", "image/png", "image/jpeg"})
"""What a browser shows without running anything in it; all else is only saved."""

router = Router(prefix="/v1/companies/{company}", tags=["documents"])


class Pdf(Response):
    """The bytes of a document."""

    media_type = "application/pdf"


@router.get("/documents")
async def search_documents(
    company: str,
    reading: Readers,
    request: Request,
    document_class: Annotated[
        str | None, Query(alias="class", pattern=CLASS_CODE, description="Of this class only.")
    ] = None,
    number: Annotated[str | None, Query(min_length=1, max_length=64, description="With exactly this number.")] = None,
    order: Annotated[UUID | None, Query(description="Belonging to this order.")] = None,
    about: Annotated[
        UUID | None, Query(description="About this invoice, shipment, employee … or linked to it.")
    ] = None,
    link: Annotated[UUID | None, Query(description="About it, linked to it, or belonging to it as an order.")] = None,
    employee: Annotated[UUID | None, Query(description="Concerning this employee.")] = None,
    text: Annotated[
        str | None,
        Query(min_length=2, max_length=200, description="Part of the customer's or employee's name, in any case."),
    ] = None,
    dated_from: Annotated[date | None, Query(description="Dated on this day or later.")] = None,
    dated_to: Annotated[date | None, Query(description="Dated on this day or earlier.")] = None,
    metadata: Annotated[
        str | None, Query(max_length=600, description="`name:value`: with exactly this in its metadata.")
    ] = None,
    after: Annotated[int | None, Query(ge=0, le=POSITION_MAX, description="The `next` of the page before.")] = None,
    limit: Annotated[int, Query(ge=1, le=ROWS_MAX, description="Rows on a page.")] = ROWS_DEFAULT,
) -> queries.DocumentPage:
    """Documents that the caller may read, the newest first; everything that is asked for must hold."""
    wanted = Search(
        document_class, number, order, about, link, employee, text, dated_from, dated_to, _pair(metadata), after, limit
    )
    async with reading.connection(company) as connection:
        rights = await access.rights(connection, company, reading.caller)
        page = await queries.search(connection, company, rights, wanted)
    listed = [
        (found.document, found.document_class, found.version)
        for found in page.documents
        if rights.of(found.document_class).access != "open"  # a row of those says what not everybody may know
    ]
    await note(request, reading, company, "listed", listed)
    return page


@router.get("/documents/{document}")
async def show_document(company: str, document: UUID, reading: Readers, request: Request) -> queries.Document:
    """One document, without its bytes."""
    async with reading.connection(company) as connection:
        found, _ = await readable(connection, company, document, reading.caller)
    await note(request, reading, company, "shown", [(document, found.document_class, found.version)])
    return found


@router.get("/documents/{document}/content", response_class=Pdf)
async def show_content(company: str, document: UUID, reading: Readers, request: Request) -> Response:
    """The bytes of a document. What is not rendered yet is rendered now; 503 asks to come back when that takes long."""
    return await content_of(company, document, None, reading, request)


async def content_of(company: str, document: UUID, version: int | None, reading: Reading, request: Request) -> Response:
    """The bytes of a document, in its newest version or in the one that is named."""
    desk: Desk = request.app.state.desk
    async with reading.connection(company) as connection:
        found = await queries.paper(connection, company, document, version)
        rights = await access.rights(connection, company, reading.caller)
    if found is None:
        raise not_found()
    check_may_read(rights, found.document_class, document)
    if found.sha256 is None and not found.is_rendered:
        raise Problem(404, "no-content", "This is a file that papers are put into; it has no paper of its own.")
    if found.paper.sealed and found.paper.person_key is None:
        raise Problem(410, "person-erased", "This person's data was erased; the paper cannot be read any more.")
    digest = found.sha256 or await _render_now(desk, reading, found.paper)
    await note(request, reading, company, "content", [(document, found.document_class, found.version or 1)])
    headers = {
        "ETag": f'"{digest}"',
        "Cache-Control": "private, no-cache",
        "Content-Disposition": _disposition(found),
    }
    if digest in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    metrics = request.app.state.service.metrics
    content = await desk.fetch(digest, metrics)
    if found.paper.sealed:
        content = desk.opened(found.paper, content, metrics)
    return Response(content, headers=headers, media_type=found.media_type)


async def _render_now(desk: Desk, reading: Reading, paper: PaperToRender) -> str:
    """Render before its turn and keep the result; returns the hash of the bytes that stand from now on."""
    command = await desk.render_now(paper)
    # Not the hash of the bytes: what is sealed has other bytes each time, and the first that stand are everybody's.
    identity = RequestIdentity(
        paper.cause.company, ON_DEMAND, str(paper.document), sha256(paper.document.bytes).digest()
    )
    answer = await reading.doors.commands.submit(handlers.keep_contents_asked_for, command, identity)
    assert isinstance(answer, Answer)
    return str(answer.body["sha256"])


def _disposition(found: PaperOnFile) -> str:
    kind = "inline" if found.media_type in INLINE else "attachment"
    return f"{kind}; filename*=UTF-8''{quote(found.name, safe='')}"


def _pair(metadata: str | None) -> tuple[str, str] | None:
    """Raises Problem 422 for a text that is no `name:value`."""
    if metadata is None:
        return None
    name, colon, value = metadata.partition(":")
    if not colon or not value or not name.isascii() or not name.replace("_", "a").isalnum():
        fault = Fault("?metadata", "metadata-query-malformed", f"It must be name:value; names are {FIELD_NAME}.")
        raise Problem(422, "metadata-query-malformed", "The metadata that is asked for cannot be read.", [fault])
    return name, value
