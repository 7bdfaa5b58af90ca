"""Documents that are sent by mail: asked for here, sent when there is time, and what became of each."""

from __future__ import annotations

import uuid
from typing import Annotated

from fastapi import Depends, Query, Request
from pydantic import Field, field_validator
from starlette.responses import Response

from chassis.errors import Problem
from chassis.http import Call, Reading, Router, write
from chassis.requests import unavailable
from services.documents import handlers
from services.documents.api.callers import WRITE, Readers, not_found, note, readable
from services.documents.api.facts import Body
from services.documents.commands import AskMail
from services.documents.domain.access import reads_class
from services.documents.domain.filing import Language
from services.documents.domain.letters import ADDRESS, ADDRESS_CHARS_MAX, LOCAL_CHARS_MAX, Step, message_id_of
from services.documents.keeping.intake import own
from services.documents.queries import access
from services.documents.queries import documents as queries
from services.documents.queries import mails as mail_queries
from services.documents.queries.documents import POSITION_MAX, ROWS_DEFAULT, ROWS_MAX
from services.documents.rendering.desk import Desk
from services.documents.translate import mail_id

router = Router(prefix="/v1/companies/{company}", tags=["mail"])
Senders = Annotated[Call, Depends(write(WRITE))]


class MailBody(Body):
    """To whom a document goes, and in which language the letter around it is."""

    recipient: Annotated[str, Field(max_length=ADDRESS_CHARS_MAX, pattern=ADDRESS, examples=["orders@example.com"])]
    language: Annotated[Language | None, Field(description="The document's own, if it is left out.")] = None

    @field_validator("recipient")
    @classmethod
    def local_part_fits(cls, given: str) -> str:
        """What stands before the @ is at most as long as servers take; what stands after it has no case."""
        local, _, domain = given.rpartition("@")
        if len(local) > LOCAL_CHARS_MAX:
            raise ValueError(f"at most {LOCAL_CHARS_MAX} characters stand before the @")
        return f"{local}@{domain.lower()}"


@router.post("/documents/{document}/mail", status_code=202)
async def mail_document(company: str, document: uuid.UUID, body: MailBody, call: Senders, request: Request) -> Response:
    """Send a document to somebody: 202. It goes to each recipient once: 200 says that it went, or is on its way,
    already; what was refused is tried again. What is confidential is not sent by mail.
    """
    desk: Desk = request.app.state.desk
    if desk.settings.smtp_url is None or desk.settings.mail_from is None:
        raise unavailable("mail-not-set-up", "Documents are sent by mail where a mail server is set up; none is here.")
    reading = Reading(call.caller, request.app.state.doors)
    async with reading.connection(company) as connection:
        found, rights = await readable(connection, company, document, call.caller)
        paper = await queries.paper(connection, company, document)
    if paper is None:
        raise not_found()
    if paper.paper.sealed or rights.of(found.document_class).access == "confidential":
        raise Problem(409, "confidential-not-mailed", "What is confidential is not sent by mail.")
    if paper.sha256 is None and not paper.is_rendered:
        raise Problem(409, "no-content", "This is a file that papers are put into; there is nothing to send.")
    sender = desk.settings.mail_from.replace("{company}", company)
    mail = mail_id(company, document, body.recipient)
    command = AskMail(
        call.cause(company),
        mail,
        own(document),
        paper.version,
        body.recipient,
        body.language or found.language,
        message_id_of(mail, sender),
        sender,
    )
    return await call.run(handlers.ask_mails, command)


@router.get("/documents/{document}/mails")
async def list_mails_of_document(
    company: str, document: uuid.UUID, reading: Readers, request: Request
) -> mail_queries.MailPage:
    """To whom a document went by mail, and what became of it, the newest first."""
    async with reading.connection(company) as connection:
        found, _ = await readable(connection, company, document, reading.caller)
        codes = [found.document_class]
        page = await mail_queries.mails(connection, company, codes, document, None, None, ROWS_MAX)
    await note(request, reading, company, "shown", [(document, found.document_class, found.version)])
    return page


@router.get("/mails")
async def list_mails(
    company: str,
    reading: Readers,
    request: Request,
    state: Annotated[Step | None, Query(description="Only those whose newest step this is.")] = None,
    after: Annotated[int | None, Query(ge=0, le=POSITION_MAX, description="The `next` of the page before.")] = None,
    limit: Annotated[int, Query(ge=1, le=ROWS_MAX, description="Rows on a page.")] = ROWS_DEFAULT,
) -> mail_queries.MailPage:
    """Mails about documents of the classes that the caller may read, the newest first."""
    async with reading.connection(company) as connection:
        rights = await access.rights(connection, company, reading.caller)
        codes = [code for code, of in rights.classes.items() if reads_class(rights.reader, of)]
        page = await mail_queries.mails(connection, company, codes, None, state, after, limit)
    listed = {
        (one.document, one.document_class, one.version or 1)
        for one in page.mails
        if rights.of(one.document_class).access != "open"  # as for a list of documents
    }
    await note(request, reading, company, "listed", sorted(listed))
    return page
