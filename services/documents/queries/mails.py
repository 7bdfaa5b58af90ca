"""Which documents went out by mail, to whom, and what became of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated
from uuid import UUID

import asyncpg
from pydantic import BaseModel, ConfigDict, Field

from services.documents.domain.filing import Language
from services.documents.domain.letters import Step
from services.documents.queries.documents import POSITION_MAX

LISTED = """
select m.mail, m.document, m.version, d.class, d.number, m.recipient, m.language, m.message_id, m.sender, m.actor,
    m.on_behalf_of, m.at, m.position, s.step as state, s.detail
from mail m cross join lateral (select class, number from document where company = $1 and document = m.document
    offset 0) d
cross join lateral (select step, detail from mail_step where company = $1 and mail = m.mail order by nth desc limit 1) s
where m.company = $1 and d.class = any($2::text[]) and m.position < $3 and ($4::text is null or s.step = $4){also}
order by m.position desc limit $5
"""
ALL = LISTED.format(also="")
OF_DOCUMENT = LISTED.format(also=" and m.document = $6")
STEPS = """
select mail, step, detail, actor, at from mail_step where company = $1 and mail = any($2::uuid[]) order by mail, nth
"""


class MailStep(BaseModel):
    """Something that became of a mail."""

    step: Step
    detail: Annotated[str, Field(description="What the mail server said, or why it was not asked.")]
    actor: str
    at: datetime


class Mail(BaseModel):
    """A document that goes to somebody by mail."""

    model_config = ConfigDict(populate_by_name=True)

    mail: UUID
    document: UUID
    version: Annotated[int | None, Field(description="Of a file, as it was when this was asked.")]
    document_class: Annotated[str, Field(alias="class")]
    number: str | None
    recipient: str
    language: Language
    message_id: str
    sender: str
    actor: str
    on_behalf_of: str | None
    at: datetime
    state: Annotated[Step, Field(description="failed and unclear are tried again; refused is, when asked for again.")]
    detail: str
    steps: Annotated[list[MailStep], Field(description="The first first.")]


class MailPage(BaseModel):
    """The newest first; `next` is the `after` of the next page, null on the last one."""

    mails: list[Mail]
    next: int | None


async def mails(
    connection: asyncpg.Connection,
    company: str,
    codes: Sequence[str],
    document: UUID | None,
    state: str | None,
    after: int | None,
    limit: int,
) -> MailPage:
    """Mails about documents of these classes, or about one document."""
    before = POSITION_MAX if after is None else after
    arguments: list[object] = [company, list(codes), before, state, limit]
    if document is None:
        rows = await connection.fetch(ALL, *arguments)
    else:
        rows = await connection.fetch(OF_DOCUMENT, *arguments, document)
    steps: dict[UUID, list[MailStep]] = {}
    for mail, step, detail, actor, at in await connection.fetch(STEPS, company, [row["mail"] for row in rows]):
        steps.setdefault(mail, []).append(MailStep(step=step, detail=detail, actor=actor, at=at))
    found = [Mail.model_validate(dict(row) | {"steps": steps[row["mail"]]}) for row in rows]
    return MailPage(mails=found, next=rows[-1]["position"] if len(rows) == limit else None)
