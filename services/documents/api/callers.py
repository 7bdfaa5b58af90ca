"""What every reading door does: look at the caller's rights, and write down who reads before anything is shown."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from typing import Annotated
from uuid import UUID

import asyncpg
from fastapi import Depends, Request

from chassis.auth import Caller
from chassis.errors import Problem
from chassis.http import Reading, read
from chassis.requests import RequestIdentity
from services.documents import commands, handlers
from services.documents.domain.access import may_read
from services.documents.queries import access, documents
from services.documents.queries.access import ADMINISTER, CONFIDENTIAL, Rights

READ = "documents:read"
WRITE = "documents:write"
GRANTED = "documents:granted"
"""Reads what it was granted by name, and nothing else."""
LOG = "read-log"
"""Scope of the keys under which reads are noted; each request has a key of its own."""

Readers = Annotated[Reading, Depends(read(READ, CONFIDENTIAL, GRANTED))]


def check_may_read(rights: Rights, document_class: str, document: UUID) -> None:
    """Raises Problem 404, as for a document that does not exist, unless the caller may read this one."""
    if not may_read(rights.reader, rights.of(document_class), document):
        raise not_found()


async def readable(
    connection: asyncpg.Connection, company: str, document: UUID, caller: Caller
) -> tuple[documents.Document, Rights]:
    """A document that the caller may read, and what else they may. Raises Problem 404 for any other."""
    found = await documents.one(connection, company, document)
    rights = await access.rights(connection, company, caller)
    if found is None:
        raise not_found()
    check_may_read(rights, found.document_class, document)
    return found, rights


def check_administers(caller: Caller, company: str) -> None:
    """Raises Problem 403 unless the caller administers documents of the company by that right's own name."""
    if not caller.may_by_name(ADMINISTER, company):
        raise Problem(403, "scope-missing", f"This needs the scope {ADMINISTER} by its own name.")


async def note(
    request: Request,
    reading: Reading,
    company: str,
    what: str,
    read_documents: Sequence[tuple[UUID, str, int | None]],
) -> None:
    """Commit who reads these documents (id, class, version). Raises Problem 503 when that cannot be written down."""
    if not read_documents:
        return
    caller, asked = reading.caller, UUID(request.state.request_id)
    reads = tuple(
        commands.Read(document, document_class, what, version, caller.client, caller.actor, caller.on_behalf_of, asked)
        for document, document_class, version in read_documents
    )
    identity = RequestIdentity(company, LOG, str(asked), sha256(asked.bytes).digest())
    await reading.doors.commands.submit(handlers.note_reads, commands.NoteReads(company, reads), identity)


def not_found() -> Problem:
    """404: there is none, or none for this caller."""
    return Problem(404, "document-not-found", "There is no such document.")
