"""Files that come in by upload, their versions, and what documents belong to."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import Depends, Request
from pydantic import Field
from starlette.responses import Response

from chassis.errors import Fault, Problem
from chassis.http import Call, Reading, Router, write
from chassis.problems import FILE_BODY_BYTES_MAX, takes_long_bodies
from services.documents import handlers
from services.documents.api.callers import GRANTED, WRITE, Readers, check_may_read, not_found, note, readable
from services.documents.api.facts import Body
from services.documents.api.multipart import entry_of, form_of, keep, malformed, received
from services.documents.api.papers import LinkBody, ObjectKind
from services.documents.api.reading import Pdf, content_of
from services.documents.api.rights import Reason
from services.documents.commands import ChangeFile, LinkDocument, UnlinkDocument
from services.documents.domain.access import may_read, reads_class
from services.documents.domain.classes import CLASS_CODE, ClassOfDocuments, check_metadata
from services.documents.keeping.intake import Entry, Metadata, Said, own
from services.documents.queries import access, files
from services.documents.queries import documents as queries
from services.documents.queries.access import CONFIDENTIAL, Rights
from services.documents.translate import to_take_file

VERSION_MAX = 1_000_000

router = Router(prefix="/v1/companies/{company}", tags=["files"])
Writers = Annotated[Call, Depends(write(WRITE, GRANTED, CONFIDENTIAL))]


class FileBody(Entry):
    """What a file is, beside its bytes."""

    document_class: Annotated[str, Field(alias="class", pattern=CLASS_CODE)]


class VersionBody(Said):
    """The next version of a file: new bytes where the part `file` is there, and all of its metadata."""

    after: Annotated[int, Field(ge=1, le=VERSION_MAX, description="The version that it follows.")]
    metadata: Metadata
    reason: Reason


class MadeLinkBody(LinkBody):
    """A business object that a document belongs to, and why somebody says so."""

    reason: Reason


class EndLinkBody(Body):
    """Why a link ends."""

    reason: Reason


@router.post("/files", status_code=201, openapi_extra=form_of(FileBody, file_required=True))
@takes_long_bodies(FILE_BODY_BYTES_MAX)
async def take_file(company: str, call: Writers, request: Request) -> Response:
    """Put a file on file: 201. The same bytes in the same class are there already: 200, and one more time they came."""
    async with received(request) as sent:
        body = entry_of(FileBody, sent)
        if sent.file is None:
            raise malformed()
        of = _class_for_files(await _rights(request, call, company), body.document_class)
        check(of, body.metadata)
        content = await keep(request, sent, of)
    assert content is not None
    command = to_take_file(call.cause(company), "upload", of, body, content)
    return await call.run(handlers.take_files, command)


@router.post("/documents/{document}/versions", status_code=201, openapi_extra=form_of(VersionBody, file_required=False))
@takes_long_bodies(FILE_BODY_BYTES_MAX)
async def change_file(company: str, document: uuid.UUID, call: Writers, request: Request) -> Response:
    """The next version of a file, with who, when and why. What it was before stays and can be read."""
    async with received(request) as sent:
        body = entry_of(VersionBody, sent)
        rights = await _rights(request, call, company)
        found = await _written(request, call, company, document, rights)
        if found.file_name is None:
            raise Problem(409, "not-a-file", "This document is made from its facts; it has no versions.")
        of = _class_for_files(rights, found.document_class, of_document=True)
        check(of, body.metadata)
        content = await keep(request, sent, of)
    command = ChangeFile(
        call.cause(company),
        own(document),
        found.document_class,
        None if found.order is None else own(found.order),
        None if found.employee is None else own(found.employee),
        body.after,
        of.version,
        content,
        body.metadata,
        body.reason,
    )
    return await call.run(handlers.change_files, command)


@router.get("/documents/{document}/versions")
async def list_versions(company: str, document: uuid.UUID, reading: Readers, request: Request) -> files.VersionPage:
    """What a file was, version by version, the newest first: by whom, when and why."""
    async with reading.connection(company) as connection:
        found, _ = await readable(connection, company, own(document), reading.caller)
        page = await files.versions(connection, company, document)
    shown = [one.version for one in page.versions] or [found.version]
    await note(request, reading, company, "shown", [(document, found.document_class, n) for n in shown])
    return page


@router.get("/documents/{document}/versions/{version}/content", response_class=Pdf)
async def show_version(company: str, document: uuid.UUID, version: int, reading: Readers, request: Request) -> Response:
    """The bytes of one version."""
    if not 1 <= version <= VERSION_MAX:
        raise not_found()
    return await content_of(company, document, version, reading, request)


@router.get("/documents/{document}/links")
async def list_links(company: str, document: uuid.UUID, reading: Readers, request: Request) -> files.LinkPage:
    """Which business objects a document belongs to, with links that have ended."""
    async with reading.connection(company) as connection:
        found, _ = await readable(connection, company, own(document), reading.caller)
        page = await files.links(connection, company, document)
    await note(request, reading, company, "shown", [(document, found.document_class, found.version)])
    return page


@router.post("/documents/{document}/links", status_code=201)
async def link_document(
    company: str, document: uuid.UUID, body: MadeLinkBody, call: Writers, request: Request
) -> Response:
    """Say that a document belongs to a business object."""
    await _written(request, call, company, document, await _rights(request, call, company))
    command = LinkDocument(call.cause(company), own(document), body.kind, own(body.id), body.reason)
    return await call.run(handlers.link_documents, command)


@router.post("/documents/{document}/links/{kind}/{thing}/end")
async def unlink_document(
    company: str,
    document: uuid.UUID,
    kind: ObjectKind,
    thing: uuid.UUID,
    body: EndLinkBody,
    call: Writers,
    request: Request,
) -> Response:
    """End a link that somebody made. What an event says stays."""
    await _written(request, call, company, document, await _rights(request, call, company))
    command = UnlinkDocument(call.cause(company), own(document), kind, own(thing), body.reason)
    return await call.run(handlers.unlink_documents, command)


def check(of: ClassOfDocuments, metadata: Mapping[str, Any]) -> None:
    """Raises Problem 422 that names every piece of metadata that does not fit the class."""
    wrong = check_metadata(of, metadata)
    if wrong:
        faults = [Fault(f"/entry/metadata/{one.name}", one.code, one.detail) for one in wrong[:20]]
        raise Problem(422, wrong[0].code, f"The metadata does not fit the class {of.code}.", faults)


def _class_for_files(rights: Rights, code: str, *, of_document: bool = False) -> ClassOfDocuments:
    """The class, if the caller may put files into it. Raises Problem 422 or 403."""
    of = rights.classes.get(code)
    if of is None:
        fault = Fault("/entry/class", "class-unknown", "There is no such class.")
        raise Problem(422, "class-unknown", "There is no such class.", [fault])
    if not of_document and not reads_class(rights.reader, of):
        raise Problem(403, "class-not-allowed", f"The caller may not put files into {code}.")
    if not of.takes_files:
        fault = Fault("/entry/class", "class-takes-no-files", "Papers of this class are made from their facts.")
        raise Problem(422, "class-takes-no-files", f"Papers of {code} are made from their facts.", [fault])
    return of


async def _rights(request: Request, call: Call, company: str) -> Rights:
    async with Reading(call.caller, request.app.state.doors).connection(company) as connection:
        return await access.rights(connection, company, call.caller, "write")


async def _written(request: Request, call: Call, company: str, document: uuid.UUID, rights: Rights) -> queries.Document:
    """A document that the caller may change. Raises Problem 404 for one that they may not even know of, 403."""
    async with Reading(call.caller, request.app.state.doors).connection(company) as connection:
        found = await queries.one(connection, company, document)
        if found is None:
            raise not_found()
        of = rights.of(found.document_class)
        if not may_read(rights.reader, of, document):
            readers = await access.rights(connection, company, call.caller)
            check_may_read(readers, found.document_class, document)
            raise Problem(403, "class-not-allowed", f"The caller may not change documents of {of.code}.")
    return found
