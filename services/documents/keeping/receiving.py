"""A turn of the mail that has come: each mail is put on file as it is, and what is attached to it beside it."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date
from email import message_from_bytes
from email.errors import MessageError
from email.message import EmailMessage
from email.policy import default
from hashlib import sha256
from typing import TYPE_CHECKING

from chassis.cause import Cause
from chassis.database import COMPANY
from chassis.faults import hit
from chassis.ids import derive
from chassis.telemetry import logger
from services.documents import handlers
from services.documents.commands import Bytes
from services.documents.domain.classes import ClassOfDocuments
from services.documents.keeping.contents import Contents
from services.documents.keeping.intake import (
    Entry,
    Metadata,
    Thing,
    check_said,
    class_that_takes_files,
    file_name_of,
    known_companies,
    take_in,
)
from services.documents.keeping.maildir import Delivered, Maildirs
from services.documents.keeping.sniffing import Lying
from services.documents.translate import to_take_file
from services.documents.translate.ids import file_id

if TYPE_CHECKING:
    from chassis.jobs import TurnContext

MAILS_MAX = 50
"""Of one company in one turn."""
ATTACHMENTS_MAX = 50
"""Of one mail; what is beyond stays in the mail, which is kept whole."""
SUBJECT_CHARS_MAX = 150
ACTOR = "system:mail"
MALFORMED = (ValueError, LookupError, TypeError, AttributeError, MessageError, RecursionError)
"""What the standard library raises for mail that nobody could have meant so."""


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file in a mail."""

    name: str
    said: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Letter:
    """What a mail says of itself."""

    subject: str
    sender: str
    sent_on: date | None
    attachments: tuple[Attachment, ...]


def opened(content: bytes) -> Letter:
    """Raises Lying for bytes that are no mail."""
    try:
        message = message_from_bytes(content, policy=default)
        if not isinstance(message, EmailMessage) or message["from"] is None:
            raise Lying("mail-malformed", "It does not say who wrote it.")
        addresses = message["from"].addresses
        sent = None if message["date"] is None else message["date"].datetime
        return Letter(
            " ".join(str(message["subject"] or "").split())[:SUBJECT_CHARS_MAX],
            str(addresses[0].addr_spec if addresses else message["from"])[:SUBJECT_CHARS_MAX],
            None if sent is None else (sent if sent.tzinfo is None else sent.astimezone(UTC)).date(),
            tuple(_attached(message))[:ATTACHMENTS_MAX],
        )
    except MALFORMED:
        raise Lying("mail-malformed", "It cannot be read as a mail.") from None


def _attached(message: EmailMessage) -> list[Attachment]:
    found = []
    for part in message.walk():
        name = part.get_filename()
        content = part.get_payload(decode=True)
        if name and isinstance(content, bytes):
            found.append(Attachment(name, part.get_content_type(), content))
    return found


async def take_from_mail(boxes: Maildirs, contents: Contents, bytes_max: int, context: TurnContext) -> None:
    """Put mail on file, company by company; that of a company that is not known yet waits."""
    names = await asyncio.to_thread(boxes.companies, COMPANY)
    async for company, classes in known_companies(names, context):
        await _take(company, classes, boxes, contents, bytes_max, context)


async def _take(
    company: str,
    classes: Mapping[str, ClassOfDocuments],
    boxes: Maildirs,
    contents: Contents,
    bytes_max: int,
    context: TurnContext,
) -> None:
    looked_at: list[tuple[Delivered, ClassOfDocuments, list[tuple[Bytes, Entry]]]] = []
    for delivered in await asyncio.to_thread(boxes.waiting, company, MAILS_MAX):
        try:
            of = class_that_takes_files(classes, delivered.document_class)
            taken = await asyncio.to_thread(_look, boxes, delivered, of, contents, bytes_max)
            looked_at.append((delivered, of, taken))
        except Lying as lie:
            await asyncio.to_thread(boxes.refuse, delivered, lie.code, lie.detail)
            logger.warning("mail refused", action="intake", company=company, code=lie.code)
    if not looked_at:
        return
    async with context.unit([company]) as unit:
        commands = []
        for delivered, of, taken in looked_at:
            for n, (content, entry) in enumerate(taken):
                # The same message after a crash is the same cause.
                identity = derive("mail", company, of.code, delivered.path.name, str(n), content.sha256.hex())
                cause = Cause.unasked(identity, company, ACTOR, unit.now)
                commands.append(to_take_file(cause, "mail", of, entry, content))
        await handlers.take_files(commands, unit)
    hit("turn.committed")
    for delivered, *_ in looked_at:
        await asyncio.to_thread(boxes.done, delivered)
    logger.info("mail taken", action="intake", company=company, mails=len(looked_at), files=len(commands))


def _look(
    boxes: Maildirs, delivered: Delivered, of: ClassOfDocuments, contents: Contents, bytes_max: int
) -> list[tuple[Bytes, Entry]]:
    """The mail, then what is attached to it and taken here; all else stays in the mail alone."""
    whole = boxes.read(delivered, bytes_max)
    letter = opened(whole)
    said: Metadata = {"sender": letter.sender}
    if letter.sent_on is not None:
        said["received_on"] = letter.sent_on.isoformat()
    metadata: Metadata = {field.name: said[field.name] for field in of.fields if field.name in said}
    check_said(of, metadata)
    name = file_name_of(f"{letter.subject.replace('/', '-') or 'mail'}.eml")
    mail = Thing(kind="document", id=file_id(delivered.company, of.code, sha256(whole).digest()))
    entry = Entry(title=letter.subject or None, dated=letter.sent_on, metadata=metadata)
    taken = [(take_in(contents, io.BytesIO(whole), name, "message/rfc822", of, bytes_max), entry)]
    for one in letter.attachments:
        beside = Entry(dated=letter.sent_on, metadata=metadata, links=(mail,))
        try:
            content = take_in(contents, io.BytesIO(one.content), file_name_of(one.name), one.said, of, bytes_max)
        except Lying as lie:
            logger.info("attachment not taken", action="intake", company=delivered.company, code=lie.code)
        else:
            taken.append((content, beside))
    return taken
