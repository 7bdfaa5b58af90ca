"""The HTTP door of documents. Behind the gateway its addresses begin with `/documents`."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import quote
from uuid import UUID

from fastapi import Depends, Query, Request
from starlette.responses import Response

from chassis.errors import Problem
from chassis.http import Reading, Router, read
from chassis.requests import Answer, RequestIdentity
from services.documents import handlers, queries
from services.documents.domain.filing import DocumentClass
from services.documents.queries import POSITION_MAX, ROWS_DEFAULT, ROWS_MAX, Search
from services.documents.rendering.desk import Desk
from services.documents.store import PaperToRender

ON_DEMAND = "content-on-demand"
"""Scope of the keys under which contents are kept that were asked for before their turn."""

router = Router(prefix="/v1/companies/{company}", tags=["documents"])

Read = Annotated[Reading, Depends(read("documents:read"))]


class Pdf(Response):
    """The bytes of a document."""

    media_type = "application/pdf"


@router.get("/documents")
async def search_documents(
    company: str,
    reading: Read,
    document_class: Annotated[DocumentClass | None, Query(alias="class", description="Of this class only.")] = None,
    number: Annotated[str | None, Query(min_length=1, max_length=64, description="With exactly this number.")] = None,
    order: Annotated[UUID | None, Query(description="Belonging to this order.")] = None,
    about: Annotated[UUID | None, Query(description="About this invoice, credit note or employee.")] = None,
    text: Annotated[
        str | None,
        Query(min_length=2, max_length=200, description="Part of the customer's or employee's name, in any case."),
    ] = None,
    after: Annotated[int | None, Query(ge=0, le=POSITION_MAX, description="The `next` of the page before.")] = None,
    limit: Annotated[int, Query(ge=1, le=ROWS_MAX, description="Rows on a page.")] = ROWS_DEFAULT,
) -> queries.DocumentPage:
    """Documents, the newest first; everything that is asked for must hold."""
    wanted = Search(document_class, number, order, about, text, after, limit)
    async with reading.connection(company) as connection:
        return await queries.search(connection, company, wanted)


@router.get("/documents/{document}")
async def show_document(company: str, document: UUID, reading: Read) -> queries.Document:
    """One document, without its bytes."""
    async with reading.connection(company) as connection:
        found = await queries.one(connection, company, document)
    if found is None:
        raise _not_found()
    return found


@router.get("/documents/{document}/content", response_class=Pdf)
async def show_content(company: str, document: UUID, reading: Read, request: Request) -> Response:
    """The bytes of a document. What is not rendered yet is rendered now; 503 asks to come back when that takes long."""
    desk: Desk = request.app.state.desk
    async with reading.connection(company) as connection:
        found = await queries.paper(connection, company, document)
    if found is None:
        raise _not_found()
    if found.to_render is None:
        raise Problem(404, "no-content", "This is a file that papers are put into; it has no paper of its own.")
    sha256 = found.sha256 or await _render_now(desk, reading, found.to_render)
    headers = {
        "ETag": f'"{sha256}"',
        "Cache-Control": "private, no-cache",
        "Content-Disposition": f"inline; filename*=UTF-8''{quote(found.number, safe='')}.pdf",
    }
    if sha256 in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    return Pdf(await desk.fetch(sha256, request.app.state.service.metrics), headers=headers)


async def _render_now(desk: Desk, reading: Reading, paper: PaperToRender) -> str:
    """Render before its turn and keep the result; returns the hash of the bytes that stand from now on."""
    command = await desk.render_now(paper)
    identity = RequestIdentity(paper.cause.company, ON_DEMAND, str(paper.document), command.sha256)
    answer = await reading.doors.commands.submit(handlers.keep_contents_asked_for, command, identity)
    assert isinstance(answer, Answer)
    return str(answer.body["sha256"])


def _not_found() -> Problem:
    return Problem(404, "document-not-found", "There is no such document.")
